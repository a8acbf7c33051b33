import ArgumentParser
import Engine
import Planning

struct SchemaCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "schema", abstract: "Print the JSON Schema of pipeline files, or of a run's events.",
    discussion: """
      Give the schema of pipeline files to your editor to have them checked and completed while you type. With --events \
      it is that of a line of .interlock/runs/RUN/events.jsonl: every kind of event, its fields with their units, and \
      what a reader may rely on.

        interlock schema > pipeline.schema.json
        interlock schema --events
      """)

  @Flag(help: "Describe the lines of events.jsonl instead of pipeline files.")
  var events = false

  @Flag(help: "Print JSON; the schema always is, so this changes nothing.")
  var json = false

  func run() throws {
    let schema =
      events ? try JSONBytes.encode(RunEventSchema.json, isPretty: true) : try PipelineSchema.json()
    Outcome.printResult(String(decoding: schema, as: UTF8.self))
  }
}
