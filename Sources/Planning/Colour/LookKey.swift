import ColorGrading
import Diagnostics
import Digests
import ImageGraph
import Synchronization

/// `look:` of a grade: a LUT or process list, or looks of the config, with the spaces they are made for.
struct LookKey: Sendable {
  static let keys: [KeySpec] = [
    KeySpec("file", .path, "a LUT or process list: .cube .3dl .clf .csp .spi1d .spi3d .spimtx .cc …"),
    KeySpec("name", .text, "looks of the config, separated by commas, instead of a file"),
    KeySpec("from", .text, "the colour space the file takes, where colour is managed"),
    KeySpec("to", .text, "the colour space it makes; the same without it"),
  ]

  enum Content: Sendable {
    case file(InputFile)
    case names(String)
  }

  var content: Content
  /// The spaces of a file in a managed programme.
  var from: String?
  var to: String?
  /// Whether `to` is a display's: then it is the end, and only that display may follow.
  var isDisplayReferred = false
  var value: PipelineValue

  /// File name, or the names of the config's looks.
  var words: String {
    switch content {
    case .file(let file): FilePaths.name(of: file.path)
    case .names(let names): names
    }
  }

  var file: InputFile? {
    if case .file(let file) = content { file } else { nil }
  }

  /// A cube that the kernels read as it is.
  var isCube: Bool { file.map { FilePaths.fileExtension(of: $0.path) == "cube" } ?? false }

  init?(_ keys: KeyReader, context: LoadingContext) {
    guard let value = keys["look"] else { return nil }
    self.value = value
    let findings = keys.findings
    if value.scalar != nil {
      guard let file = Self.file(keys, "look", findings: findings) else { return nil }
      content = .file(file)
      guard context.isManaged else { return }
      findings.add(
        value.error(
          "colour.untaggedLook", "the look does not say for which colour spaces it is made",
          remedy: "Write look: {file: \(file.typed), from: …, to: …}."))
      return nil
    }
    let reader = KeyReader(value, keys: Self.keys, owner: "`look`", findings: findings)
    if let names = reader.text("name"), let key = reader["name"] {
      content = .names(names)
      guard let colour = context.colour else {
        if !context.isManaged {
          findings.add(
            key.error(
              "colour.noConfig", "`name` is a look of a config, and the pipeline has none",
              remedy: "Give the pipeline `colour: {config: …}`, or the look a `file`."))
        }
        return nil
      }
      for name in names.split(whereSeparator: { ",:".contains($0) }) {
        let plain = name.trimmingPrefix { " +-".contains($0) }
        let known = colour.outline.looks
        guard !known.contains(where: { $0.lowercased() == plain.lowercased() }) else { continue }
        let suggestion = nearest(String(plain), among: known).map { "Did you mean `\($0)`?" }
        findings.add(
          key.error(
            "colour.unknownLook", "the config has no look `\(plain)`",
            remedy: suggestion ?? "It has \(known.joined(separator: ", "))."))
      }
      return
    }
    guard let file = Self.file(reader, "file", findings: findings) else {
      if reader["file"] == nil {
        findings.add(value.error("colour.emptyLook", "`look` has neither `file` nor `name`"))
      }
      return nil
    }
    content = .file(file)
    guard let colour = context.colour else {
      for key in ["from", "to"] where !context.isManaged {
        guard let value = reader[key] else { continue }
        findings.add(
          value.error(
            "colour.noConfig", "`\(key)` is a colour space, and the pipeline has no `colour:`",
            remedy: "Give it `colour: {config: aces}` or a config of yours, or remove `\(key)`."))
      }
      return
    }
    guard let wanted = reader["from"] else {
      findings.add(
        value.error(
          "colour.untaggedLook", "the look does not say for which colour space it is made",
          remedy: "Give it `from:` and, where it makes another one, `to:`."))
      return nil
    }
    from = colour.outline.space(of: wanted, named: "from", findings: findings)
    to = reader["to"].map { colour.outline.space(of: $0, named: "to", findings: findings) } ?? from
    guard let to else { return nil }
    isDisplayReferred = colour.outline.space(to)?.isDisplay ?? false
  }

  private static func file(_ reader: KeyReader, _ key: String, findings: Findings) -> InputFile? {
    guard let file = PipelineLoader.inputFiles(reader.paths(key), what: "the look", findings: findings).first
    else { return nil }
    let kind = FilePaths.fileExtension(of: file.path)
    guard ConfigFiles.extensions.contains(kind) else {
      if let value = reader[key] {
        findings.add(
          value.error(
            "colour.unknownFormat", "`.\(kind)` is no format of LUTs that is read here",
            remedy: "Use \(ConfigFiles.extensions.sorted().map { ".\($0)" }.joined(separator: " "))."))
      }
      return nil
    }
    guard kind == "cube" else { return file }
    do {
      try CheckedLooks.check(file)
      return file
    } catch {
      for diagnostic in error.diagnostics { findings.add(diagnostic) }
      return nil
    }
  }

  /// From the working space through the look; back to it, unless what it makes is a display's.
  func steps(working: String?, object: (InputFile) -> ColourStep.ColourTable) -> [ColourStep] {
    switch content {
    case .names(let names):
      return working.map { [.looks(names, from: $0, to: $0)] } ?? []
    case .file(let file):
      guard let working, let from, let to else { return [.table(object(file))] }
      let before: [ColourStep] = from == working ? [] : [.convert(from: working, to: from)]
      let after: [ColourStep] = to == working || isDisplayReferred ? [] : [.convert(from: to, to: working)]
      return before + [.table(object(file))] + after
    }
  }
}

/// Looks that were found good: programmes share them, and a lattice of 33 points has 36,000 lines to read.
private enum CheckedLooks {
  private static let good = Mutex<Set<Digest>>([])

  static func check(_ look: InputFile) throws(DiagnosticList) {
    let digest = Digest.sha256(look.bytes)
    if good.withLock({ $0.contains(digest) }) { return }
    _ = try CubeFile.read(path: look.typed, bytes: look.bytes)
    good.withLock { _ = $0.insert(digest) }
  }
}
