import Foundation
import Glibc

/// How long it takes to find out that nothing of a whole season is to be done: programmes of 65,000 frames, 600 shots and
/// 15 deliverables each, planned by one command.
///
/// The season is real as far as planning goes: real media, cuts with dissolves, retimes and three tracks of sound, a grade
/// for each shot, comps, titles and credits, burn-ins. Its frames were never rendered; see `FinishedWork`.
struct SeasonBenchmark {
  let folder: String
  let samples: Int
  var programmes = 10

  private struct Report: Decodable {
    struct Total: Decodable {
      var programmes: Int
      var deliverables: Int
      var frames: Int
      var newFrames: Int
      var tasks: Int
    }
    var total: Total
  }

  /// - Returns: nothing without FFmpeg, which makes the media.
  func measure(_ budgets: Budgets) throws -> [Figure] {
    guard Programs.installed("ffmpeg") != nil else {
      Progress.say("FFmpeg is not installed (Debian: ffmpeg); the season is not measured.")
      return []
    }
    let interlock = try Programs.sibling("interlock")
    Progress.say("Making a finished season of \(programmes) programmes …")
    _ = try ChildProcess.run(
      Programs.own, ["prepare-season", folder, "--programmes", "\(programmes)"], logFolder: folder)
    let pipelines = (1...programmes).map {
      "\(folder)/turnover/\(SeasonTurnover(programme: $0).name).yaml"
    }
    func plan() throws -> Cost {
      let child = try ChildProcess.run(
        interlock, ["plan"] + pipelines + ["--production", "\(folder)/production", "--json"],
        logFolder: folder)
      let total = try JSONDecoder().decode(Report.self, from: Data(child.output.utf8)).total
      guard total.tasks == 0, total.newFrames == 0, total.deliverables == programmes * 15 else {
        throw BenchError("the season is not finished: \(total)")
      }
      return child.cost
    }
    Progress.say(
      "Planning the season: the first time, then \(samples) times each from memory and from disk …")
    let first = try plan()
    let warm = Cost(medianOf: try (0..<samples).map { _ in try plan() })
    let note = "\(programmes) programmes, \(programmes * 600) shots, \(programmes * 15) deliverables"
    var figures = [
      Figure("season, first plan", first.seconds, "s", note: note),
      Figure("season, plan", warm.seconds, "s", .atMost, budgets.seasonWarmSeconds, note: note),
    ]
    if let cold = try cold(plan) {
      figures.append(
        Figure(
          "season, plan with cold caches", cold.seconds, "s", .atMost, budgets.seasonColdSeconds, note: note))
    } else {
      Progress.say("The page cache can be emptied by root only; the cold plan is not measured.")
    }
    figures += [
      Figure("season, first plan, memory", first.peakMegabytes, "MB", note: note),
      Figure("season, plan, memory", warm.peakMegabytes, "MB", note: note),
    ]
    return figures
  }

  /// Each time with nothing of any file in memory; `nil` without the right to do that.
  private func cold(_ plan: () throws -> Cost) throws -> Cost? {
    var costs: [Cost] = []
    for _ in 0..<samples {
      sync()
      guard let file = FileHandle(forWritingAtPath: "/proc/sys/vm/drop_caches"),
        (try? file.write(contentsOf: Data("3\n".utf8))) != nil
      else { return nil }
      try? file.close()
      costs.append(try plan())
    }
    return Cost(medianOf: costs)
  }
}
