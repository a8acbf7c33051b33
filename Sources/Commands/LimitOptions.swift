import ArgumentParser
import Engine

/// How far workers may go before they are stopped.
struct LimitOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Seconds after which a worker that says nothing at all is killed. Default: 120.", valueName: "seconds"))
  var silenceLimit: Int?

  @Option(
    help: ArgumentHelp(
      "Seconds after which a worker that lives but makes no progress is killed. Default: 1800.",
      valueName: "seconds"))
  var stallLimit: Int?

  @Option(
    help: ArgumentHelp(
      "Memory of a worker whose task has no estimate, in GB. Default: 6.", valueName: "GB"))
  var memoryLimit: Double?

  func validate() throws {
    for (name, value) in [("--silence-limit", silenceLimit), ("--stall-limit", stallLimit)] {
      if let value, !(15...1_000_000).contains(value) {
        throw ValidationError("\(name) takes seconds from 15 to 1000000; workers tell that they live every 5")
      }
    }
    if let memoryLimit, !(0.25...4096).contains(memoryLimit) {
      throw ValidationError("--memory-limit takes gigabytes from 0.25 to 4096")
    }
  }

  func apply(to configuration: inout EngineConfiguration) {
    if let silenceLimit { configuration.silenceLimit = .seconds(silenceLimit) }
    if let stallLimit { configuration.containment.stall = .seconds(stallLimit) }
    if let memoryLimit { configuration.containment.memoryBytes = Int64(memoryLimit * 1e9) }
  }
}
