import Delivery
import Foundation
import Glibc
import TaskKinds
import TestSupport
import Testing

/// A worker in the middle of a long render, stopped when it has told of progress in its second segment.
@Suite struct StopRequestTests {
  private func attempt(
    _ encoding: Encoding = Renders.encoding(width: 1920, height: 1080)
  ) throws -> (attempt: Attempt, input: RenderTask.Input) {
    let attempt = try Attempt()
    let path = attempt.folder.path + "/rushes/A001.mov"
    try NumberedClip.make(
      path, frames: 480, rate: "24000/1001", timecode: "01:00:00:00", reel: "A001", codec: Renders.prores)
    // A raster much larger than the clip's makes every frame slow: the segments cannot be done before the signal.
    let input = Renders.input(
      media: try attempt.location("A001.mov"), segments: [(0, 4), (4, 240)], encoding: encoding)
    try attempt.write("render", key: RenderTask.key(input), input)
    return (attempt, input)
  }

  /// Starts the worker, waits until it is in the second segment, sends signals; all without a clock.
  private func stop(_ attempt: Attempt, with signals: [Int32]) throws -> (status: Int32, text: String) {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: Attempt.program)
    process.arguments = ["run", attempt.taskFile]
    let pipe = Pipe()
    process.standardOutput = pipe
    try Self.withSignals(SIG_UNBLOCK) { try process.run() }
    var text = Data()
    // The first segment is committed and the second has begun.
    while !Self.isInSecondSegment(text) {
      let more = pipe.fileHandleForReading.availableData
      if more.isEmpty { break }
      text.append(more)
    }
    for signal in signals { kill(process.processIdentifier, signal) }
    text.append(pipe.fileHandleForReading.readDataToEndOfFile())
    process.waitUntilExit()
    return (process.terminationStatus, String(decoding: text, as: UTF8.self))
  }

  /// A program inherits the signals that the thread which starts it has blocked.
  private static func withSignals(_ how: Int32, _ body: () throws -> Void) rethrows {
    var set = sigset_t()
    var before = sigset_t()
    unsafe sigemptyset(&set)
    unsafe sigaddset(&set, SIGTERM)
    unsafe sigaddset(&set, SIGINT)
    unsafe pthread_sigmask(how, &set, &before)
    defer { unsafe pthread_sigmask(SIG_SETMASK, &before, nil) }
    try body()
  }

  private static func isInSecondSegment(_ output: Data) -> Bool {
    guard let commit = output.range(of: Data("Committed ".utf8)) else { return false }
    return output.range(of: Data("Progress: ".utf8), in: commit.upperBound..<output.endIndex) != nil
  }

  private func check(
    _ status: Int32, for signal: Int32, encoding: Encoding = Renders.encoding(width: 1920, height: 1080)
  ) throws {
    let (attempt, input) = try attempt(encoding)
    let stopped = try stop(attempt, with: [signal])
    #expect(stopped.status == status)
    let last = try #require(stopped.text.split(separator: "\n").last)
    let ending = try JSONDecoder().decode(Ending.self, from: Data(last.utf8))
    #expect(ending.exit == Int(status) && ending.failure == "cancelled" && ending.diagnostics.isEmpty)
    #expect(!stopped.text.contains("Error: "), "being stopped is no failure")
    #expect(try attempt.files() == ["exit.json", "lock", "log.txt", "task.json"])
    #expect(attempt.hasResult(input.segments[0].key), "a finished segment survives")
    #expect(!attempt.hasResult(input.segments[1].key) && !attempt.hasResult(RenderTask.key(input)))
  }

  @Test func `SIGTERM during a render is exit code 143 and leaves nothing half made`() throws {
    try check(143, for: SIGTERM)
  }

  @Test func `SIGINT during a render is exit code 130 and leaves nothing half made`() throws {
    try check(130, for: SIGINT)
  }

  @Test func `SIGTERM in the middle of a group of pictures leaves nothing of the group`() throws {
    try check(143, for: SIGTERM, encoding: Renders.review(width: 1920, height: 1080))
  }

  @Test
  func `SIGKILL in the middle of a group of pictures leaves no result, and the next attempt makes it whole`()
    throws
  {
    let (attempt, input) = try attempt(Renders.review(width: 1920, height: 1080))
    let killed = try stop(attempt, with: [SIGKILL])
    #expect(killed.status == SIGKILL)
    #expect(attempt.hasResult(input.segments[0].key) && !attempt.hasResult(input.segments[1].key))
    let again = try attempt.run()
    #expect(again.ending.exit == 0, "\(again.finished.text)")
    #expect(again.finished.text.contains("(4 frames), made before"))
    #expect(attempt.hasResult(input.segments[1].key) && attempt.hasResult(RenderTask.key(input)))
  }

  @Test func `a worker that is started with signals blocked hears them all the same`() throws {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: Attempt.program)
    process.arguments = ["pool"]
    let (input, output) = (Pipe(), Pipe())
    process.standardInput = input
    process.standardOutput = output
    try Self.withSignals(SIG_BLOCK) { try process.run() }
    // It is ready when it says so, and ends with its input.
    #expect(!output.fileHandleForReading.availableData.isEmpty)
    let status = try String(contentsOfFile: "/proc/\(process.processIdentifier)/status", encoding: .utf8)
    try input.fileHandleForWriting.close()
    process.waitUntilExit()
    let line = try #require(status.split(separator: "\n").first { $0.hasPrefix("SigBlk:") })
    let blocked = try #require(UInt64(line.dropFirst(7).filter { !$0.isWhitespace }, radix: 16))
    #expect(blocked & (1 << UInt64(SIGTERM - 1) | 1 << UInt64(SIGINT - 1)) == 0)
  }
}
