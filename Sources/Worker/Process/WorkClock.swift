import Glibc

/// Where the processor time of a task goes, and how many pictures it decoded.
final class WorkClock {
  enum Work: String, Codable, CaseIterable {
    /// Reading and decoding sources.
    case decode
    /// Scaling, conversion, grade and look.
    case colour
    /// Mixing pictures: composites, transitions, layers, drawings.
    case composite
    case encode
    /// Decoding what was encoded, comparing, reopening finished files.
    case verify
    /// Writing and wrapping: segments, digests, containers.
    case mux
  }

  private(set) var seconds: [Work: Double] = [:]
  var secondsByName: [String: Double] {
    Dictionary(uniqueKeysWithValues: seconds.map { ($0.key.rawValue, $0.value) })
  }
  /// Pictures of sources that were decoded; one that is shown twice in a row counts once.
  private(set) var decodedPictures = 0
  private var current: Work?
  private var since = 0.0

  /// Counts what `body` takes, without what it passes on to other work.
  func spend<R>(_ work: Work, _ body: () throws -> R) rethrows -> R {
    let before = turn(to: work)
    defer { turn(to: before) }
    return try body()
  }

  /// Counts from here on for another kind of work.
  ///
  /// - Returns: what it was before.
  @discardableResult func turn(to work: Work?) -> Work? {
    let now = Self.threadSeconds
    if let current { seconds[current, default: 0] += now - since }
    since = now
    defer { current = work }
    return current
  }

  /// Counts what another thread has spent.
  func add(_ seconds: Double, to work: Work) { self.seconds[work, default: 0] += seconds }

  func noteDecodedPicture() { decodedPictures += 1 }

  /// Processor time of this thread since it began.
  static var threadSeconds: Double {
    var time = timespec()
    unsafe clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
  }
}
