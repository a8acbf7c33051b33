import Monitoring
import Testing

@Suite struct RunBoardTests {
  private func board(_ build: (inout EventScript) -> Void) throws -> RunBoard {
    var script = EventScript()
    script.add(
      "runStarted", at: 0,
      #""schema":1,"host":"render1","processID":77,"workers":2,"total":3,"frames":96,"stages":[{"stage":"grade","tasks":2,"frames":96},{"stage":"mix","tasks":1,"frames":0}]"#
    )
    build(&script)
    var board = RunBoard()
    for event in try script.events() { board.apply(event) }
    return board
  }

  private func lines(
    _ board: RunBoard, state: RunState = .running, seconds: Double = 20, width: Int = 110, height: Int = 40,
    style: TerminalStyle = .plain
  ) -> [String] {
    var text = BoardText(board, state: state, programme: "short-film", seconds: seconds)
    (text.width, text.height, text.style) = (width, height, style)
    return text.lines()
  }

  @Test func `a running task is shown with its worker, its time and its frames until it ends`() throws {
    let running = try board { script in
      script.add("attemptStarted", at: 2, #""attempt":"A","worker":1,"total":48"#, task: "grade one")
      script.add("progress", at: 10, #""attempt":"A","worker":1,"frames":24,"total":48"#, task: "grade one")
    }
    #expect(running.running.map(\.label) == ["grade one"])
    #expect(running.running.map(\.frames) == [24])
    let text = lines(running).joined(separator: "\n")
    #expect(text.contains("worker 1"))
    #expect(text.contains("24/48"))
    #expect(text.contains("18 s"), "since the attempt began, not since its last word")
    #expect(text.contains("1 of 2 workers busy"))
    let ended = try board { $0.attempt("grade one", worker: 1, 2, 12) }
    #expect(ended.running.isEmpty)
  }

  @Test func `a task that failed for good replaces what was said of its attempts`() throws {
    let board = try board { script in
      script.add("workerLost", at: 3, #""attempt":"A","worker":1,"message":"crashed""#, task: "grade one")
      script.add("retrying", at: 3, #""pause":1.0,"message":"crashed""#, task: "grade one")
      #expect(script.lines.count == 3)
      script.add(
        "taskFailed", at: 9,
        #""exit":3,"failure":"media","diagnostics":[{"severity":"error","family":3,"code":"media.bad","message":"the file ends early"}]"#,
        task: "grade one")
    }
    #expect(board.troubles.map(\.message) == ["the file ends early"])
    #expect(board.troubles.map(\.isFinal) == [true])
    #expect(board.tasksFailed == 1)
    #expect(board.tasksRetried == 1)
    #expect(lines(board).contains { $0.contains("✗") && $0.contains("the file ends early") })
  }

  @Test func `what tasks wait for is said, and no more once the run is over`() throws {
    var waiting = try board { script in
      script.add(
        "queue", at: 1,
        #""ready":2,"waits":[{"reason":"licence nuke","tasks":2},{"reason":"earlier tasks","tasks":1}]"#)
    }
    #expect(
      lines(waiting).contains { $0.contains("2 for licence nuke") && $0.contains("1 for earlier tasks") })
    var script = EventScript()
    script.add("runFinished", at: 30, #""exit":0,"frames":96,"total":3"#)
    for event in try script.events() { waiting.apply(event) }
    #expect(!lines(waiting, state: .finished(0)).contains { $0.contains("licence") })
    #expect(lines(waiting, state: .finished(0))[0].contains("done"))
  }

  @Test func `a dead coordinator, a silent one and a failed run are told apart`() throws {
    let board = try board { _ in }
    #expect(lines(board, state: .lost)[0].contains("its coordinator is gone (process 77)"))
    #expect(lines(board, state: .silent(45))[0].contains("no word for 45 s"))
    #expect(lines(board, state: .finished(3))[0].contains("failed"))
    #expect(lines(board, state: .finished(130))[0].contains("cancelled"))
  }

  @Test func `a name cannot drive the terminal, and no line is wider than it`() throws {
    let board = try board { script in
      script.add(
        "attemptStarted", at: 2, #""worker":1,"total":48"#,
        task: #"grade \u001b[2Jevil \u202e 編集編集編集編集編集編集編集編集編集編集編集"#)
    }
    for style in [TerminalStyle.plain, .coloured] {
      for width in [30, 60, 110] {
        for line in lines(board, width: width, style: style) {
          let visible = line.replacing(/\u{1B}\[[0-9]+m/, with: "")
          #expect(!visible.contains("\u{1B}"), "only our own tones: \(line)")
          #expect(!visible.unicodeScalars.contains("\u{202E}"))
          #expect(TerminalText.width(visible) <= width, "\(width): \(visible)")
        }
      }
    }
  }

  @Test func `a busy farm fits the height of the terminal`() throws {
    let board = try board { script in
      for worker in 1...60 {
        script.add("attemptStarted", at: 2, "\"worker\":\(worker),\"total\":48", task: "grade \(worker)")
      }
    }
    let text = lines(board, height: 24)
    #expect(text.count <= 24)
    #expect(text.contains { $0.contains("more tasks") })
  }

  @Test(arguments: [
    (0.4, "0 s"), (59.6, "1:00 min"), (189, "3:09 min"), (3599, "59:59 min"), (8_100, "2:15 h"),
  ])
  func `lengths of time read well`(seconds: Double, text: String) {
    #expect(DisplayTime.text(seconds) == text)
  }
}
