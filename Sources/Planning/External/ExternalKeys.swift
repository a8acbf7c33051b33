import Delivery
import Diagnostics
import Editorial
import Glibc
import ImageGraph
import MediaTime
import TaskKinds

/// What an `external` stage says about its program, as written and checked.
struct ExternalKeys: Sendable {
  /// What comes out as pictures.
  struct Pictures: Sendable {
    var path: String
    /// Nil for the programme's.
    var raster: Raster?
    /// Nil for as many as the program gets.
    var count: Int64?
    var depth: Int?
    var fit: Sizing.Fit

    var isMovie: Bool { NumberedPath(path) == nil }
    /// Whether its numbers are floating point.
    var isFloat: Bool { kind == "exr" }
    var kind: String { FilePaths.fileExtension(of: path) }
  }

  struct FileOutput: Sendable {
    var name: String
    var path: String
  }

  static let picturesName = "picture"

  static let pictureKeys: [KeySpec] = [
    KeySpec(
      "pattern", .text, isRequired: true,
      "numbered stills as out/frame.####.png (PNG, TIFF, DPX or JPEG; OpenEXR where colour is managed), or a movie as "
        + "out/all.mov"),
    KeySpec("raster", .raster, "their size, WIDTHxHEIGHT; that of the pipeline without it"),
    KeySpec("count", .text, "from-input, or how many; from-input without it where the program gets pictures"),
    KeySpec("depth", .integer(1...32), "bits of a sample; without it all frames only have to be alike"),
    KeySpec(
      "fit", .choice(Sizing.Fit.allCases.map(\.rawValue)),
      "how another shape fits the programme's raster; letterbox without it"),
  ]

  static let keys: [KeySpec] = [
    KeySpec("picture", .stage(.picture), "the stage whose frames the program gets; none without it"),
    KeySpec(
      "profile", .text,
      "delivery profile in which it gets them, as numbered files or as a movie; stills-16bit without it"),
    KeySpec(
      "space", .text,
      "the colour space in which it gets pictures and in which it makes them, where colour is managed"),
    KeySpec(
      "unit", .choice(Unit.allCases.map(\.rawValue)),
      "what one run of the program gets: programme (all frames), or shot; programme without it"),
    KeySpec("first", .integer(0...9_999_999), "number of the first frame, in and out; 1 without it"),
    KeySpec(
      "program", .texts, isRequired: true,
      "the program and its arguments, a list; no shell reads it. {input} and {output} are the pictures ({input-printf} "
        + "and {input-folder} for other spellings), {first}, {last}, {frames}, {rate}, {width}, {height}, {cores} "
        + "numbers, {NAME} a file of `files` or `outputs`; files below the pipeline file's folder are copied along"
    ),
    KeySpec("version", .text, "of the program, as part of what its pictures are known by"),
    KeySpec("files", .names([]), "more files that it reads: name and path"),
    KeySpec(
      "outputs", .names([KeySpec(picturesName, .shorthand(pictureKeys), "the pictures it makes")]),
      isRequired: true, "what it makes: picture, and files that are published, as name and path"),
    KeySpec(
      "environment", .names([]),
      "variables besides PATH, HOME, TMPDIR, LANG and TZ, which are the same everywhere"),
    KeySpec("cores", .integer(1...1024), "cores it keeps busy; 1 without it"),
    KeySpec("memory", .text, "memory of it and all it starts, as 2 GB; it is stopped beyond"),
    KeySpec("timeout", .text, "the longest it may take, as 30 min"),
    KeySpec("licence-exit", .integers(1...255), "exit codes that say that no licence was free"),
    KeySpec("licence-text", .texts, "words in its output that say the same"),
  ]

  enum Unit: String, CaseIterable, Sendable {
    case programme, shot
  }

  var unit: Unit
  var first: Int64
  var profile: DeliveryProfile?
  /// The colour space of its pictures, in and out, and where that is written; nil where colour is not managed.
  var space: (name: String, value: PipelineValue)?
  var program: [ExternalTask.Template]
  var programVersion: String?
  var files: [ProgramFile]
  var environment: [String: ExternalTask.Template]
  var pictures: Pictures?
  var outputs: [FileOutput]
  var cores: Int
  var limits: ExternalTask.Limits
  /// Set where this machine does not have the program: told when it is to run.
  var absence: Diagnostic?
}

