import Diagnostics
import MediaTime

/// What a key of the pipeline file may hold; the one description behind checking, `--help` and the schema.
package struct KeySpec: Sendable {
  package enum Shape: Sendable {
    case text
    /// One text or several.
    case texts
    case path
    case paths
    case integer(ClosedRange<Int>)
    case choice([String])
    /// One or several of these.
    case choices([String])
    /// A mapping with keys of its own.
    indirect case table([KeySpec])
    /// A mapping whose keys are names of the user's, each with one of the choices or a mapping.
    indirect case named(choices: [String], or: [KeySpec])
    case rate
    case timecode
    case raster
    case frames
    /// Keys and values of its own.
    case mapping([KeySpec])
    /// A list of mappings with these keys.
    case list([KeySpec])
    /// A list of choices and of mappings with these keys.
    case items(choices: [String], or: [KeySpec])
    /// A text, or a mapping with these keys.
    indirect case shorthand([KeySpec])
    /// A mapping of names of the user's to texts; these names have shapes of their own.
    indirect case names([KeySpec])
    /// A mapping of names of the user's to whole numbers.
    case counts(ClosedRange<Int>)
    /// One whole number or several.
    case integers(ClosedRange<Int>)
    /// A whole number, or a mapping of names to whole numbers.
    case numberOrCounts(ClosedRange<Int>)
    /// The name of a stage with an output of this type.
    case stage(PortType)
    /// A list of such names.
    case stages(PortType)
  }

  package var name: String
  package var shape: Shape
  package var isRequired: Bool
  package var summary: String

  package init(_ name: String, _ shape: Shape, isRequired: Bool = false, _ summary: String) {
    self.name = name
    self.shape = shape
    self.isRequired = isRequired
    self.summary = summary
  }
}

/// Collects findings while a file is read, so that the user gets all of them at once.
final class Findings {
  private(set) var diagnostics: [Diagnostic] = []

  func add(_ diagnostic: Diagnostic) { diagnostics.append(diagnostic) }

  var hasErrors: Bool { diagnostics.contains { $0.severity == .error } }

  func throwIfErrors() throws(DiagnosticList) {
    if hasErrors { throw DiagnosticList(diagnostics) }
  }
}

/// Reads the keys of one mapping against their specification.
struct KeyReader {
  let values: [String: PipelineValue]
  let location: SourceLocation
  let findings: Findings

  /// Reports unknown keys with a did-you-mean, and missing required ones.
  init(_ value: PipelineValue, keys: [KeySpec], owner: String, findings: Findings) {
    self.findings = findings
    location = value.location
    var values: [String: PipelineValue] = [:]
    if let entries = value.entries {
      let names = keys.map(\.name)
      for entry in entries {
        if names.contains(entry.key) {
          values[entry.key] = entry.value
        } else {
          let suggestion = nearest(entry.key, among: names).map { "Did you mean `\($0)`?" }
          findings.add(
            Diagnostic(
              severity: .error, family: .usage, code: "pipeline.unknownKey", location: entry.keyLocation,
              message: "\(owner) has no key `\(entry.key)`",
              remedy: suggestion ?? "Its keys are \(names.joined(separator: ", ")).",
              excerpt: entry.keyExcerpt))
        }
      }
    } else {
      findings.add(value.error("pipeline.notAMapping", "\(owner) must be a mapping of keys to values"))
    }
    for key in keys where key.isRequired && values[key.name] == nil {
      findings.add(
        Diagnostic(
          severity: .error, family: .usage, code: "pipeline.missingKey", location: value.location,
          message: "\(owner) needs the key `\(key.name)`: \(key.summary)", remedy: nil, excerpt: value.excerpt
        ))
    }
    self.values = values
  }

  subscript(key: String) -> PipelineValue? { values[key] }

  func text(_ key: String) -> String? {
    guard let value = values[key] else { return nil }
    guard let text = value.scalar else {
      findings.add(value.error("pipeline.notAText", "`\(key)` must be a single value"))
      return nil
    }
    return text
  }

  func choice<Value: RawRepresentable & CaseIterable>(_ key: String, of type: Value.Type) -> Value?
  where Value.RawValue == String {
    values[key].flatMap { choice($0, named: key, of: type) }
  }

  /// One or several of the choices, each once; empty without the key.
  func choices<Value: RawRepresentable & CaseIterable>(_ key: String, of type: Value.Type) -> [Value]
  where Value.RawValue == String {
    guard let value = values[key] else { return [] }
    if value.values.isEmpty {
      findings.add(value.error("pipeline.notAList", "`\(key)` must be a value or a list of values"))
    }
    var seen: Set<String> = []
    return value.values.compactMap { choice($0, named: key, of: type) }
      .filter { seen.insert($0.rawValue).inserted }
  }

