import ArgumentParser
import Foundation
import Ledger
import ObjectStore
import TaskGraph

/// The size of the synthetic graph, said to both hidden commands.
struct SyntheticOptions: ParsableArguments {
  @Argument(help: "Holds, or will hold, the production and the Ninja project.")
  var folder: String

  @Option var chains = 20_000
  @Option var chainLength = 5

  var graph: SyntheticGraph { SyntheticGraph(chains: chains, chainLength: chainLength) }
  var productionPath: String { "\(folder)/production" }
  var ninjaPath: String { "\(folder)/ninja" }
}

/// Makes the finished production and the Ninja project of the same graph; a process of its own, so that its
/// memory is not counted in what is measured.
struct PrepareSyntheticCommand: ParsableCommand {
  static let configuration = CommandConfiguration(commandName: "prepare-synthetic", shouldDisplay: false)

  @OptionGroup var options: SyntheticOptions

  func run() throws {
    try SyntheticProduction(path: options.productionPath).finish(options.graph)
    try NinjaProject(path: options.ninjaPath, chains: options.chains, chainLength: options.chainLength)
      .write()
  }
}

/// What is timed: planning every task of a finished production and finding that nothing is to be done.
struct SyntheticNoOpCommand: ParsableCommand {
  static let configuration = CommandConfiguration(commandName: "synthetic-no-op", shouldDisplay: false)

  @OptionGroup var options: SyntheticOptions

  func run() throws {
    guard let production = Production.nearest(from: options.productionPath) else {
      throw BenchError("there is no production in \(options.productionPath)")
    }
    let ledger = try Ledger.open(production)
    let graph = options.graph
    let keys = graph.keys()
    let missing = Set(try ledger.missingResults(among: keys))
    let plan = try Plan(graph.missingNodes(keys: keys, missing: missing))
    print("\(keys.count) planned, \(plan.nodes.count) to do")
  }
}
