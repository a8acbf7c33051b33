/// Cuts the tasks, and the groups of what they are made from, out of a `plan.json` that comes in pieces, each as JSON of
/// its own.
///
/// Foundation's reader wants the whole file and keeps all of it while it works: several hundred megabytes for a plan of
/// a hundred thousand tasks, of which a view keeps a tenth.
struct PlanTasks: Sendable {
  /// Why a file is no plan.
  struct Fault: Error, CustomStringConvertible {
    var description: String
  }

  /// A list of the plan.
  enum List: String {
    case tasks, groups
  }

  /// Brackets that are open.
  private var depth = 0
  private var isInString = false
  private var isEscaped = false
  /// The string that was read last directly in the plan: the name of a field, when a value follows.
  private var name: [UInt8] = []
  /// The list that is being read.
  private var list: List?
  /// The member of it that is being read; empty between members.
  private var member: [UInt8] = []
  /// Whether there was a list of tasks, and whether the plan has ended.
  private var hasTasks = false
  private(set) var isWhole = false

  /// No list has a longer name.
  private static let longestName = 8
  /// A member that is larger is none; the file is damaged.
  private static let longestMember = 16 << 20

  /// - Parameter note: gets the bytes of each member that is complete.
  mutating func take(_ bytes: some Sequence<UInt8>, _ note: (List, [UInt8]) throws -> Void) throws {
    for byte in bytes {
      if list != nil, depth > 2 || byte == UInt8(ascii: "{") { member.append(byte) }
      if isInString {
        takeInString(byte)
        continue
      }
      switch byte {
      case UInt8(ascii: "\""):
        isInString = true
        if depth == 1 { name.removeAll(keepingCapacity: true) }
      case UInt8(ascii: "{"), UInt8(ascii: "["):
        if depth == 1, byte == UInt8(ascii: "[") {
          list = List(rawValue: String(decoding: name, as: UTF8.self))
          if list == .tasks { hasTasks = true }
        }
        if depth == 0, byte != UInt8(ascii: "{") || isWhole { throw Fault(description: "it is no object") }
        depth += 1
      case UInt8(ascii: "}"), UInt8(ascii: "]"):
        depth -= 1
        if let list, depth == 2 {
          try note(list, member)
          member.removeAll(keepingCapacity: true)
        }
        if depth == 1 { list = nil }
        if depth == 0 { isWhole = hasTasks }
        if depth < 0 { throw Fault(description: "it has more ends than beginnings") }
      default: break
      }
      if member.count > Self.longestMember { throw Fault(description: "one of its tasks has no end") }
    }
  }

  private mutating func takeInString(_ byte: UInt8) {
    if isEscaped {
      isEscaped = false
    } else if byte == UInt8(ascii: "\\") {
      isEscaped = true
    } else if byte == UInt8(ascii: "\"") {
      isInString = false
    }
    if isInString, depth == 1, name.count <= Self.longestName { name.append(byte) }
  }
}
