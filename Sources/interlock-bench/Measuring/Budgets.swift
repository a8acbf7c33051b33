/// What was promised; printed beside what was found.
struct Budgets: Encodable {
  /// Interlock's wall time in Ninja's, doing nothing on one graph.
  var noOpInNinjas = 0.5
  var noOpPeakBytes: Int64 = 200_000_000
  /// Milliseconds for each task in the scheduler and the ledger.
  var schedulingMilliseconds = 0.1
  /// What a task may cost more among 200,000 than among 1,000.
  var growth = 1.5
  /// Tasks a second in those of Ninja, on one graph: by workers that stay, and with a process for each task.
  var persistentInNinjas = 2.0
  var programsInNinjas = 1.0
  /// The time of one `ffprobe` call for each file in the time of a conform that probes them.
  var probesInFfprobes = 5.0
  /// A list of 5,000 events against 2,000 known files, read, relinked and reported.
  var relinkSeconds = 1.0
  /// Finding that nothing is to be done of 10 programmes of 65,000 frames, with everything in memory and with nothing.
  var seasonWarmSeconds = 2.0
  var seasonColdSeconds = 5.0
  /// The board with 5,000 shots, 200 deliverables and a run of 100,000 tasks.
  var boardFirstByteMilliseconds = 100.0
  var boardPageMilliseconds = 300.0
  var boardPeakBytes: Int64 = 300_000_000
  /// With 200 streams of news open.
  var boardGrowthMegabytes = 10.0
  var sampleColdSeconds = 300.0
  var sampleAgainSeconds = 0.5
  var samplePeakBytes: Int64 = 1_000_000_000
}
