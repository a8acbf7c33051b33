import Foundation

/// Everything one run of the benchmark found, for people and for machines.
struct BenchReport: Encodable {
  var schema = 1
  var budgets = Budgets()
  var synthetic: SyntheticResult?
  var sample: SampleResult?
  var conform: ConformResult?
  var picture: PictureResult?
  /// What has one number and a budget.
  var figures: [Figure] = []

  func json() throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(self), as: UTF8.self)
  }

  var text: String {
    let parts = [
      synthetic.map(syntheticText), conform.map(conformText), sample.map(sampleText),
      picture.map(pictureText), figures.isEmpty ? nil : text(of: figures),
    ].compactMap(\.self)
    return parts.isEmpty ? "Nothing was measured." : parts.joined(separator: "\n\n")
  }

  private func syntheticText(_ result: SyntheticResult) -> String {
    var table = TextTable(columns: ["", "seconds", "peak MB"])
    table.add("Interlock", fixed(result.interlock.seconds, 3), fixed(result.interlock.peakMegabytes, 0))
    if let ninja = result.ninja, let wall = result.wallRatio, let peak = result.peakRatio {
      table.add("Ninja \(result.ninjaVersion ?? "")", fixed(ninja.seconds, 3), fixed(ninja.peakMegabytes, 0))
      table.add("Interlock / Ninja", fixed(wall, 2), fixed(peak, 2))
      table.add(
        "budget", fixed(budgets.noOpInNinjas, 2), fixed(Double(budgets.noOpPeakBytes) / 1e6, 0) + " MB")
    }
    return """
      Nothing to do of \(result.tasks) tasks (\(result.chains) chains of \(result.chainLength)); median of \
      \(result.samples)
      \(table.text)
      """
  }

  private func pictureText(_ result: PictureResult) -> String {
    var runs = TextTable(
      columns: ["", "wall s", "CPU s", "peak MB"] + PictureResult.works + ["to the limit"])
    for run in result.runs {
      runs.add(
        [
          run.name, fixed(run.cost.seconds, 2), fixed(run.cost.cpuSeconds, 1),
          run.cost.totalPeakBytes > 0 ? fixed(Double(run.cost.totalPeakBytes) / 1e6, 0) : "",
        ] + PictureResult.works.map { work in run.perFrame[work].map { fixed($0, 1) } ?? "" }
          + [run.nearness.map { fixed($0, 2) } ?? ""])
    }
    return """
      \(result.shots) shots, \(result.frames) frames of 1080p, ProRes 422 HQ with grain, a CDL a shot, a look of 33 \
      points; medians of \(result.samples), in one run
      Milliseconds of each core for a frame that was made; to the limit: (decode + encode) / cores in the wall time
      \(runs.text)

      \(text(of: result.figures))
      """
  }

  private func text(of figures: [Figure]) -> String {
    var table = TextTable(columns: ["", "figure", "budget", "kept", "load", "of"])
    for figure in figures {
      table.add(
        figure.name, "\(short(figure.value)) \(figure.unit)",
        figure.budget.map { "\(figure.limit == .atMost ? "at most" : "at least") \(short($0))" } ?? "",
        figure.isMet.map { $0 ? "yes" : "NO" } ?? "", fixed(figure.load, 1), figure.note)
    }
    return "Budgets; load is the number of processes that wanted to run beside it\n\(table.text)"
  }

  /// Three digits.
  private func short(_ value: Double) -> String {
    fixed(value, value < 0.1 ? 4 : value < 10 ? 2 : value < 100 ? 1 : 0)
  }

  private func conformText(_ result: ConformResult) -> String {
    var table = TextTable(columns: ["", "seconds", "ratio", "budget", "peak MB"])
    table.add("ffprobe, \(result.files) calls", fixed(result.ffprobeSeconds, 1), "1.0", "", "")
    table.add(
      "conform, \(result.files) new files", fixed(result.probed.seconds, 2), fixed(result.probeRatio, 1),
      "\(fixed(budgets.probesInFfprobes, 1)) times", fixed(result.probed.peakMegabytes, 0))
    table.add("conform again", fixed(result.again.seconds, 2), "", "", fixed(result.again.peakMegabytes, 0))
    table.add(
      "\(result.events) events, \(result.relinkFiles) files", fixed(result.relink.seconds, 2), "",
      "\(fixed(budgets.relinkSeconds, 1)) s", fixed(result.relink.peakMegabytes, 0))
    return "Probing and relinking; process start and reports included\n\(table.text)"
  }

  private func sampleText(_ result: SampleResult) -> String {
    var table = TextTable(
      columns: ["", "seconds", "budget", "of budget", "frames made", "reused", "frames/s", "peak MB"])
    func add(_ name: String, _ cost: Cost, budget: Double? = nil, frames: SampleResult.Run? = nil) {
      table.add(
        name, fixed(cost.seconds, cost.seconds < 10 ? 3 : 1), budget.map { fixed($0, 1) } ?? "",
        budget.map { fixed(cost.seconds / $0, 2) } ?? "", frames.map { "\($0.framesMade)" } ?? "",
        frames.map { "\($0.framesReused)" } ?? "", frames.map { fixed($0.framesPerSecond, 1) } ?? "",
        fixed(cost.peakMegabytes, 0))
    }
    add("run, from nothing", result.cold.cost, budget: budgets.sampleColdSeconds, frames: result.cold)
    add("run again, nothing to do", result.again, budget: budgets.sampleAgainSeconds)
    add("plan, nothing to do", result.plan)
    add("run, next cut", result.nextCut.cost, frames: result.nextCut)
    let peaks = [result.cold.cost, result.again, result.plan, result.nextCut.cost].map(\.peakBytes)
    let peak = Double(peaks.max() ?? 0)
    let budget = Double(budgets.samplePeakBytes)
    return """
      The sample film, Pipelines/short-film.yaml; from nothing \(result.coldRuns)x, next cut once, else median of \
      \(result.samples)
      \(table.text)
      Largest process: \(fixed(peak / 1e6, 0)) MB of \(fixed(budget / 1e6, 0)) MB (\(fixed(peak / budget, 2)))
      """
  }

  private func fixed(_ value: Double, _ digits: Int) -> String { String(format: "%.\(digits)f", value) }
}
