/// The metrics of a run, in the order in which they are written. Labels are names of stages, kinds of tasks and of
/// resources: all bounded by the pipeline, never by the material.
package enum MetricCatalogue {
  private static let durations: [Double] = [
    0.01, 0.05, 0.1, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1_800, 3_600, 14_400,
  ]
  private static let commits: [Double] = [
    0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1, 10,
  ]

  package static let all: [MetricDescription] = [
    gauge("interlock_info", "Always 1; labels name the programme and the version of the program."),
    gauge("interlock_run_active", "1 while a run goes on, 0 when it has ended."),
    gauge("interlock_run_start_time_seconds", "When the run began, in seconds since 1970."),
    gauge("interlock_run_elapsed_seconds", "How long the run has been going on, or took."),
    gauge(
      "interlock_run_exit_code", "Exit code of the run that ended last, as documented for the command line."),
    gauge("interlock_tasks", "Tasks of the present run by stage and state."),
    counter("interlock_tasks_ended_total", "Tasks that came to an end, by stage, kind and outcome."),
    gauge("interlock_tasks_ready", "Tasks that could start, were there a place for them."),
    gauge("interlock_tasks_waiting", "Tasks that wait, by what they wait for."),
    counter("interlock_attempts_started_total", "Attempts that began, by kind of task."),
    counter("interlock_attempts_ended_total", "Attempts that ended, by kind of task and outcome."),
    counter("interlock_retries_total", "Attempts that are repeated, by class of failure."),
    counter("interlock_workers_lost_total", "Workers that ended without a word while they had a task."),
    counter(
      "interlock_ignored_reports_total", "Reports that were not of the current attempt, or no reports."),
    gauge("interlock_attempts_running", "Attempts that go on, by place."),
    gauge("interlock_workers", "Places for worker processes."),
    gauge("interlock_frames_planned", "Frames that the present run makes, by stage."),
    counter("interlock_frames_made_total", "Frames of tasks done, by stage."),
    gauge("interlock_deliverable_frames", "Frames of each deliverable, by where they come from."),
    counter("interlock_cpu_seconds_total", "User and system time of workers, by stage."),
    counter("interlock_written_bytes_total", "Size of the objects put into the store, by stage."),
    gauge(
      "interlock_attempt_peak_memory_bytes", "Largest resident memory of any attempt so far, by kind of task."
    ),
    MetricDescription(
      name: "interlock_attempt_duration_seconds", kind: .histogram,
      help: "Length of the attempts that succeeded, by kind of task.", buckets: durations),
    MetricDescription(
      name: "interlock_queue_wait_seconds", kind: .histogram,
      help: "How long attempts could have started before they did.", buckets: durations),
    MetricDescription(
      name: "interlock_ledger_commit_seconds", kind: .histogram, help: "How long commits of the ledger took.",
      buckets: commits),
  ]

  private static func gauge(_ name: String, _ help: String) -> MetricDescription {
    MetricDescription(name: name, kind: .gauge, help: help)
  }

  private static func counter(_ name: String, _ help: String) -> MetricDescription {
    MetricDescription(name: name, kind: .counter, help: help)
  }
}
