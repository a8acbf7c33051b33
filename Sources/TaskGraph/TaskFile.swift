/// What a worker is told: one task, described completely, in `attempts/<id>/task.json`; or several small ones, a line
/// each, in `attempts/<id>/tasks.jsonl`.
///
/// The production is the folder that holds the file (`<production>/.interlock/attempts/<id>/task.json`), so
/// the file names no absolute path but those of the media.
package struct TaskFile<Input: Codable & Sendable>: Codable, Sendable {
  package var schema: Int
  package var attempt: String
  package var key: TaskKey
  package var kind: String
  package var version: Int
  package var label: String
  /// What the coordinator has set aside for the attempt; nil in files of other makers, who keep their own accounts.
  package var needs: TaskNeeds?
  package var input: Input

  package init(
    attempt: String, key: TaskKey, kind: String, version: Int, label: String, needs: TaskNeeds? = nil,
    input: Input
  ) {
    schema = taskFileSchema
    self.attempt = attempt
    self.key = key
    self.kind = kind
    self.version = version
    self.label = label
    self.needs = needs
    self.input = input
  }
}

/// The schema number of task files; a worker refuses any other.
package let taskFileSchema = 1

/// The head of a task file, read before the kind of its input is known.
package struct TaskFileHead: Codable, Sendable {
  package var schema: Int
  package var attempt: String
  package var key: TaskKey
  package var kind: String
  package var version: Int
  package var label: String
  package var needs: TaskNeeds?
}