extension ExternalKeys {
  init?(_ keys: KeyReader, context: LoadingContext) {
    let findings = keys.findings
    let count = findings.diagnostics.count
    let hasInput = keys["picture"] != nil
    unit = keys.choice("unit", of: Unit.self) ?? .programme
    first = keys.integer("first", in: 0...9_999_999).map(Int64.init) ?? 1
    programVersion = keys.text("version")
    cores = keys.integer("cores", in: 1...1024) ?? 1
    limits = ExternalTask.Limits(
      timeout: ProgramQuantity.seconds("timeout", keys), memoryBytes: ProgramQuantity.bytes("memory", keys),
      licenceExits: keys.integers("licence-exit", in: 1...255).map(Int32.init),
      licenceTexts: (keys["licence-text"]?.values ?? []).compactMap(\.scalar).filter { !$0.isEmpty })
    profile = hasInput ? Self.profile(keys, context: context) : nil
    for key in ["profile", "unit"] where !hasInput {
      if let value = keys[key] {
        findings.add(
          value.error(
            "external.noInput", "`\(key)` is about pictures that the program gets, and it gets none",
            remedy: "Wire `picture:` to a stage, or remove it."))
      }
    }
    let (pictures, outputs) = Self.outputs(keys, hasInput: hasInput, isManaged: context.isManaged)
    self.pictures = pictures
    self.outputs = outputs
    space = Self.space(keys, hasPictures: hasInput || pictures != nil, context: context)
    var texts = ProgramTexts(findings: findings)
    for entry in keys.entries("files") {
      if Self.checkName(entry, among: outputs.map(\.name), findings) { texts.declare(entry.key, entry.value) }
    }
    let names =
      Self.valueNames(hasInput: hasInput, pictures: pictures) + outputs.map(\.name)
      + keys.entries("files").map(\.key)
    func read(_ value: PipelineValue) -> ExternalTask.Template? {
      guard let template = texts.read(value) else { return nil }
      if let fault = ProgramTexts.unknown(template, value, among: names) { findings.add(fault) }
      if let warning = Self.missingScript(template, value, outputs: outputs) { findings.add(warning) }
      return template
    }
    let program = (keys["program"]?.values ?? []).compactMap(read)
    var environment: [String: ExternalTask.Template] = [:]
    for entry in keys.entries("environment") {
      guard ProgramTexts.isName(entry.key) else {
        findings.add(entry.value.error("external.badVariable", "`\(entry.key)` cannot be a variable's name"))
        continue
      }
      environment[entry.key] = read(entry.value)
    }
    if program.isEmpty, let value = keys["program"] {
      findings.add(
        value.error(
          "external.noProgram", "`program` must be the list of a program and its arguments",
          remedy: "For instance: program: [python3, tools/denoise.py, \"{input}\", \"{output}\"]"))
    }
    if let value = keys["program"]?.values.first, let template = program.first {
      absence = Self.absence(template, value, files: texts.files, findings)
    }
    self.program = program
    self.environment = environment
    files = texts.files.values.sorted { $0.name < $1.name }
    if findings.diagnostics.dropFirst(count).contains(where: { $0.severity == .error }) { return nil }
  }

  private static func profile(_ keys: KeyReader, context: LoadingContext) -> DeliveryProfile? {
    guard let value = keys["profile"] ?? keys["picture"] else { return nil }
    let name = keys["profile"] == nil ? "stills-16bit" : keys.text("profile") ?? ""
    var profile = DeliveryProfiles.load(name, value: value, context: context, findings: keys.findings)
    // The program gets pictures only.
    profile?.sounds = []
    return profile
  }

  /// Where colour is managed a program says of which space its pictures are, and only there.
  private static func space(_ keys: KeyReader, hasPictures: Bool, context: LoadingContext) -> (
    name: String, value: PipelineValue
  )? {
    let findings = keys.findings
    guard let value = keys["space"] else {
      guard context.isManaged, hasPictures, let place = keys["picture"] ?? keys["outputs"] else { return nil }
      findings.add(
        place.error(
          "colour.noProgramSpace",
          "colour is managed here, and nothing says in which colour space the program takes and makes pictures",
          remedy: "Give the stage `space:`, a colour space of the config, for instance space: ACEScg."))
      return nil
    }
    guard context.isManaged else {
      findings.add(
        value.error(
          "colour.noConfig", "`space` is a colour space, and the pipeline has no `colour:`",
          remedy: "Give it `colour: {config: aces}` or a config of yours, or remove `space`."))
      return nil
    }
    guard hasPictures else {
      findings.add(
        value.error(
          "external.noPictures", "`space` is about pictures, and the program neither gets nor makes any",
          remedy: "Wire `picture:`, declare `outputs: {picture: …}`, or remove it."))
      return nil
    }
    return context.colour?.outline.space(of: value, named: "space", findings: findings).map { ($0, value) }
  }

