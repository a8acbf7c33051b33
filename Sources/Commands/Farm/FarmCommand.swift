import ArgumentParser

struct FarmCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "farm", abstract: "Hand a plan to a render farm.",
    subcommands: [FarmExportCommand.self, FarmSubmitCommand.self])
}
