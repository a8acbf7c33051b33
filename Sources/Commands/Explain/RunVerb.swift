import ArgumentParser

/// `interlock run`: runs a pipeline, and looks back at runs.
struct RunVerb: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "run", abstract: "Plan a pipeline and do what is missing; list and compare runs.",
    usage: "interlock run PIPELINE [options]\ninterlock run list|show|diff …",
    discussion: """
      interlock run Pipelines/short-film.yaml --production Output
      interlock run list --production Output
      interlock run diff previous latest --production Output

      A pipeline file that is called as a subcommand is named with its folder: ./list.
      """,
    subcommands: [RunCommand.self, RunListCommand.self, RunShowCommand.self, RunDiffCommand.self],
    defaultSubcommand: RunCommand.self)
}
