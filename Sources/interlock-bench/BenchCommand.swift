import ArgumentParser
import Foundation

/// Measures Interlock and prints ratios, all from one run on one machine.
struct BenchCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "interlock-bench",
    abstract: "Measure Interlock: planning at scale beside Ninja, and the sample film.",
    discussion: """
      Everything is made in a temporary folder (TMPDIR says where) and removed again. Results go to standard \
      output, progress to standard error. Ratios travel between machines, seconds do not.
      """,
    subcommands: [MeasureCommand.self, PrepareSyntheticCommand.self, SyntheticNoOpCommand.self],
    defaultSubcommand: MeasureCommand.self)
}

/// What `make bench` runs: all measurements, one report.
struct MeasureCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "measure", abstract: "Run the measurements and print them (the default).")

  @Option(help: "The checkout that holds Pipelines and SampleMedia.")
  var repository = "."

  @Option(help: "How often the sample film is made from nothing; the median is printed.")
  var `repeat` = 1

  @Option(help: "How often everything else is measured, at least 3; the median is printed.")
  var samples = 5

  @Flag(help: "Leave the sample film out.")
  var skipSample = false

  @Flag(help: "Leave the synthetic graph out.")
  var skipSynthetic = false

  @Flag(help: "Leave probing and relinking out.")
  var skipConform = false

  @Flag(help: "Print JSON.")
  var json = false

  func validate() throws {
    if `repeat` < 1 { throw ValidationError("--repeat takes a number from 1") }
    if samples < 3 {
      throw ValidationError("--samples takes a number from 3: a median of fewer says nothing")
    }
  }

  func run() throws {
    Interruption.watch()
    let folder = try TemporaryFolder()
    defer { folder.remove() }
    var report = BenchReport()
    do {
      if !skipSynthetic {
        report.synthetic = try SyntheticBenchmark(folder: "\(folder.path)/synthetic", samples: samples)
          .measure()
      }
      if !skipConform {
        let path = "\(folder.path)/conform"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        report.conform = try ConformBenchmark(folder: path, samples: samples).measure()
      }
      if !skipSample {
        let sample = SampleBenchmark(
          repository: repository, folder: "\(folder.path)/sample", coldRuns: `repeat`, samples: samples)
        report.sample = try sample.measure()
      }
    } catch let error as BenchError {
      folder.remove()
      Progress.say("error: \(error)")
      throw ExitCode(error.signal.map { 128 + $0 } ?? 1)
    }
    print(try json ? report.json() : report.text)
  }
}

/// Why there is no measurement.
struct BenchError: Error, CustomStringConvertible {
  var description: String
  /// The signal that ended it, if one did.
  var signal: Int32?

  init(_ description: String, signal: Int32? = nil) {
    self.description = description
    self.signal = signal
  }
}

/// What is going on, on standard error.
enum Progress {
  static func say(_ line: String) {
    FileHandle.standardError.write(Data("\(line)\n".utf8))
  }
}