  // MARK: Program

  /// The names that templates may use, without those of files and outputs.
  private static func valueNames(hasInput: Bool, pictures: Pictures?) -> [String] {
    var names = ["cores", "rate", "width", "height"]
    if hasInput { names += ["input", "input-printf", "input-folder"] }
    if pictures != nil { names += ["output", "output-printf", "output-folder"] }
    if hasInput || pictures != nil { names += ["first", "last", "frames"] }
    return names
  }

  private static let reserved: Set<String> = [
    "cores", "rate", "width", "height", "input", "input-printf", "input-folder", "output", "output-printf",
    "output-folder", "first", "last", "frames", picturesName,
  ]

  private static func checkName(_ entry: PipelineValue.Entry, among taken: [String], _ findings: Findings)
    -> Bool
  {
    let isFree = !reserved.contains(entry.key) && !taken.contains(entry.key)
    if isFree, ProgramTexts.isName(entry.key), PipelineLoader.isSafeName(entry.key) { return true }
    findings.add(
      Diagnostic(
        family: .usage, code: "external.badName", location: entry.keyLocation,
        message: isFree
          ? "`\(entry.key)` cannot be the name of a file here"
          : "`{\(entry.key)}` stands for something else already",
        remedy: isFree ? "Use letters, digits, dash and underscore." : "Give the file another name.",
        excerpt: entry.keyExcerpt))
    return false
  }

  private static let scriptKinds: Set<String> = [
    "py", "sh", "pl", "rb", "lua", "js", "nk", "blend", "hip", "ocio", "cube",
  ]

  /// A text that looks like a script and names no file: it is passed on as it is, which is rarely what was meant.
  private static func missingScript(
    _ template: ExternalTask.Template, _ value: PipelineValue, outputs: [FileOutput]
  ) -> Diagnostic? {
    guard case .text(let text)? = template.parts.first, template.parts.count == 1, !text.hasPrefix("/"),
      !text.hasPrefix("-"), scriptKinds.contains(FilePaths.fileExtension(of: text)),
      !outputs.contains(where: { $0.path == text })
    else { return nil }
    var warning = value.error(
      "external.noFile",
      "`\(text)` is no file at or below the pipeline file's folder, and is passed on as it is",
      remedy: "Correct the path, or declare the file under `files:` and write {NAME}.")
    warning.severity = .warning
    return warning
  }

  /// What is wrong with the program on this machine; it may have been made elsewhere, so nothing may be.
  private static func absence(
    _ template: ExternalTask.Template, _ value: PipelineValue, files: [String: ProgramFile],
    _ findings: Findings
  ) -> Diagnostic? {
    if case .value(let name)? = template.parts.first, template.parts.count == 1, let file = files[name] {
      if !file.isExecutable {
        findings.add(
          value.error(
            "external.notExecutable", "`\(file.typed)` is not an executable file",
            remedy: "Make it one with chmod +x, or name its interpreter: [python3, \(file.typed), …]"))
      }
      return nil
    }
    guard template.parts.count == 1, case .text(let text)? = template.parts.first, !text.isEmpty else {
      findings.add(
        value.error(
          "external.badProgram", "the program itself must be a name, an absolute path, or a file of `files`"))
      return nil
    }
    guard text.hasPrefix("/") || !text.contains("/") else {
      var fault = value.error(
        "external.noProgram", "there is no file `\(text)` at or below the pipeline file's folder",
        remedy: "Correct the path, or give an absolute one.")
      fault.family = .inputMissing
      findings.add(fault)
      return nil
    }
    let candidates = text.hasPrefix("/") ? [text] : ExternalTask.searchPath.map { "\($0)/\(text)" }
    if candidates.contains(where: { unsafe access($0, X_OK) == 0 && !FilePaths.isFolder($0) }) { return nil }
    var fault = value.error(
      "external.noProgram",
      text.hasPrefix("/")
        ? "there is no program `\(text)` on this machine"
        : "there is no program `\(text)` in \(ExternalTask.searchPath.joined(separator: ", ")) of this machine",
      remedy: "Install it, or give its absolute path.")
    fault.family = .inputMissing
    return fault
  }

