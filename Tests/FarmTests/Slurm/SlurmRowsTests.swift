import Engine
import Farm
import Testing

/// What `squeue`, `sbatch` and `scontrol` print, as different versions do.
@Suite struct `Slurm's answers` {
  private func rows(json jobs: String) -> [SlurmRow]? {
    SlurmRows.reading(
      json: Array(#"{"meta": {}, "errors": [], "jobs": [\#(jobs)]}"#.utf8), comments: "interlock ")
  }

  @Test func `the JSON of 22.05 is read: numbers are plain, the exit code is a wait status`() {
    let job = #"""
      {"job_id": 4, "array_job_id": 3, "array_task_id": 0, "array_task_string": "", "job_state": "FAILED",
       "state_reason": "NonZeroExitCode", "exit_code": 768, "batch_host": "vm", "comment": "interlock R.1"}
      """#
    #expect(
      rows(json: job) == [
        SlurmRow(
          id: SlurmJobID(3, element: 0), state: .over(.failed(waitStatus: 768)), node: "vm",
          comment: "interlock R.1")
      ])
  }

  @Test func `the JSON of 23.02 and later is read: objects for numbers, a list for the state`() {
    let job = #"""
      {"job_id": 5, "array_job_id": {"set": true, "infinite": false, "number": 3},
       "array_task_id": {"set": true, "number": 7}, "array_task_string": "", "job_state": ["FAILED"],
       "state_reason": "JobLaunchFailure", "comment": "interlock R.2", "batch_host": "n1",
       "exit_code": {"status": ["SIGNALED"], "return_code": {"set": false, "number": 0},
                     "signal": {"id": {"set": true, "number": 11}, "name": "SEGV"}}},
      {"job_id": 6, "array_job_id": {"set": true, "number": 0}, "array_task_id": {"set": false, "number": 0},
       "job_state": ["RUNNING"], "comment": "interlock R.3", "batch_host": ""},
      {"job_id": 9, "job_state": ["CANCELLED", "COMPLETING"], "comment": "interlock R.4"},
      {"job_id": 10, "job_state": ["RUNNING"], "comment": "somebody else's"}
      """#
    #expect(
      rows(json: job) == [
        SlurmRow(
          id: SlurmJobID(3, element: 7), state: .over(.failed(waitStatus: 11)), node: "n1",
          comment: "interlock R.2"),
        SlurmRow(id: SlurmJobID(6), state: .running, comment: "interlock R.3"),
        // Its processes are still being ended.
        SlurmRow(id: SlurmJobID(9), state: .running, comment: "interlock R.4"),
      ])
  }

  @Test func `what waits of an array is one job with a list of elements`() {
    let job = #"""
      {"job_id": 3, "array_job_id": 3, "array_task_id": null, "array_task_string": "1,4-6%2",
       "job_state": "PENDING", "state_reason": "Licenses", "exit_code": 0, "comment": "interlock R.1"}
      """#
    #expect(rows(json: job)?.map(\.id.element) == [1, 4, 5, 6])
    #expect(rows(json: job)?.allSatisfy { $0.state == .queued(reason: "Licenses") } == true)
    let cancelled = #"""
      {"job_id": 3, "array_job_id": 3, "array_task_id": null, "array_task_string": "", "job_state": "CANCELLED",
       "state_reason": "Resources", "exit_code": 0, "comment": "interlock R.1"}
      """#
    #expect(
      rows(json: cancelled) == [
        SlurmRow(id: SlurmJobID(3), state: .over(.cancelled), comment: "interlock R.1")
      ])
  }

  @Test func `what is no answer is none`() {
    #expect(SlurmRows.reading(json: Array("".utf8), comments: "") == nil)
    #expect(SlurmRows.reading(json: Array("squeue: error".utf8), comments: "") == nil)
    #expect(
      SlurmRows.reading(json: Array(#"{"errors": [{"error": "no"}], "jobs": []}"#.utf8), comments: "") == nil)
    #expect(rows(json: "") == [])
    #expect(SlurmRows.reading(text: "17 RUNNING", comments: "") == nil)
    #expect(SlurmRows.reading(text: "slurm_load_jobs error", comments: "") == nil)
  }

  /// Columns as wide as `SlurmRows.textFormat` asks for.
  private func line(
    _ id: String, _ state: String, _ reason: String, _ code: String, _ node: String, _ comment: String
  )
    -> String
  {
    zip([id, state, reason, code, node, comment], [64, 64, 256, 16, 256, 512])
      .map { text, width in text + String(repeating: " ", count: width - text.count) }.joined()
  }

  @Test func `the text form says the same`() {
    let text = [
      line("3_7", "FAILED", "NonZeroExitCode", "256", "n1", "interlock R.2"),
      line("3_[8-9%2]", "PENDING", "Resources", "0", "", "interlock R.2"),
      line("12", "COMPLETED", "None", "0", "n2", "another's"),
    ].joined(separator: "\n")
    #expect(
      SlurmRows.reading(text: text, comments: "interlock ") == [
        SlurmRow(
          id: SlurmJobID(3, element: 7), state: .over(.failed(waitStatus: 256)), node: "n1",
          comment: "interlock R.2"),
        SlurmRow(
          id: SlurmJobID(3, element: 8), state: .queued(reason: "Resources"), comment: "interlock R.2"),
        SlurmRow(
          id: SlurmJobID(3, element: 9), state: .queued(reason: "Resources"), comment: "interlock R.2"),
      ])
  }

  @Test(arguments: [
    (ProgramAnswer(status: 0, output: "17\n"), SubmitAnswer.accepted(job: 17)),
    (ProgramAnswer(status: 0, output: "Welcome to the cluster\n18;west\n"), .accepted(job: 18)),
    (ProgramAnswer(status: 0, output: ""), .unknown("sbatch named no job")),
    (
      ProgramAnswer(
        status: 1, errors: "sbatch: error: Batch job submission failed: Socket timed out on send/recv"),
      .unknown("Batch job submission failed: Socket timed out on send/recv")
    ),
    (
      ProgramAnswer(
        status: 1,
        errors:
          "sbatch: error: Batch job submission failed: Unable to contact slurm controller (connect failure)"),
      .notNow("Batch job submission failed: Unable to contact slurm controller (connect failure)")
    ),
    (
      ProgramAnswer(
        status: 1,
        errors: "sbatch: error: QOSMaxSubmitJobPerUserLimit\nsbatch: error: Batch job submission failed"),
      .notNow("QOSMaxSubmitJobPerUserLimit")
    ),
    (
      ProgramAnswer(status: 1, errors: "sbatch: error: invalid partition specified: nowhere"),
      .refusedAll("invalid partition specified: nowhere")
    ),
    (
      ProgramAnswer(
        status: 1,
        errors: "sbatch: error: resolve_ctls_from_dns_srv: res_nsearch error: Unknown host\n"
          + "sbatch: fatal: Could not establish a configuration source"),
      .refusedAll("Could not establish a configuration source")
    ),
    (
      ProgramAnswer(
        status: 1,
        errors: "sbatch: error: s_p_parse_file: unable to status file /gone: No such file or directory\n"
          + "sbatch: fatal: Unable to process configuration file"),
      .refusedAll("Unable to process configuration file")
    ),
    (
      ProgramAnswer(
        status: 1,
        errors: "sbatch: error: Batch job submission failed: Requested node configuration is not available"),
      .refused("Batch job submission failed: Requested node configuration is not available")
    ),
  ])
  func `an answer of sbatch is sorted by what to do about it`(answer: ProgramAnswer, meaning: SubmitAnswer) {
    #expect(SlurmClient.submitAnswer(answer) == meaning)
  }

  @Test func `an unknown state is no end`() {
    #expect(SlurmState(names: ["HIBERNATING"], reason: "", waitStatus: nil) == .running)
    #expect(SlurmState(names: ["CANCELLED by 0"], reason: "", waitStatus: nil) == .over(.cancelled))
    #expect(SlurmState(names: [], reason: "", waitStatus: nil) == .running)
  }
}
