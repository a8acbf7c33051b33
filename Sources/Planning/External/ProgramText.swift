import Diagnostics
import Digests
import Glibc
import TaskKinds

/// Reads texts of an `external` stage: places in braces, and files that they name.
///
/// A text without places that is the path of a file at or below the pipeline file's folder stands for that file: the
/// program gets a copy, and the content is part of the key.
struct ProgramTexts {
  /// Files that texts and `files:` name, by the value that stands for them.
  private(set) var files: [String: ProgramFile] = [:]
  private let findings: Findings
  /// Paths among the program's files that are taken.
  private var taken: Set<String> = []

  init(findings: Findings) { self.findings = findings }

  // MARK: Templates

  /// Splits a text at its places; `{{` and `}}` are braces.
  static func template(_ text: String) -> ExternalTask.Template {
    var parts: [ExternalTask.Template.Part] = []
    var plain = ""
    var rest = Substring(text)
    while let character = rest.first {
      if rest.hasPrefix("{{") || rest.hasPrefix("}}") {
        plain.append(character)
        rest = rest.dropFirst(2)
      } else if character == "{", let end = rest.firstIndex(of: "}"),
        case let name = rest[rest.index(after: rest.startIndex)..<end], isName(name)
      {
        if !plain.isEmpty { parts.append(.text(plain)) }
        plain = ""
        parts.append(.value(String(name)))
        rest = rest[rest.index(after: end)...]
      } else {
        plain.append(character)
        rest = rest.dropFirst()
      }
    }
    if !plain.isEmpty || parts.isEmpty { parts.append(.text(plain)) }
    return ExternalTask.Template(parts)
  }

  static func isName(_ text: some StringProtocol) -> Bool {
    guard let first = text.first, first.isASCII, first.isLetter else { return false }
    return text.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-" || $0 == "_") }
  }

  /// A text as a template; a file that it names becomes one of the program's.
  mutating func read(_ value: PipelineValue) -> ExternalTask.Template? {
    guard let text = value.scalar, !text.utf8.contains(0) else {
      findings.add(value.error("pipeline.notAText", "this must be a single value"))
      return nil
    }
    if let name = namedFile(text, value) { return ExternalTask.Template([.value(name)]) }
    return Self.template(text)
  }

  /// Places that nothing fills.
  static func unknown(_ template: ExternalTask.Template, _ value: PipelineValue, among names: [String])
    -> Diagnostic?
  {
    guard let name = template.names.first(where: { !$0.hasPrefix(filePrefix) && !names.contains($0) }) else {
      return nil
    }
    let suggestion = nearest(name, among: names).map { "Did you mean `{\($0)}`?" }
    return value.error(
      "external.unknownPlace", "nothing here is called `{\(name)}`",
      remedy: suggestion
        ?? "There is \(names.map { "{\($0)}" }.joined(separator: ", ")); a brace itself is written twice: {{."
    )
  }

  // MARK: Files

  private static let filePrefix = "file:"

  /// Registers the file that a text names; nil when it names none.
  private mutating func namedFile(_ text: String, _ value: PipelineValue) -> String? {
    guard !text.hasPrefix("/"), !text.hasPrefix("-"), text.contains("/") || text.contains("."),
      let folder = FilePaths.real(value.folder),
      let real = FilePaths.real(FilePaths.resolve(text, from: value.folder)),
      FilePaths.lies(real, below: folder), !FilePaths.isFolder(real)
    else { return nil }
    let name = Self.filePrefix + text
    guard files[name] == nil else { return name }
    let relative = String(real.dropFirst(folder.count + 1))
    add(name, path: LocatedPath(path: real, typed: text, value: value), as: relative)
    return name
  }

  /// Registers a file of `files:`.
  mutating func declare(_ name: String, _ value: PipelineValue) {
    guard let text = value.scalar, !text.isEmpty else {
      findings.add(value.error("pipeline.notAPath", "`\(name)` must be a path"))
      return
    }
    let path = LocatedPath(path: FilePaths.resolve(text, from: value.folder), typed: text, value: value)
    if let folder = FilePaths.real(value.folder), let real = FilePaths.real(path.path),
      FilePaths.lies(real, below: folder), case let relative = String(real.dropFirst(folder.count + 1)),
      Self.isPortable(relative)
    {
      // Where it lies to its neighbours: scripts import each other by their places.
      add(name, path: path, as: relative)
    } else {
      let kind = FilePaths.fileExtension(of: text)
      add(name, path: path, as: "named/" + (PipelineLoader.isSafeName(kind) ? "\(name).\(kind)" : name))
    }
  }

  static func isPortable(_ path: String) -> Bool {
    let parts = path.split(separator: "/", omittingEmptySubsequences: false)
    return parts.count <= 16 && parts.allSatisfy { PipelineLoader.isSafeName(String($0)) }
  }

  private mutating func add(_ name: String, path: LocatedPath, as place: String) {
    guard Self.isPortable(place) else {
      findings.add(
        path.error(
          "external.badName", "`\(path.typed)` cannot be the name of a file in the program's folder",
          family: .usage,
          remedy: "Use letters, digits, dot, dash and underscore, or declare it under `files:`."))
      return
    }
    guard let file = PipelineLoader.inputFiles([path], what: "the file", findings: findings).first else {
      return
    }
    let isExecutable = unsafe access(path.path, X_OK) == 0
    // One file under two names is one file.
    let isFirst = taken.insert(place).inserted
    files[name] = ProgramFile(
      name: name, typed: path.typed, place: place, bytes: isFirst ? file.bytes : [],
      object: Digest.sha256(file.bytes), isExecutable: isExecutable)
  }
}

/// A file that a program reads.
struct ProgramFile: Sendable {
  /// The value that stands for it.
  var name: String
  var typed: String
  /// Where it lies among the program's files.
  var place: String
  /// Empty for another name of a file that is there already.
  var bytes: [UInt8]
  var object: Digest
  var isExecutable: Bool
}