  // MARK: Outputs

  private static let stillKinds: Set<String> = ["png", "tif", "tiff", "dpx", "jpg", "jpeg"]
  private static let movieKinds: Set<String> = ["mov", "mp4", "mkv", "mxf", "avi"]

  private static func outputs(_ keys: KeyReader, hasInput: Bool, isManaged: Bool) -> (
    Pictures?, [FileOutput]
  ) {
    let findings = keys.findings
    var pictures: Pictures?
    var files: [FileOutput] = []
    var paths: Set<String> = []
    for entry in keys.entries("outputs") {
      if entry.key == picturesName {
        pictures = Self.pictures(entry.value, hasInput: hasInput, isManaged: isManaged, findings)
      } else if checkName(entry, among: files.map(\.name), findings) {
        guard let path = entry.value.scalar, ProgramTexts.isPortable(path), paths.insert(path).inserted else {
          findings.add(Self.badPath(entry.value))
          continue
        }
        files.append(FileOutput(name: entry.key, path: path))
      }
    }
    if let value = keys["outputs"], pictures == nil, files.isEmpty, value.entries?.isEmpty == true {
      findings.add(value.error("external.noOutputs", "a program without outputs leaves nothing behind"))
    }
    return (pictures, files)
  }

  private static func badPath(_ value: PipelineValue) -> Diagnostic {
    value.error(
      "external.badOutput", "`\(value.scalar ?? "")` is not the path of an output",
      remedy:
        "It is relative to the program's own folder and made of letters, digits, dot, dash and underscore, "
        + "each path once: out/report.json")
  }

  private static func pictures(
    _ value: PipelineValue, hasInput: Bool, isManaged: Bool, _ findings: Findings
  ) -> Pictures? {
    guard value.scalar == nil else {
      return pictures(value, path: value, nil, hasInput, isManaged, findings)
    }
    let reader = KeyReader(value, keys: pictureKeys, owner: "`\(picturesName)`", findings: findings)
    guard let pattern = reader["pattern"] else { return nil }
    return pictures(value, path: pattern, reader, hasInput, isManaged, findings)
  }

  private static func pictures(
    _ value: PipelineValue, path: PipelineValue, _ reader: KeyReader?, _ hasInput: Bool, _ isManaged: Bool,
    _ findings: Findings
  ) -> Pictures? {
    guard let text = path.scalar, ProgramTexts.isPortable(text.replacing("#", with: "0")) else {
      findings.add(badPath(path))
      return nil
    }
    let kind = FilePaths.fileExtension(of: text)
    let numbered = NumberedPath(text)
    let isStills =
      (stillKinds.contains(kind) || (isManaged && kind == "exr"))
      && numbered.map { !FilePaths.folder(of: text).contains("#") && $0.digits <= 9 } ?? false
    let isMovie = movieKinds.contains(kind) && !text.contains("#")
    guard isStills || isMovie else {
      findings.add(
        path.error(
          "external.badPattern", "`\(text)` names neither numbered stills nor a movie",
          remedy:
            "Write the digits of the number as # in one place of the name: out/frame.####.png (PNG, TIFF, DPX, "
            + (isManaged ? "JPEG, OpenEXR" : "JPEG: finished pictures, display-coded")
            + "), or name a movie: out/all.mov"))
      return nil
    }
    let count = Self.count(reader, hasInput: hasInput, at: value, findings)
    return Pictures(
      path: text, raster: reader.flatMap(PipelineLoader.raster), count: count,
      depth: reader?.integer("depth", in: 1...32),
      fit: reader?.choice("fit", of: Sizing.Fit.self) ?? .letterbox)
  }

  private static func count(
    _ reader: KeyReader?, hasInput: Bool, at value: PipelineValue, _ findings: Findings
  ) -> Int64? {
    let written = reader?["count"]
    let text = written?.scalar ?? "from-input"
    if text == "from-input", hasInput { return nil }
    if !hasInput, let count = Int64(text), (1...10_000_000).contains(count) { return count }
    findings.add(
      (written ?? value).error(
        "external.badCount",
        hasInput
          ? "a program that gets pictures makes as many: `count` is from-input, not `\(text)`"
          : "a program that gets no pictures needs `count:`, the number of those it makes",
        remedy: hasInput
          ? "Remove `count:`; each picture takes the place of the one that was given."
          : "Write outputs: {picture: {pattern: out/frame.####.png, count: 240}}"))
    return nil
  }
}
