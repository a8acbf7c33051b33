/// What `verify` read and what it found.
struct VerifyReport: Encodable {
  /// One thing that is not as it was written.
  struct Fault: Encodable {
    enum Kind: String, Encodable {
      case damagedResult, withdrawnResult, damagedObject, strayFile, damagedFile, writableFile
      case unreadableVersion, unreadableDecision, unreadablePin, unreadableRun, unreadableFootprint
      case unreadableQuarantine, ledger
    }

    var kind: Kind
    /// A path relative to the production, a key or a digest.
    var subject: String
    var message: String
  }

  var results = 0
  var objects = 0
  /// Objects that no result and no version names.
  var unreferencedObjects = 0
  var segments = 0
  var versions = 0
  var decisions = 0
  var pins = 0
  var runs = 0
  var quarantines = 0
  var byteCount: Int64 = 0
  var faults: [Fault] = []
  /// With `--rebuild`.
  var ledgerAdded: Int?
  var ledgerRemoved: Int?

  mutating func add(_ kind: Fault.Kind, _ subject: String, _ message: String) {
    faults.append(Fault(kind: kind, subject: subject, message: message))
  }

  var text: String {
    var lines = [
      "\(results) results, \(objects) objects (\(AssetText.size(byteCount))) and \(versions) versions read",
      "\(segments) segments, \(decisions) decisions, \(pins) pins, \(runs) runs and \(quarantines) quarantines checked",
    ]
    if let ledgerAdded, let ledgerRemoved {
      lines.append("ledger rebuilt: \(ledgerAdded) results added, \(ledgerRemoved) removed")
    }
    if unreferencedObjects > 0 {
      lines.append("\(unreferencedObjects) objects belong to no result; `interlock gc` frees them")
    }
    return (lines + faults.map(\.message)).joined(separator: "\n")
  }
}
