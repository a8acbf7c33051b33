import Diagnostics
import Foundation
import TaskGraph
import TaskKinds

/// What `interlock-worker run` was asked to do.
struct FarmRequest {
  /// Absolute, or relative to the current folder.
  var file: String
  /// The production, where the file does not lie in one of its attempts.
  var production: String?
  /// Which tasks of a list.
  var tasks: NumberRanges?
  /// Which frames of a render task, from 1.
  var frames: NumberRanges?
  var mapping: PathMapping?
  var dialect: FarmDialect

  /// - Throws: `usage` for words that say nothing, and for files that cannot be read.
  init(_ arguments: [String], environment: [String: String]) throws(Diagnostic) {
    var file: String?
    var values: [String: String] = [:]
    var rest = arguments[...]
    while let word = rest.popFirst() {
      guard word.hasPrefix("--") else {
        guard file == nil else { throw Self.fault("there are two task files, \(file ?? "") and \(word)") }
        file = word
        continue
      }
      let parts = word.split(separator: "=", maxSplits: 1).map(String.init)
      guard Self.options.contains(parts[0]) else {
        throw Self.fault(
          "there is no option \(parts[0]); options are \(Self.options.joined(separator: ", "))")
      }
      guard let value = parts.count == 2 ? parts[1] : rest.popFirst() else {
        throw Self.fault("\(word) takes a value")
      }
      values[parts[0]] = value
    }
    guard let file else { throw Self.fault("there is no task file") }
    self.file = file
    production = values["--production"]
    tasks = try Self.ranges(values["--tasks"])
    frames = try Self.ranges(values["--frames"])
    mapping = try values["--path-mapping"].map(Self.mapping)
    dialect = try Self.dialect(values["--progress"], environment)
  }

  private static let options = ["--production", "--tasks", "--frames", "--path-mapping", "--progress"]

  private static func ranges(_ text: String?) throws(Diagnostic) -> NumberRanges? {
    guard let text else { return nil }
    return try NumberRanges(parsing: text)
  }

  private static func dialect(
    _ name: String?, _ environment: [String: String]
  ) throws(Diagnostic) -> FarmDialect {
    if let name { return try .named(name, by: "--progress") }
    guard let name = environment[FarmDialect.variable], !name.isEmpty else { return .detect(environment) }
    return try .named(name, by: FarmDialect.variable)
  }

  private static func mapping(_ path: String) throws(Diagnostic) -> PathMapping {
    guard let data = FileManager.default.contents(atPath: path) else {
      throw fault("there is no path mapping file \(path)")
    }
    do {
      return try JSONDecoder().decode(PathMapping.self, from: data)
    } catch {
      throw Diagnostic(
        family: .usage, code: "mapping.unreadable", location: SourceLocation(file: path),
        message: "this is no \(PathMapping.version) file",
        remedy: "Give the file that the farm's runtime has written, e.g. {{Session.PathMappingRulesFile}}.")
    }
  }

  private static func fault(_ message: String) -> Diagnostic {
    Diagnostic(family: .usage, code: "worker.usage", message: message)
  }
}
