import Engine
import Farm
import Synchronization
import Testing

/// What is asked of Slurm when its answers are not what was hoped for.
@Suite struct `Slurm client` {
  /// Commands that answer by what they are asked, and remember it.
  private final class Answers: SlurmTools {
    private let answer: @Sendable (String) -> ProgramAnswer
    private let asked = Mutex<[String]>([])

    init(_ answer: @escaping @Sendable (String) -> ProgramAnswer) { self.answer = answer }

    var calls: [String] { asked.withLock { $0 } }

    func call(_ tool: String, _ arguments: [String], limit: Duration) async -> ProgramAnswer {
      let words = ([tool] + arguments).joined(separator: " ")
      asked.withLock { $0.append(words) }
      return answer(words)
    }
  }

  private static let row =
    "17".padded(64) + "RUNNING".padded(64) + "None".padded(256) + "0".padded(16) + "n1".padded(256)
    + "interlock R.1"
  private static let found = [
    SlurmRow(id: SlurmJobID(17), state: .running, node: "n1", comment: "interlock R.1")
  ]

  @Test(arguments: [
    ProgramAnswer(status: 1, errors: "squeue: unrecognized option '--json'"),
    ProgramAnswer(status: 1, errors: "squeue: fatal: Unable to find serializer/json"),
    // A release that has changed everything.
    ProgramAnswer(status: 0, output: #"{"jobs": {"17": {"state": "RUNNING"}}}"#),
    ProgramAnswer(status: 0, output: "JSON is a paid feature"),
  ]) func `without JSON that is understood the text is asked for, and only that from then on`(
    answer: ProgramAnswer
  )
    async
  {
    let tools = Answers { $0.contains("--json") ? answer : ProgramAnswer(status: 0, output: Self.row + "\n") }
    let client = SlurmClient(tools)
    var prefersText = false
    #expect(await client.list(runs: ["R", "S"], prefersText: &prefersText) == Self.found)
    #expect(prefersText)
    #expect(await client.list(runs: ["R", "S"], prefersText: &prefersText) == Self.found)
    #expect(tools.calls.count { $0 == "squeue --json" } == 1)
    #expect(tools.calls.last?.contains(" --array --states=all --name=R,S ") == true)
  }

  @Test(arguments: [
    ProgramAnswer(status: nil, errors: "squeue did not answer"),
    ProgramAnswer(
      status: 1, errors: "slurm_load_jobs error: Unable to contact slurm controller (connect failure)"),
    ProgramAnswer(status: 1, errors: "slurm_load_jobs error: Socket timed out on send/recv operation"),
  ]) func `silence is no answer, and JSON is asked for again`(answer: ProgramAnswer) async {
    let tools = Answers { _ in answer }
    var prefersText = false
    #expect(await SlurmClient(tools).list(runs: ["R"], prefersText: &prefersText) == nil)
    #expect(!prefersText && tools.calls == ["squeue --json"])
    prefersText = true
    #expect(await SlurmClient(tools).list(runs: ["R"], prefersText: &prefersText) == nil)
  }

  @Test func `answers of many megabytes are asked for as text the next time`() async {
    let others = String(repeating: #"{"job_id": 1, "comment": "another's"},"#, count: 120_000)
    let mine = #"{"job_id": 17, "job_state": ["RUNNING"], "batch_host": "n1", "comment": "interlock R.1"}"#
    let tools = Answers { _ in ProgramAnswer(status: 0, output: #"{"jobs": [\#(others)\#(mine)]}"#) }
    var prefersText = false
    #expect(await SlurmClient(tools).list(runs: ["R"], prefersText: &prefersText) == Self.found)
    #expect(prefersText)
  }

  @Test(
    arguments: [
      (
        ProgramAnswer(status: 1, errors: "slurm_load_jobs error: Invalid job id specified"),
        SlurmState.over(.vanished)
      ),
      (ProgramAnswer(status: 0, output: "Job 3_7 not found\n"), .over(.vanished)),
      (
        ProgramAnswer(status: 0, output: "JobId=3 JobState=PENDING Reason=Resources ExitCode=0:0"),
        .queued(reason: "Resources")
      ),
      (
        ProgramAnswer(status: 0, output: "JobId=3 JobState=FAILED Reason=NonZeroExitCode ExitCode=3:0"),
        .over(.failed(waitStatus: 768))
      ),
      (
        ProgramAnswer(status: 0, output: "JobId=3 JobState=FAILED Reason=JobLaunchFailure ExitCode=0:9"),
        .over(.failed(waitStatus: 9))
      ), (ProgramAnswer(status: 1, errors: "Unable to contact slurm controller"), nil),
      (ProgramAnswer(status: nil, errors: "scontrol did not answer"), nil),
    ] as [(ProgramAnswer, SlurmState?)])
  func `one job is asked for by name, and only its own word is its end`(
    answer: ProgramAnswer, state: SlurmState?
  )
    async
  {
    let tools = Answers { _ in answer }
    #expect(await SlurmClient(tools).state(of: SlurmJobID(3, element: 7)) == state)
    #expect(tools.calls == ["scontrol show job --oneliner 3_7"])
  }

  @Test func `many jobs are cancelled in commands of a thousand`() async {
    let tools = Answers { _ in ProgramAnswer(status: 0) }
    #expect(await SlurmClient(tools).cancel((1...2500).map { SlurmJobID($0) }))
    #expect(tools.calls.map { $0.split(separator: " ").count } == [1001, 1001, 501])
    let deaf = Answers { _ in ProgramAnswer(status: 1, errors: "scancel: error: Unable to contact") }
    #expect(!(await SlurmClient(deaf).cancel([SlurmJobID(1)])))
  }
}

extension String {
  fileprivate func padded(_ width: Int) -> String { self + String(repeating: " ", count: width - count) }
}