  private func choice<Value: RawRepresentable & CaseIterable>(
    _ value: PipelineValue, named key: String, of type: Value.Type
  ) -> Value? where Value.RawValue == String {
    guard let text = value.scalar else {
      findings.add(value.error("pipeline.notAText", "`\(key)` must be a single value"))
      return nil
    }
    if let value = Value(rawValue: text) { return value }
    let names = Value.allCases.map(\.rawValue)
    let suggestion = nearest(text, among: names).map { "Did you mean `\($0)`?" }
    findings.add(
      value.error(
        "pipeline.badChoice", "`\(text)` is not a value of `\(key)`",
        remedy: suggestion ?? "It is one of \(names.joined(separator: ", "))."))
    return nil
  }

  /// The entries of a mapping whose keys are names of the user's.
  func entries(_ key: String) -> [PipelineValue.Entry] {
    guard let value = values[key] else { return [] }
    guard let entries = value.entries else {
      findings.add(value.error("pipeline.notAMapping", "`\(key)` must be a mapping of names to values"))
      return []
    }
    return entries
  }

  /// A reader of a mapping inside this one.
  func table(_ key: String, keys: [KeySpec]) -> KeyReader? {
    values[key].map { KeyReader($0, keys: keys, owner: "`\(key)`", findings: findings) }
  }

  func integer(_ key: String, in range: ClosedRange<Int>) -> Int? {
    values[key].flatMap { integer($0, named: key, in: range) }
  }

  /// One number or several; empty without the key.
  func integers(_ key: String, in range: ClosedRange<Int>) -> [Int] {
    (values[key]?.values ?? []).compactMap { integer($0, named: key, in: range) }
  }

  /// Numbers by names of the user's; empty without the key.
  func counts(_ key: String, in range: ClosedRange<Int>) -> [String: Int] {
    var counts: [String: Int] = [:]
    for entry in entries(key) {
      guard PipelineLoader.isSafeName(entry.key) else {
        findings.add(
          Diagnostic(
            family: .usage, code: "pipeline.badName", location: entry.keyLocation,
            message: "`\(entry.key)` cannot be a name under `\(key)`",
            remedy: "Use letters, digits, dot, dash and underscore, at most 64.", excerpt: entry.keyExcerpt))
        continue
      }
      counts[entry.key] = integer(entry.value, named: entry.key, in: range)
    }
    return counts
  }

  private func integer(_ value: PipelineValue, named key: String, in range: ClosedRange<Int>) -> Int? {
    guard let text = value.scalar else {
      findings.add(value.error("pipeline.notAText", "`\(key)` must be a single value"))
      return nil
    }
    guard let number = Int(text), range.contains(number) else {
      findings.add(
        value.error(
          "pipeline.badNumber",
          "`\(key)` must be a whole number from \(range.lowerBound) to \(range.upperBound), not `\(text)`"))
      return nil
    }
    return number
  }

  func rate(_ key: String) -> FrameRate? {
    guard let text = text(key), let value = values[key] else { return nil }
    do {
      return try FrameRate(parsing: text)
    } catch {
      findings.add(
        value.error(
          "pipeline.badRate", "`\(text)` is not a frame rate", remedy: "Write it as 24000/1001 or 25."))
      return nil
    }
  }

  /// Paths, absolute or relative to the file that names them.
  func paths(_ key: String) -> [LocatedPath] {
    guard let value = values[key] else { return [] }
    let values = value.values
    if values.isEmpty {
      findings.add(value.error("pipeline.notAPath", "`\(key)` must be a path or a list of paths"))
    }
    return values.compactMap { value in
      guard let text = value.scalar, !text.isEmpty else {
        findings.add(value.error("pipeline.notAPath", "`\(key)` must hold paths"))
        return nil
      }
      return LocatedPath(path: FilePaths.resolve(text, from: value.folder), typed: text, value: value)
    }
  }
}

/// A path of the pipeline file: where it leads, and where it was written.
struct LocatedPath {
  var path: String
  var typed: String
  var value: PipelineValue

  func error(_ code: String, _ message: String, family: Diagnostic.Family, remedy: String? = nil)
    -> Diagnostic
  {
    var diagnostic = value.error(code, message, remedy: remedy)
    diagnostic.family = family
    return diagnostic
  }
}
