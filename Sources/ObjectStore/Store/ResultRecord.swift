import Digests
package import TaskGraph

/// What a task made: the body of a result file.
package struct ResultRecord<Output: Codable & Sendable>: Codable, Sendable {
  package var schema: Int
  package var key: TaskKey
  package var kind: String
  package var version: Int
  package var output: Output
  /// Everything `output` refers to; must be in the store before the result is committed.
  package var objects: [ObjectReference]
  package var attempt: String
  /// Program and library builds that made it.
  package var tool: String
  /// ISO 8601, UTC.
  package var made: String

  package init(
    key: TaskKey, kind: String, version: Int, output: Output, objects: [ObjectReference] = [],
    attempt: String, tool: String, made: String = WallClock.now().iso8601
  ) {
    schema = resultSchema
    self.key = key
    self.kind = kind
    self.version = version
    self.output = output
    self.objects = objects
    self.attempt = attempt
    self.tool = tool
    self.made = made
  }
}

extension ResultRecord: Equatable where Output: Equatable {}

/// The schema number of result files; a file with a greater one was written by a newer program.
package let resultSchema = 1

/// A result without its output, for readers that do not know the kind.
package struct ResultHead: Codable, Hashable, Sendable {
  package var schema: Int
  package var key: TaskKey
  package var kind: String
  package var version: Int
  package var objects: [ObjectReference]
  package var attempt: String
  package var tool: String
  package var made: String
}
