package import Diagnostics

/// Where and how a farm is to run the tasks of a pipeline: `farm:` of a pipeline file, or a file of the site.
package struct FarmSettings: Sendable, Hashable {
  /// Single values by key.
  package var texts: [String: String] = [:]
  /// Lists by key.
  package var lists: [String: [String]] = [:]
  package var numbers: [String: Int] = [:]
  /// Names of licences on the farm by their names in the pipeline.
  package var licences: [String: String] = [:]

  package init() {}

  /// These, and where they say nothing the others.
  package func over(_ others: FarmSettings) -> FarmSettings {
    var both = self
    both.texts.merge(others.texts) { own, _ in own }
    both.lists.merge(others.lists) { own, _ in own }
    both.numbers.merge(others.numbers) { own, _ in own }
    both.licences.merge(others.licences) { own, _ in own }
    return both
  }

  /// Reads a site's file, which holds these keys at its top.
  package static func load(_ path: String) throws(DiagnosticList) -> FarmSettings {
    let absolute = FilePaths.resolve(path, from: FilePaths.current)
    let bytes: [UInt8]
    do {
      bytes = try FilePaths.read(absolute, limit: 1 << 20)
    } catch {
      throw DiagnosticList([
        Diagnostic(
          family: .usage, code: "farm.unreadable", location: SourceLocation(file: path),
          message: "cannot read the farm file: \(error.reason)",
          remedy: "Name a file with keys such as `partition: render`, or leave out --farm and INTERLOCK_FARM."
        )
      ])
    }
    let root = try PipelineValue.parse(
      String(decoding: bytes, as: UTF8.self), file: path, folder: FilePaths.folder(of: absolute))
    let findings = Findings()
    let settings = FarmKeys.read(root, owner: "the farm file", findings: findings)
    try findings.throwIfErrors()
    return settings
  }
}

/// The keys of `farm:`.
enum FarmKeys {
  private static let texts = [
    KeySpec("partition", .text, "partition of jobs; without it the default one"),
    KeySpec("account", .text, "account that jobs are charged to"),
    KeySpec("qos", .text, "quality of service of jobs"),
    KeySpec("constraint", .text, "features that nodes must have, as Slurm writes them, e.g. \"avx2&ssd\""),
    KeySpec("reservation", .text, "reservation that jobs use"),
    KeySpec(
      "container", .text,
      "image in which jobs run, through `apptainer exec`, which is shown the production and the media; it holds interlock "
        + "at the same path"),
  ]

  private static let lists = [
    KeySpec(
      "modules", .texts,
      "environment modules that jobs load first, for interlock and its libraries, e.g. [ffmpeg/5.1]"),
    KeySpec(
      "launcher", .texts,
      "words before the command of a job instead of `container`, e.g. [podman-hpc, run, IMAGE]"),
  ]

  private static let numbers = [
    KeySpec(
      "minutes", .integer(1...100_000),
      "time limit of jobs; without it four times what such tasks took, plus 10"),
    KeySpec(
      "target", .integer(1...86_400),
      "seconds that jobs of small tasks are put together to last; 60 without it"),
    KeySpec("jobs", .integer(1...100_000), "how many tasks are with the farm at most; 1000 without it"),
    KeySpec("throttle", .integer(1...100_000), "how many elements of one array run at once at most"),
  ]

  private static let names = [
    KeySpec(
      "licences", .names([]),
      "what a licence of the pipeline is called on the farm, e.g. {nuke: nuke_r@rlm}; without it the same, if it has one"
    )
  ]

  static let keys = texts + lists + numbers + names

  static func read(_ value: PipelineValue, owner: String, findings: Findings) -> FarmSettings {
    let reader = KeyReader(value, keys: keys, owner: owner, findings: findings)
    var settings = FarmSettings()
    for key in texts {
      settings.texts[key.name] = reader.text(key.name).flatMap { word($0, key.name, reader) }
    }
    for key in lists where reader[key.name] != nil {
      settings.lists[key.name] = reader[key.name]?.values.compactMap { value in
        guard let text = value.scalar else {
          findings.add(value.error("pipeline.notAText", "`\(key.name)` must hold single values"))
          return nil
        }
        return word(text, key.name, reader)
      }
    }
    for key in numbers {
      if case .integer(let range) = key.shape {
        settings.numbers[key.name] = reader.integer(key.name, in: range)
      }
    }
    for entry in reader.entries("licences") {
      guard let name = entry.value.scalar else {
        findings.add(entry.value.error("pipeline.notAText", "`\(entry.key)` must be the name of a licence"))
        continue
      }
      settings.licences[entry.key] = name
    }
    return settings
  }

  /// Values become arguments of a farm's commands: none may be empty or hold what ends a line.
  private static func word(_ text: String, _ key: String, _ reader: KeyReader) -> String? {
    if !text.isEmpty, text.unicodeScalars.allSatisfy({ $0.value >= 0x20 && $0.value != 0x7F }) { return text }
    if let value = reader[key] {
      reader.findings.add(value.error("pipeline.badFarmValue", "`\(key)` must be a single line of text"))
    }
    return nil
  }
}
