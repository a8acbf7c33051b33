import ArgumentParser
import Planning

struct SchemaCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "schema", abstract: "Print the JSON Schema of pipeline files.",
    discussion: "Give it to your editor to have pipeline files checked and completed while you type.")

  @Flag(help: "Print JSON; the schema always is, so this changes nothing.")
  var json = false

  func run() throws {
    Outcome.printResult(String(decoding: try PipelineSchema.json(), as: UTF8.self))
  }
}
