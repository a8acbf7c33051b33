package import Diagnostics
import FoundationEssentials
import Glibc

/// That a version is to keep everything it was made from, however old it gets, or that it need not any more.
///
/// A file of its own beside the version, never changed; the newest counts.
package struct Pin: Codable, Hashable, Sendable {
  package enum Verb: String, Codable, Sendable {
    case pinned, unpinned
  }

  package var schema: Int
  package var verb: Verb
  package var version: Int
  package var by: String
  package var note: String
  /// ISO 8601, UTC.
  package var made: String

  package init(_ verb: Verb, _ version: VersionRecord, by: String, note: String) {
    schema = 1
    self.verb = verb
    self.version = version.version
    self.by = by
    self.note = note
    made = WallClock.now().iso8601
  }
}

extension VersionPublisher {
  /// Writes a pin beside its version.
  package func record(_ pin: Pin, on version: VersionRecord) throws(Diagnostic) {
    let folder = pinsFolder(of: version)
    try fileSystem.createFolder(folder)
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
    guard let data = try? encoder.encode(pin) else { preconditionFailure("a pin is plain values") }
    let path = "\(folder)/\(ULID.next()).json"
    guard try fileSystem.publish(Array(data) + [UInt8(ascii: "\n")], at: path, scratch: folder) else {
      throw fileSystem.fault("publish", path, EEXIST)
    }
  }

  /// The pin that holds a version, nil when none does, and what is wrong with those that cannot be read.
  ///
  /// A version with an unreadable pin counts as pinned: what was asked for once is not given up by damage.
  package func pin(on version: VersionRecord) throws(Diagnostic) -> (pin: Pin?, findings: [Diagnostic]) {
    let folder = pinsFolder(of: version)
    var last: Pin?
    var findings: [Diagnostic] = []
    for name in try fileSystem.names(in: folder) where name.hasSuffix(".json") {
      let path = "\(folder)/\(name)"
      guard let (bytes, _) = try fileSystem.read(path) else { continue }
      if let pin = try? JSONDecoder().decode(Pin.self, from: Data(bytes)), pin.schema == 1,
        pin.version == version.version
      {
        last = pin
      } else {
        findings.append(
          Diagnostic(
            family: .verification, code: "pin.unreadable",
            location: SourceLocation(file: fileSystem.relative(path)),
            message: "this is not a pin of this version; until it is gone the version counts as pinned",
            remedy: "Pin or unpin it again and remove the file."))
      }
    }
    if !findings.isEmpty, last?.verb != .pinned {
      last = Pin(.pinned, version, by: "nobody knows", note: "its pin cannot be read")
    }
    return (last?.verb == .pinned ? last : nil, findings)
  }

  private func pinsFolder(of version: VersionRecord) -> String {
    "\(folder(of: version))/pins"
  }
}
