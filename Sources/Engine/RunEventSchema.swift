/// What a line of `runs/<ulid>/events.jsonl` may hold: the one description behind `interlock schema --events`.
///
/// A test holds it against `RunEvent`, and the lines of real runs against it.
package enum RunEventSchema {
  /// The shape of a field, in the words of JSON Schema.
  package enum Shape: Sendable {
    case text
    case count
    case seconds
    case bytes
    case flag
    /// A SHA-256 as 64 hexadecimal digits.
    case key
    /// A ULID.
    case ulid
    case choice([String])
    case diagnostics
    case stageTotals
    case waitingCounts
  }

  package struct Field: Sendable {
    package var name: String
    package var shape: Shape
    package var summary: String
  }

  package struct Kind: Sendable {
    package var kind: RunEvent.Kind
    package var summary: String
    /// Fields that a line of this kind always has, besides those that all have.
    package var required: [String]
    package var optional: [String]
  }

  /// What holds for the file as a whole.
  package static let guarantees = [
    "One JSON object a line, UTF-8, in order; `seconds` never goes back. Times are of the coordinator's clocks.",
    "The first line is `runStarted`, the last `runFinished`. Without the last the run was killed: what it had made "
      + "is in the results, and up to the last 250 ms of lines may be missing or torn.",
    "Every `attemptStarted` is followed by one `attemptEnded` of the same task, unless the run was killed. Every task "
      + "ends with at most one of `taskDone`, `taskFailed`, `taskBlocked`; a cancelled run leaves tasks without any.",
    "The file tells; it does not decide. What was made is known from the result files alone.",
    "A line at least every ten seconds while a run goes on (`queue`).",
    "The file is never rotated, as one run has one file. Its size is bounded by the plan: for each task about 400 bytes "
      + "for `taskDone`, 900 for each attempt, 350 for each result; one `progress` a second for each worker and "
      + "one `queue` a second at most.",
    "Fields and kinds are added, never renamed; readers skip what they do not know. `schema` rises when a field "
      + "changes its meaning.",
  ]

  /// Fields that every line has.
  package static let common = ["event", "at", "seconds", "run"]

  private static let task = ["task", "kind", "stage", "label"]

  package static let kinds: [Kind] = [
    Kind(
      kind: .runStarted,
      summary: "The plan is on disk and work begins: `total` tasks, `frames` frames, by stage in `stages`.",
      required: ["schema", "host", "processID", "workers", "total", "frames", "stages"], optional: []),
    Kind(
      kind: .workerStarted, summary: "A worker process runs in place `worker`.",
      required: ["worker", "processID"], optional: []),
    Kind(
      kind: .attemptStarted,
      summary: "An attempt at a task begins: in place `worker`, or in the coordinator when that is missing.",
      required: task + ["number", "waited"], optional: ["attempt", "worker", "total"]),
    Kind(
      kind: .progress,
      summary: "`frames` of `total` frames of the task are made; at most once a second and worker.",
      required: task + ["attempt"], optional: ["worker", "frames", "total", "message"]),
    Kind(
      kind: .committed,
      summary: "The result `key` was published: a segment, or the task's own when it equals `task`.",
      required: task + ["attempt", "key"], optional: ["frames", "isFirst"]),
    Kind(
      kind: .attemptEnded,
      summary:
        "An attempt is over. What it used is missing where its worker ended without a word. Small tasks may share an "
        + "attempt: they begin one after the other, and `duration` is the work of each, without the wait until the "
        + "results are published together.",
      required: task + ["number", "duration", "outcome"],
      optional: [
        "attempt", "worker", "cpuSeconds", "peakMemoryBytes", "writtenBytes", "failure", "exit", "message",
      ]),
    Kind(
      kind: .workerLost,
      summary:
        "A worker ended while it had a task; its work is given to another. `message` says how it ended.",
      required: task + ["attempt", "worker", "message"], optional: []),
    Kind(
      kind: .retrying, summary: "The task is tried again after `pause` seconds; `message` says why.",
      required: task + ["pause"], optional: ["attempt", "failure", "message"]),
    Kind(
      kind: .taskDone, summary: "The task's result is in the store.",
      required: task + ["frames", "total"], optional: ["attempt"]),
    Kind(
      kind: .taskFailed,
      summary: "The task failed for good; `diagnostics` say why, `exit` is the code of their kind.",
      required: task + ["exit", "failure", "diagnostics"], optional: ["attempt"]),
    Kind(
      kind: .taskBlocked, summary: "The task cannot run, because the one that `message` names failed.",
      required: task + ["message"], optional: []),
    Kind(
      kind: .queue,
      summary:
        "`ready` tasks could start, were there a place; `waits` says how many wait for what. Written when that "
        + "has changed, and every ten seconds as a sign of life.",
      required: ["ready", "waits"], optional: []),
    Kind(
      kind: .cancelling,
      summary: "Somebody asked the run to stop: nothing new starts, running work hands itself back.",
      required: [], optional: ["message"]),
    Kind(
      kind: .contained,
      summary: "A worker did what it must not and was stopped or cleaned up after; `message` names it.",
      required: ["message"], optional: []),
    Kind(
      kind: .ignored,
      summary:
        "A report of an attempt that is not the current one, or a line that is no event; counted, not believed.",
      required: ["message"], optional: []),
    Kind(
      kind: .runFinished,
      summary:
        "The end: `total` tasks and `frames` frames were made; `exit` as documented for the command line.",
      required: ["exit", "frames", "total"], optional: []),
    Kind(
      kind: .quarantined,
      summary: "The task was poison in an earlier run; `message` says how, and that it is tried once.",
      required: task + ["message"], optional: []),
    Kind(
      kind: .waitingForProduction,
      summary:
        "For observers only, before a run: another coordinator works in the production; `message` says who.",
      required: [], optional: ["message"]),
    Kind(
      kind: .waitingForAttempt,
      summary:
        "For observers only, before a run: an attempt of an earlier coordinator still works, we wait for it.",
      required: ["attempt"], optional: ["message"]),
    Kind(
      kind: .attemptRecovered,
      summary:
        "For observers only, before a run: an attempt of an earlier coordinator is over, `total` results of it "
        + "are indexed.",
      required: ["attempt", "total"], optional: []),
  ]

  package static let fields: [Field] = [
    Field(name: "event", shape: .choice(RunEvent.Kind.allCases.map(\.rawValue)), summary: "What happened."),
    Field(name: "at", shape: .text, summary: "Time of day, ISO 8601 in UTC with milliseconds."),
    Field(
      name: "seconds", shape: .seconds, summary: "Since the run began, by a clock that only goes forward."),
    Field(name: "run", shape: .ulid, summary: "The run; the name of its folder."),
    Field(name: "task", shape: .key, summary: "Key of the task."),
    Field(name: "kind", shape: .text, summary: "Kind of the task, e.g. `render`."),
    Field(name: "stage", shape: .text, summary: "Stage of the pipeline that asked for the task."),
    Field(
      name: "label", shape: .text, summary: "What a person calls the task. May hold any text of a cut file."),
    Field(
      name: "attempt", shape: .ulid, summary: "The attempt; the name of its folder in `.interlock/attempts`."),
    Field(name: "worker", shape: .count, summary: "Number of the place for a worker process, from 1."),
    Field(name: "processID", shape: .count, summary: "Process of the worker, or of the coordinator."),
    Field(name: "key", shape: .key, summary: "Key of a published result."),
    Field(
      name: "isFirst", shape: .flag, summary: "False when another attempt had published the same key before."),
    Field(name: "frames", shape: .count, summary: "Frames made."),
    Field(name: "total", shape: .count, summary: "Frames of the task, or tasks of the run."),
    Field(name: "pause", shape: .seconds, summary: "Until the task is tried again."),
    Field(name: "exit", shape: .count, summary: "Exit code, as documented for the command line."),
    Field(
      name: "failure",
      shape: .choice(["user", "media", "application", "infrastructure", "licence", "cancelled"]),
      summary: "Who has to act: `user` and `media` are not tried again."),
    Field(name: "message", shape: .text, summary: "One sentence for people."),
    Field(
      name: "diagnostics", shape: .diagnostics, summary: "Findings as every command prints them with --json."),
    Field(name: "stages", shape: .stageTotals, summary: "Tasks and frames of each stage, in plan order."),
    Field(name: "schema", shape: .count, summary: "Version of this format."),
    Field(name: "host", shape: .text, summary: "Machine of the coordinator."),
    Field(name: "workers", shape: .count, summary: "Places for worker processes."),
    Field(name: "number", shape: .count, summary: "Which attempt at the task in this run it is, from 1."),
    Field(
      name: "waited", shape: .seconds,
      summary:
        "From when it could have started (what it waited for was done, or the attempt before had ended) to its "
        + "start."),
    Field(
      name: "outcome", shape: .choice(AttemptEnding.allCases.map(\.rawValue)),
      summary: "How the attempt ended."),
    Field(name: "duration", shape: .seconds, summary: "From the start of the attempt to its end."),
    Field(
      name: "cpuSeconds", shape: .seconds,
      summary: "User and system time of the worker and its children during the attempt."),
    Field(
      name: "peakMemoryBytes", shape: .bytes,
      summary: "Largest resident memory of the worker during the attempt."),
    Field(
      name: "writtenBytes", shape: .bytes, summary: "Size of the objects the attempt put into the store."),
    Field(name: "ready", shape: .count, summary: "Tasks that could start, were there a place."),
    Field(name: "waits", shape: .waitingCounts, summary: "How many tasks wait, by what they wait for."),
  ]
}
