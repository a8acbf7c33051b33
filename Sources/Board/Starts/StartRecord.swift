/// What somebody started from the board: a command of `interlock`, with the words that anybody could type.
package struct StartRecord: Codable, Hashable, Sendable {
  package enum Verb: String, Codable, Sendable {
    case run, conform
  }

  package var schema = 1
  /// ULID.
  package var id: String
  package var verb: Verb
  package var programme: String?
  /// Name of the cut.
  package var cut: String?
  /// Arguments of `interlock`.
  package var arguments: [String]
  package var by: String
  /// ISO 8601, UTC.
  package var made: String

  package init(
    id: String, verb: Verb, programme: String?, cut: String?, arguments: [String], by: String, made: String
  ) {
    (self.id, self.verb, self.programme, self.cut) = (id, verb, programme, cut)
    (self.arguments, self.by, self.made) = (arguments, by, made)
  }

  /// The command as it is typed into a shell.
  package var command: String {
    (["interlock"] + arguments).map { word in
      let isPlain = !word.isEmpty && word.utf8.allSatisfy(Self.isPlain)
      return isPlain ? word : "'\(word.replacing("'", with: "'\\''"))'"
    }.joined(separator: " ")
  }

  private static func isPlain(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "a")...UInt8(ascii: "z"):
      true
    default: "._-/=:,@+%".utf8.contains(byte)
    }
  }
}

/// How a command that was started from the board ended.
package struct StartEnding: Codable, Hashable, Sendable {
  package var schema = 1
  /// ISO 8601, UTC.
  package var ended: String
  /// Exit code of the command line.
  package var exit: Int32

  package init(ended: String, exit: Int32) { (self.ended, self.exit) = (ended, exit) }
}

/// What has become of it.
package enum StartState: String, Codable, Sendable {
  /// Its process has not said a word yet.
  case waiting
  case running
  /// With an exit code.
  case ended
  /// Its process is gone without a last word: killed, or the machine went down.
  case lost
}
