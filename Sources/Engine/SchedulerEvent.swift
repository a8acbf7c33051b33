package import TaskGraph

/// What happened to a task, told to the scheduler.
///
/// Reports name the attempt by its number: one that is late or comes twice is about an attempt that is over, and
/// changes nothing.
package enum SchedulerEvent: Sendable, Hashable {
  /// The run begins; sent once, before anything else.
  case begin
  /// A place to run one task became free.
  case opened(TaskPlace)
  /// The task's result is in the store.
  case finished(Int, try: Int)
  /// The attempt said why it made no result; `commits` of the task's results are in the store by now.
  case failed(Int, try: Int, WorkerEvent.FailureClass, commits: Int)
  /// The attempt ended without a word; `commits` of the task's results are in the store by now.
  case lost(Int, try: Int, LossCause, commits: Int)
  /// The attempt is over and never came to this one of its tasks: nothing happened to it.
  case untouched(Int, try: Int)
  /// Such a task took so long; small ones travel together.
  case took(Int, seconds: Double)
  /// The pause that `SchedulerEffect.pause` asked for is over.
  case due(Int)
  /// Nothing new starts from here on.
  case cancel
}

/// Why an attempt ended without a word.
package enum LossCause: String, Codable, Sendable {
  /// The worker crashed, hung, broke the protocol or never started: the task itself may be the reason.
  case crash
  /// Somebody stopped the worker (SIGKILL, SIGTERM): a full machine or a person, rarely the task.
  case killed
}

/// What the engine has to do next.
package enum SchedulerEffect: Sendable, Hashable {
  /// Start the task in a free place of its kind; `try` counts its attempts from 1.
  case start(Int, try: Int)
  /// Let the attempt that was started just before do this task, too, after those it has: it occupies nothing of its own,
  /// and what the attempt occupies is free when the last of its tasks has ended.
  case join(Int, try: Int)
  /// Send `.due` for the task after the pause.
  case pause(Int, Duration)
  /// The task will not run again in this run.
  case settled(Int, TaskOutcome)
  /// Ask everything that runs to stop: the run ends with its first failure.
  case halt
  /// Nothing runs and nothing will.
  case over
}

/// The final state of a task in one run.
package enum TaskOutcome: Sendable, Hashable {
  case done
  /// It failed by its own account, or what it needs from its surroundings did not come back in time.
  case failed(WorkerEvent.FailureClass)
  /// Its attempts kept ending without a word and without new results; `attempts` of them in a row.
  case poisoned(LossCause, attempts: Int)
  /// The dependency with this index failed or is blocked itself.
  case blocked(by: Int)
}
