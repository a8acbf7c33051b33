/// When each task could start, and when its attempt did: what queue waits and lengths are computed from.
///
/// A class, because the journal is a value that hands events on and is copied with the run.
final class TaskTimes {
  /// Until an attempt starts, since when it could have; then when it did. In seconds since the run began.
  private var since: [Double]
  private var attempts: [Int32]

  init(tasks: Int) {
    since = Array(repeating: 0, count: tasks)
    attempts = Array(repeating: 0, count: tasks)
  }

  /// Something the task waited for is done, or a pause is over: the last of these counts.
  func advance(_ task: Int, to now: Double) { since[task] = now }

  /// - Returns: the number of the attempt, from 1, and how long it could not start.
  func start(_ task: Int, at now: Double) -> (number: Int, waited: Double) {
    let waited = max(0, now - since[task])
    since[task] = now
    attempts[task] += 1
    return (Int(attempts[task]), waited)
  }

  /// - Returns: the number of the attempt and its length.
  func end(_ task: Int, at now: Double) -> (number: Int, duration: Double) {
    let duration = max(0, now - since[task])
    since[task] = now
    return (Int(attempts[task]), duration)
  }
}
