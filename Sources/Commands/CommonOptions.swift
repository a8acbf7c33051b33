import ArgumentParser
import Diagnostics
import ObjectStore
import Planning

/// Options that most verbs share.
struct ProductionOptions: ParsableArguments {
  @Option(
    name: .customLong("production"),
    help:
      "The production folder. Default: the nearest parent that holds .interlock/, else the current folder.")
  var production: String?

  /// The production to work in, made if it is not there.
  func createOrOpen() throws -> Production {
    if let production {
      return try Production.create(at: FilePaths.resolve(production, from: FilePaths.current))
    }
    if let nearest = Production.nearest(from: FilePaths.current) { return nearest }
    return try Production.create(at: FilePaths.current)
  }

  /// The production to read; nil when there is none yet.
  func existing() throws -> Production? {
    guard let production else { return Production.nearest(from: FilePaths.current) }
    let path = FilePaths.resolve(production, from: FilePaths.current)
    guard let found = Production.nearest(from: path), found.root == (FilePaths.real(path) ?? path) else {
      return nil
    }
    return found
  }

  /// The production to read, or an error that says how to make one.
  func required() throws -> Production {
    if let found = try existing() { return found }
    throw DiagnosticList([
      Diagnostic(
        severity: .error, family: .usage, code: "production.none", location: nil,
        message: "there is no production in \(production ?? "this folder or above it")",
        remedy: "Make one with `interlock run PIPELINE --production DIR`.")
    ])
  }
}

/// The pipeline file and what is changed in it on the command line.
struct PipelineOptions: ParsableArguments {
  @Argument(help: "Pipeline file, e.g. Pipelines/short-film.yaml.")
  var pipeline: String

  @Option(
    name: .customLong("set"),
    help: ArgumentHelp(
      "Overrides a key, e.g. timeline.cut=next.edl; paths are relative to the current folder.",
      valueName: "key=value"))
  var overrides: [String] = []

  @Option(help: "Plan no further than this stage.")
  var until: String?

  func validate() throws { try PipelinesOptions.validate(overrides) }

  /// The pipeline, its cuts converted where they have to be.
  func load() async throws -> Pipeline { try await Self.load(pipeline, overrides: overrides) }

  static func load(_ path: String, overrides: [String]) async throws -> Pipeline {
    let pairs = overrides.map { text in
      let parts = text.split(separator: "=", maxSplits: 1).map(String.init)
      return (key: parts[0], value: parts.count > 1 ? parts[1] : "")
    }
    return try await CutFile.converted(PipelineLoader.load(path, overrides: pairs))
  }
}

/// Pipeline files of one production, and what is changed in them on the command line.
struct PipelinesOptions: ParsableArguments {
  @Argument(help: "Pipeline files, e.g. Pipelines/short-film.yaml: one, or one for each programme.")
  var pipelines: [String]

  @Option(
    name: .customLong("set"),
    help: ArgumentHelp(
      "Overrides a key of every pipeline, e.g. timeline.cut=next.edl; paths are relative to the current folder.",
      valueName: "key=value"))
  var overrides: [String] = []

  @Option(help: "Plan no further than this stage.")
  var until: String?

  func validate() throws { try Self.validate(overrides) }

  static func validate(_ overrides: [String]) throws {
    for text in overrides where !text.contains("=") {
      throw ValidationError("--set takes KEY=VALUE, for instance --set timeline.cut=next.edl")
    }
  }
}
