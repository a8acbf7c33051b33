/// What running a program once, or several times, took.
struct Cost: Encodable {
  /// Wall time, start and end of the process included; the median where there were several runs.
  var seconds: Double
  /// Resident memory of the largest process at its peak; the median where there were several runs.
  var peakBytes: Int64
  /// User and system time of the process and of those it waited for; the median where there were several runs.
  var cpuSeconds: Double
  /// Resident memory of all processes together at their peak; 0 where it was not watched.
  var totalPeakBytes: Int64
  /// Wall times of all runs, in order.
  var runs: [Double]

  init(seconds: Double, peakBytes: Int64, cpuSeconds: Double = 0, totalPeakBytes: Int64 = 0) {
    self.seconds = seconds
    self.peakBytes = peakBytes
    self.cpuSeconds = cpuSeconds
    self.totalPeakBytes = totalPeakBytes
    runs = [seconds]
  }

  /// The medians of several runs.
  init(medianOf costs: [Cost]) {
    seconds = median(costs.map(\.seconds))
    peakBytes = Int64(median(costs.map { Double($0.peakBytes) }))
    cpuSeconds = median(costs.map(\.cpuSeconds))
    totalPeakBytes = Int64(median(costs.map { Double($0.totalPeakBytes) }))
    runs = costs.map(\.seconds)
  }

  var peakMegabytes: Double { Double(peakBytes) / 1_000_000 }
}

/// The middle value, or the mean of the two middle ones.
///
/// - Parameter values: at least one.
func median(_ values: [Double]) -> Double {
  precondition(!values.isEmpty, "a median needs a value")
  let sorted = values.sorted()
  return (sorted[(sorted.count - 1) / 2] + sorted[sorted.count / 2]) / 2
}
