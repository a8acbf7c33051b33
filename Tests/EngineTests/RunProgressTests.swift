import Digests
import Engine
import FoundationEssentials
import TaskGraph
import Testing

@Suite struct RunProgressTests {
  /// Events as a reader of `events.jsonl` gets them.
  private func progress(_ lines: [String]) throws -> RunProgress {
    var progress = RunProgress()
    for line in lines {
      let text = line.replacing("TASK", with: "\"task\":\"\(key("one"))\",\"stage\":\"grade\"")
        .replacing("OTHER", with: "\"task\":\"\(key("two"))\",\"stage\":\"master\"")
      progress.apply(try JSONDecoder().decode(RunEvent.self, from: Data(text.utf8)))
    }
    return progress
  }

  private let start = """
    {"event":"runStarted","at":"","seconds":0,"stages":[{"stage":"grade","tasks":2,"frames":100},\
    {"stage":"master","tasks":1,"frames":0}]}
    """

  @Test func `tasks and frames are counted for each stage`() throws {
    let progress = try progress([
      start, #"{"event":"attemptStarted","at":"","seconds":1,TASK}"#,
      #"{"event":"progress","at":"","seconds":2,TASK,"frames":30,"total":60}"#,
      #"{"event":"taskBlocked","at":"","seconds":2,OTHER}"#,
    ])
    #expect(progress.stages.map(\.name) == ["grade", "master"])
    #expect(progress.stages[0].framesDone == 30)
    #expect(progress.stages[0].tasksRunning == 1)
    #expect(progress.stages[0].tasksDone == 0)
    #expect(progress.stages[1].tasksBlocked == 1)
    #expect(progress.framesTotal == 100)
    #expect(progress.tasksTotal == 3)
  }

  @Test func `frames of a repeated attempt count once`() throws {
    let progress = try progress([
      start, #"{"event":"attemptStarted","at":"","seconds":1,TASK}"#,
      #"{"event":"progress","at":"","seconds":2,TASK,"frames":30}"#,
      #"{"event":"workerLost","at":"","seconds":3,TASK}"#,
      #"{"event":"attemptStarted","at":"","seconds":4,TASK}"#,
      #"{"event":"progress","at":"","seconds":5,TASK,"frames":10}"#,
      #"{"event":"progress","at":"","seconds":6,TASK,"frames":35}"#,
      #"{"event":"taskDone","at":"","seconds":7,TASK,"frames":60}"#,
    ])
    #expect(progress.framesDone == 60)
    #expect(progress.workersLost == 1)
    #expect(progress.tasksDone == 1)
    #expect(progress.stages[0].tasksRunning == 0)
  }

  @Test func `speed and remaining time follow the last twelve seconds`() throws {
    var lines = [start]
    // One frame a second for twenty seconds, then five a second.
    for second in 1...20 {
      lines.append(#"{"event":"progress","at":"","seconds":\#(second),TASK,"frames":\#(second)}"#)
    }
    #expect(try progress(lines).framesPerSecond() == 1)
    #expect(try progress(lines).secondsRemaining() == 80)
    for second in 21...32 {
      lines.append(
        #"{"event":"progress","at":"","seconds":\#(second),TASK,"frames":\#(20 + 5 * (second - 20))}"#)
    }
    #expect(try progress(lines).framesPerSecond() == 5)
    #expect(try progress(lines).secondsRemaining() == 4)
    // Nobody reports any more: the speed falls, then it is unknown.
    let slow = try #require(try progress(lines).framesPerSecond(at: 38))
    #expect(slow < 5)
    #expect(try progress(lines).framesPerSecond(at: 60) == nil)
    #expect(try progress(lines).secondsRemaining(at: 60) == nil)
  }

  @Test func `before the first frame nothing is promised`() throws {
    #expect(try progress([start]).framesPerSecond(at: 10) == nil)
    #expect(try progress([start]).secondsRemaining(at: 10) == nil)
  }
}
