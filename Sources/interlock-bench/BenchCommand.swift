import ArgumentParser
import Foundation

/// Measures Interlock and prints ratios, all from one run on one machine.
@main
struct BenchCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "interlock-bench",
    abstract:
      "Measure Interlock: planning at scale beside Ninja, pictures beside FFmpeg, and the sample film.",
    discussion: """
      Everything is made in a temporary folder (TMPDIR says where) and removed again. Results go to standard \
      output, progress to standard error. Ratios travel between machines, seconds do not.

        interlock-bench
        interlock-bench --only no-op scheduler --samples 3
        interlock-bench --only picture --picture-rows same-settings master --picture-frames 12
      """,
    subcommands: [
      MeasureCommand.self, PrepareSyntheticCommand.self, SyntheticNoOpCommand.self,
      ScaleSchedulerCommand.self,
      ScaleLedgerCommand.self, ScaleEngineCommand.self, ScalePoolCommand.self, PrepareProgramsCommand.self,
      ScaleProgramsCommand.self, ScaleRecordCommand.self, PrepareSeasonCommand.self, ScaleSlurmCommand.self,
    ],
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

  @Option(parsing: .upToNextOption, help: "Measure only these: \(Measurement.list).")
  var only: [Measurement] = []

  @Option(parsing: .upToNextOption, help: "Leave these out.")
  var skip: [Measurement] = []

  @Option(
    help:
      "Frames of each of the 40 shots that pictures are measured on, of a re-cut 48 at least; with 8 all of it takes 40 minutes."
  )
  var pictureFrames = 8

  @Option(
    parsing: .upToNextOption,
    help: "Of the pictures measure only: \(PictureRow.allCases.map(\.rawValue).joined(separator: ", ")).")
  var pictureRows: [PictureRow] = []

  @Option(help: "Seconds for which 200 streams of news are held open when the board is measured.")
  var boardSeconds = 30

  @Flag(help: "Print JSON.")
  var json = false

  func validate() throws {
    if !(5...3600).contains(boardSeconds) {
      throw ValidationError("--board-seconds takes a number from 5 to 3600")
    }
    if `repeat` < 1 { throw ValidationError("--repeat takes a number from 1") }
    if !(2...200).contains(pictureFrames) {
      throw ValidationError("--picture-frames takes a number from 2 to 200")
    }
    if samples < 3 {
      throw ValidationError("--samples takes a number from 3: a median of fewer says nothing")
    }
  }

  func run() throws {
    Interruption.watch()
    let folder = try TemporaryFolder()
    defer { folder.remove() }
    var report = BenchReport()
    var failure: BenchError?
    for measurement in Measurement.allCases where isWanted(measurement) && failure?.signal == nil {
      do {
        try measure(measurement, in: folder.path, &report)
      } catch let error as BenchError {
        // What was measured before took its time: it is told all the same.
        Progress.say("error: \(measurement.rawValue): \(error)")
        failure = error
      }
    }
    print(try json ? report.json() : report.text)
    if let failure {
      folder.remove()
      throw ExitCode(failure.signal.map { 128 + $0 } ?? 1)
    }
  }

  private func isWanted(_ measurement: Measurement) -> Bool {
    (only.isEmpty || only.contains(measurement)) && !skip.contains(measurement)
  }

  private func measure(
    _ measurement: Measurement, in folder: String, _ report: inout BenchReport
  ) throws {
    let folder = "\(folder)/\(measurement.rawValue)"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    switch measurement {
    case .noOp:
      let result = try SyntheticBenchmark(folder: folder, samples: samples).measure()
      report.synthetic = result
      report.figures += result.figures(report.budgets)
    case .scheduler:
      report.figures += try SchedulerBenchmark(folder: folder, samples: samples).measure()
    case .throughput:
      report.figures += try ThroughputBenchmark(folder: folder, samples: samples).measure(report.budgets)
    case .record:
      report.figures += try RecordBenchmark(folder: folder, samples: samples).measure()
    case .slurm:
      report.figures += try SlurmBenchmark(folder: folder).measure()
    case .conform:
      report.conform = try ConformBenchmark(folder: folder, samples: samples).measure()
    case .picture:
      report.picture = try PictureBenchmark(
        repository: repository, folder: folder, samples: 3, framesOfShot: pictureFrames,
        rows: Set(pictureRows.isEmpty ? PictureRow.allCases : pictureRows)
      ).measure()
    case .season:
      report.figures += try SeasonBenchmark(folder: folder, samples: samples).measure(report.budgets)
    case .board:
      report.figures += try BoardBenchmark(folder: folder, samples: samples, streamSeconds: boardSeconds)
        .measure(report.budgets)
    case .sample:
      report.sample = try SampleBenchmark(
        repository: repository, folder: folder, coldRuns: `repeat`, samples: samples
      ).measure()
    }
  }
}

/// What can be measured by itself.
enum Measurement: String, CaseIterable, ExpressibleByArgument {
  /// Finding that nothing of 100,000 tasks is to be done, beside Ninja.
  case noOp = "no-op"
  /// Scheduler and ledger, for each of 1,000 to 200,000 tasks.
  case scheduler
  /// Tasks a second of real runs, beside Ninja.
  case throughput
  /// What the record of a run costs: lines of events, and what keys are made from.
  case record
  /// What a task costs on Slurm beside a bare `sbatch`, and in a pilot.
  case slurm
  /// Probing and relinking.
  case conform
  /// A graded cut of 40 shots in 1080p, beside FFmpeg, Snakemake and melt.
  case picture
  /// Planning a finished season.
  case season
  /// Pages, memory and event streams of the board.
  case board
  /// The sample film, from nothing and again.
  case sample

  static var list: String { allCases.map(\.rawValue).joined(separator: ", ") }
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

extension PictureRow: ExpressibleByArgument {}
