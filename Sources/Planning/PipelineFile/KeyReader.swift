import Diagnostics
import MediaTime

/// What a key of the pipeline file may hold; the one description behind checking, `--help` and the schema.
package struct KeySpec: Sendable {
  package enum Shape: Sendable {
    case text
    case path
    case paths
    case integer(ClosedRange<Int>)
    case choice([String])
    case rate
    case timecode
    case raster
    case frames
    /// A list of mappings with these keys.
    case list([KeySpec])
    /// The name of a stage with an output of this type.
    case stage(PortType)
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
    guard let text = text(key) else { return nil }
    if let value = Value(rawValue: text) { return value }
    let names = Value.allCases.map(\.rawValue)
    let suggestion = nearest(text, among: names).map { "Did you mean `\($0)`?" }
    if let value = values[key] {
      findings.add(
        value.error(
          "pipeline.badChoice", "`\(text)` is not a value of `\(key)`",
          remedy: suggestion ?? "It is one of \(names.joined(separator: ", "))."))
    }
    return nil
  }

  func integer(_ key: String, in range: ClosedRange<Int>) -> Int? {
    guard let text = text(key), let value = values[key] else { return nil }
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
