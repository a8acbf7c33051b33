/// What was promised; printed beside what was found.
struct Budgets: Encodable {
  /// Interlock's wall time in Ninja's, doing nothing on one graph.
  var noOpInNinjas = 1.0
  /// The later target of the same.
  var laterNoOpInNinjas = 0.5
  var laterNoOpPeakBytes: Int64 = 200_000_000
  var sampleColdSeconds = 300.0
  var sampleAgainSeconds = 0.5
  var samplePeakBytes: Int64 = 1_000_000_000
}
