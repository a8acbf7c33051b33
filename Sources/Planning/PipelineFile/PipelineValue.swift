import Diagnostics
import Yams

/// A value of a YAML file that knows where it stands and what relative paths in it are relative to.
struct PipelineValue: Sendable {
  indirect enum Content: Sendable {
    case scalar(String)
    case list([PipelineValue])
    case map([Entry])
  }

  struct Entry: Sendable {
    var key: String
    var keyLocation: SourceLocation
    /// The line of the key, which a value in block form does not share.
    var keyExcerpt: String?
    var value: PipelineValue
  }

  var content: Content
  var location: SourceLocation
  /// The source line, for error messages.
  var excerpt: String?
  /// Folder that relative paths start from: the file's own, or the current one for `--set`.
  var folder: String

  var scalar: String? {
    if case .scalar(let text) = content { text } else { nil }
  }

  var entries: [Entry]? {
    if case .map(let entries) = content { entries } else { nil }
  }

  /// A list's values; a single scalar counts as a list of one.
  var values: [PipelineValue] {
    switch content {
    case .list(let values): values
    case .scalar: [self]
    case .map: []
    }
  }

  subscript(key: String) -> PipelineValue? { entries?.first { $0.key == key }?.value }

  func error(_ code: String, _ message: String, remedy: String? = nil) -> Diagnostic {
    Diagnostic(
      severity: .error, family: .usage, code: code, location: location, message: message, remedy: remedy,
      excerpt: excerpt)
  }

  /// Reads a YAML document.
  ///
  /// - Parameters:
  ///   - file: the name shown in errors, as the user typed it.
  ///   - folder: what relative paths in it are relative to.
  static func parse(_ text: String, file: String, folder: String) throws(DiagnosticList) -> PipelineValue {
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    do {
      guard let node = try Yams.compose(yaml: text) else {
        throw DiagnosticList([
          Diagnostic(
            severity: .error, family: .usage, code: "pipeline.empty", location: SourceLocation(file: file),
            message: "the file is empty",
            remedy: "Start from `interlock schema` or Pipelines/short-film.yaml.")
        ])
      }
      return PipelineValue(node, file: file, folder: folder, lines: lines)
    } catch let list as DiagnosticList {
      throw list
    } catch let error as YamlError {
      throw DiagnosticList([diagnostic(of: error, file: file, lines: lines)])
    } catch {
      throw DiagnosticList([
        Diagnostic(
          severity: .error, family: .usage, code: "pipeline.yaml", location: SourceLocation(file: file),
          message: "not readable as YAML: \(error)")
      ])
    }
  }

  private init(_ node: Node, file: String, folder: String, lines: [String]) {
    let line = node.mark?.line
    location = SourceLocation(file: file, line: line, column: node.mark?.column)
    excerpt = line.flatMap { lines.indices.contains($0 - 1) ? lines[$0 - 1] : nil }
    self.folder = folder
    switch node {
    case .scalar(let scalar):
      content = .scalar(scalar.string)
    case .sequence(let sequence):
      content = .list(sequence.map { PipelineValue($0, file: file, folder: folder, lines: lines) })
    case .mapping(let mapping):
      content = .map(
        mapping.map { key, value in
          Entry(
            key: key.scalar?.string ?? "",
            keyLocation: SourceLocation(file: file, line: key.mark?.line, column: key.mark?.column),
            keyExcerpt: key.mark.flatMap { lines.indices.contains($0.line - 1) ? lines[$0.line - 1] : nil },
            value: PipelineValue(value, file: file, folder: folder, lines: lines))
        })
    case .alias:
      // Yams resolves aliases while composing; one left over has no anchor.
      content = .scalar("")
    }
  }

  private static func diagnostic(of error: YamlError, file: String, lines: [String]) -> Diagnostic {
    let mark: Mark?
    let problem: String
    switch error {
    case .scanner(_, let text, let at, _), .parser(_, let text, let at, _), .composer(_, let text, let at, _):
      mark = at
      problem = text
    case .duplicatedKeysInMapping(let keys, let context):
      mark = context.mark
      problem = "a key is given twice: \(keys.map { "\($0)" }.joined(separator: ", "))"
    default:
      mark = nil
      problem = "\(error)"
    }
    return Diagnostic(
      severity: .error, family: .usage, code: "pipeline.yaml",
      location: SourceLocation(file: file, line: mark?.line, column: mark?.column),
      message: "not valid YAML: \(problem)", remedy: "Check indentation, colons and quotes on this line.",
      excerpt: mark.flatMap { lines.indices.contains($0.line - 1) ? lines[$0.line - 1] : nil })
  }

  /// Replaces the value at a dotted path such as `timeline.cut`, as `--set` does.
  mutating func set(path: [String], to text: String, folder: String, source: SourceLocation) {
    guard let key = path.first else {
      self = PipelineValue(content: .scalar(text), location: source, excerpt: nil, folder: folder)
      return
    }
    var entries = self.entries ?? []
    let rest = Array(path.dropFirst())
    if let index = entries.firstIndex(where: { $0.key == key }) {
      entries[index].value.set(path: rest, to: text, folder: folder, source: source)
    } else {
      var value = PipelineValue(content: .map([]), location: source, excerpt: nil, folder: folder)
      value.set(path: rest, to: text, folder: folder, source: source)
      entries.append(Entry(key: key, keyLocation: source, keyExcerpt: nil, value: value))
    }
    content = .map(entries)
  }

  init(content: Content, location: SourceLocation, excerpt: String?, folder: String) {
    self.content = content
    self.location = location
    self.excerpt = excerpt
    self.folder = folder
  }
}
