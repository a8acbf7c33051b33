package import Board
import Diagnostics
package import Logging
package import ObjectStore
import ServiceLifecycle
import Synchronization

/// Follows the production as long as the server runs: what is new in files each second, and what the pipelines ask for
/// whenever that may have changed. Tells everybody who has a page open.
package final class BoardFeed: Service {
  /// Plans the pipelines, in a process of its own; nil without any.
  package typealias Surveyor = @Sendable () async throws -> BoardSurvey

  private struct State {
    var number = 0
    var mark: ProductionReader.Mark?
    var listeners: [Int: AsyncStream<Int>.Continuation] = [:]
    var nextListener = 0
    /// Something happened that may change what the pipelines ask for.
    var isSurveyWanted = true
    /// Somebody looked at a page since the last survey.
    var isLookedAt = false
  }

  private let reader: ProductionReader
  private let runs: RunReader
  private let surveyor: Surveyor?
  private let inputs: @Sendable () -> [FileSystem.Facts?]
  private let logger: Logger
  private let state = Mutex(State())

  /// Streams that may be open at a time.
  package static let mostListeners = 256
  /// A survey that nothing called for is made again after so long, if somebody looks.
  private static let surveyAge = Duration.seconds(60)
  private static let beatSeconds = 15

  /// - Parameter inputs: what is known of the pipelines' files, to see that they changed.
  package init(
    _ reader: ProductionReader, _ runs: RunReader, logger: Logger,
    inputs: @escaping @Sendable () -> [FileSystem.Facts?], surveyor: Surveyor?
  ) {
    (self.reader, self.runs, self.logger) = (reader, runs, logger)
    (self.inputs, self.surveyor) = (inputs, surveyor)
  }

  package func run() async throws {
    try await withGracefulShutdownHandler {
      try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { try await self.follow() }
        group.addTask { try await self.readAhead() }
        group.addTask { try await self.outline() }
        group.addTask { try await self.survey() }
        // They go on until they are cancelled.
        defer { group.cancelAll() }
        try await group.next()
      }
    } onGracefulShutdown: {
      self.end()
    }
  }

  /// Whether the server is being ended.
  private let isEnding = Atomic(false)

  private func end() {
    isEnding.store(true, ordering: .relaxed)
    let listeners = state.withLock { state in
      defer { state.listeners = [:] }
      return Array(state.listeners.values)
    }
    for listener in listeners { listener.finish() }
  }

  // MARK: Following

  private func follow() async throws {
    var beat = 0
    while !isEnding.load(ordering: .relaxed) {
      do {
        let mark = try await reader.look()
        note(mark)
        if mark.isBehind { continue }
      } catch {
        logger.warning("cannot read the production: \(error)")
      }
      beat += 1
      if beat % Self.beatSeconds == 0 { tell() }
      try await Self.pause(.seconds(1), while: { !self.isEnding.load(ordering: .relaxed) })
    }
  }

  /// Steps of reading a run between two looks at which run is on show. The one who knows that is busy with the same
  /// events, and to wait for him at each step takes as long again.
  private static let stepsAhead = 32

  /// Reads the tasks of the run that goes on, so that nobody who asks for them waits for all of them.
  private func readAhead() async throws {
    while !isEnding.load(ordering: .relaxed) {
      var (hasMore, steps) = (false, 0)
      if let run = await reader.runOnShow() {
        repeat {
          hasMore = await runs.follow(run)
          steps += 1
        } while hasMore && steps < Self.stepsAhead && !isEnding.load(ordering: .relaxed)
      }
      if hasMore { continue }
      try await Self.pause(.seconds(1), while: { !self.isEnding.load(ordering: .relaxed) })
    }
  }

  /// Makes the outlines of versions one by one, so that nobody who asks for a shot waits for all of them.
  private func outline() async throws {
    while !isEnding.load(ordering: .relaxed) {
      if await reader.readAhead() { continue }
      try await Self.pause(.seconds(1), while: { !self.isEnding.load(ordering: .relaxed) })
    }
  }

  private func note(_ mark: ProductionReader.Mark) {
    let isNews = state.withLock { state in
      let old = state.mark
      guard mark != old else { return false }
      state.mark = mark
      state.number += 1
      if let old, old.versions != mark.versions || (mark.isRunOver && !old.isRunOver) || mark.run != old.run {
        state.isSurveyWanted = true
      }
      return true
    }
    if isNews { tell() }
  }

  /// Sends the number of the latest news; one that was sent before is a sign of life.
  private func tell() {
    let (number, listeners) = state.withLock { ($0.number, Array($0.listeners.values)) }
    for listener in listeners { listener.yield(number) }
  }

  // MARK: Surveying

  private func survey() async throws {
    guard let surveyor else { return try await untilTheEnd() }
    var files = inputs()
    var made: ContinuousClock.Instant?
    while !isEnding.load(ordering: .relaxed) {
      let present = inputs()
      let isOld = made.map { ContinuousClock.now - $0 > Self.surveyAge } ?? true
      let isDue = state.withLock { state in
        let isDue = state.isSurveyWanted || present != files || (isOld && state.isLookedAt)
        if isDue { (state.isSurveyWanted, state.isLookedAt) = (false, false) }
        return isDue
      }
      guard isDue else {
        try await Self.pause(.milliseconds(500), while: { !self.isEnding.load(ordering: .relaxed) })
        continue
      }
      files = present
      let began = ContinuousClock.now
      let moment = WallClock.now()
      await reader.surveyBegins()
      do {
        await reader.note(try await surveyor(), made: moment)
      } catch is CancellationError {
        throw CancellationError()
      } catch {
        await reader.noteSurveyFault("\(error)")
      }
      made = .now
      // Planning takes a share of the machine, never all of it.
      let pause = max(.seconds(2), (.now - began) * 2)
      try await Self.pause(pause, while: { !self.isEnding.load(ordering: .relaxed) })
    }
  }

  private func untilTheEnd() async throws {
    while !isEnding.load(ordering: .relaxed) { try await Task.sleep(for: .milliseconds(200)) }
  }

  /// Sleeps in short steps, so that an end is heard.
  private static func pause(_ duration: Duration, while goesOn: () -> Bool) async throws {
    let end = ContinuousClock.now + duration
    while goesOn(), .now < end { try await Task.sleep(for: min(.milliseconds(200), end - .now)) }
  }

  /// Something is known that no look at the production shows.
  package func noteNews() {
    state.withLock { $0.number += 1 }
    tell()
  }

  /// Somebody decided: the gates may say something else now.
  package func noteDecision() { state.withLock { $0.isSurveyWanted = true } }

  package func noteLook() { state.withLock { $0.isLookedAt = true } }

  // MARK: Listening

  /// News from now on, by number, as long as somebody keeps the sequence; nil when too many listen.
  ///
  /// Who is slow gets the newest number only: nothing is kept for them but that.
  package func listen() -> AsyncStream<Int>? {
    guard !isEnding.load(ordering: .relaxed) else { return nil }
    let (numbers, continuation) = AsyncStream.makeStream(of: Int.self, bufferingPolicy: .bufferingNewest(1))
    let id = state.withLock { state -> Int? in
      guard state.listeners.count < Self.mostListeners else { return nil }
      state.nextListener += 1
      state.listeners[state.nextListener] = continuation
      return state.nextListener
    }
    guard let id else { return nil }
    // Also of an answer whose body nobody asked for.
    continuation.onTermination = { [weak self] _ in
      _ = self?.state.withLock { $0.listeners.removeValue(forKey: id) }
    }
    continuation.yield(state.withLock { $0.number })
    return numbers
  }

  /// How many have a page open.
  package var listenerCount: Int { state.withLock { $0.listeners.count } }
}
