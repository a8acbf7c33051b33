import ArgumentParser
import Board
import Diagnostics
import ObjectStore
import Planning

/// What `interlock serve` starts to plan: planning takes memory and cores that pages need, and can fail alone.
struct BoardSurveyCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "board-survey",
    abstract: "Print what the pipelines ask for and what is there, as JSON: how `interlock serve` plans.",
    shouldDisplay: false)

  @Argument(help: "Pipeline files.")
  var pipelines: [String] = []

  @Option(name: .customLong("set"))
  var overrides: [String] = []

  @Option(
    name: .customLong("given"),
    help: ArgumentHelp("A cut in place of the one that a pipeline file names.", valueName: "number=path"))
  var given: [String] = []

  @OptionGroup var production: ProductionOptions

  /// Overrides of single pipelines.
  private var more: [String: [String]] {
    var more: [String: [String]] = [:]
    for text in given {
      let parts = text.split(separator: "=", maxSplits: 1).map(String.init)
      guard parts.count == 2, let index = Int(parts[0]), pipelines.indices.contains(index) else { continue }
      more[pipelines[index]] = ["timeline.cut=\(parts[1])"]
    }
    return more
  }

  func run() async throws {
    let store = ObjectStore(try production.required())
    let rows = try DeliverableRows(store, typed: production.production ?? ".")
    var survey = BoardSurvey(programmes: [], unplanned: [])
    do {
      survey.programmes = try await surveyed(pipelines, rows, store)
    } catch let all as DiagnosticList {
      // One pipeline that cannot be planned does not hide the others.
      for pipeline in pipelines where pipelines.count > 1 {
        do {
          survey.programmes += try await surveyed([pipeline], rows, store)
        } catch let list as DiagnosticList {
          survey.unplanned.append(.init(pipeline: pipeline, diagnostics: list.diagnostics))
        }
      }
      // Of one alone, or what only several together have, such as one programme twice.
      if survey.unplanned.isEmpty {
        survey.unplanned = [
          .init(pipeline: pipelines.joined(separator: ", "), diagnostics: all.diagnostics)
        ]
      }
    }
    Outcome.printResult(String(decoding: try JSONBytes.encode(survey), as: UTF8.self))
  }

  private func surveyed(
    _ pipelines: [String], _ rows: DeliverableRows, _ store: ObjectStore
  ) async throws -> [BoardSurvey.Programme] {
    let planned = try await PlannedProgrammes(
      pipelines, overrides: overrides, until: nil, production: production, remembers: false, works: false,
      more: more)
    return try planned.programmes.map { planned in
      let pipeline = planned.work?.pipeline
      return BoardSurvey.Programme(
        programme: planned.programme, pipeline: planned.path,
        cut: pipeline?.timeline.cuts.map { FilePaths.name(of: $0.path) } ?? [],
        stages: pipeline?.stages.map { stage in
          BoardSurvey.Stage(
            name: stage.declaration.name, kind: type(of: stage).kind,
            sources: Set(stage.declaration.wires.values).union(stage.declaration.lists.values.joined())
              .sorted())
        } ?? [],
        rows: try rows.rows(of: planned, isAlone: false, showsWork: false),
        shots: try ShotRows(planned, store)?.rows() ?? [], gates: planned.gates,
        tasks: planned.nodes.count, heldTasks: planned.heldTasks, diagnostics: planned.diagnostics)
    }
  }
}
