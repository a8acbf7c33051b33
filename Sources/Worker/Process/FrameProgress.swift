/// Tells how far a task is, a few times a second; where it goes over its frames several times, as the part of all of it
/// that is done.
struct FrameProgress {
  private let total: Int
  private let pass: Int
  private let passes: Int
  private let reporter: any Reporter
  private var told = ContinuousClock.now

  /// - Parameters:
  ///   - total: frames of the task.
  ///   - pass: which time of going over them this is, from 1.
  init(of total: Int, pass: Int = 1, of passes: Int = 1, to reporter: any Reporter) {
    self.total = total
    self.pass = pass
    self.passes = passes
    self.reporter = reporter
  }

  /// - Parameter frames: of this pass, that are done.
  mutating func reached(_ frames: Int) {
    guard ContinuousClock.now - told > .milliseconds(400) else { return }
    told = .now
    reporter.progress(frames: ((pass - 1) * total + frames) / passes, of: total)
  }
}
