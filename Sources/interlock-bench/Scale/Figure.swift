import Foundation

/// One measured number beside what was promised of it.
struct Figure: Encodable {
  /// What a budget limits.
  enum Limit: String, Encodable {
    case atMost, atLeast
  }

  var name: String
  var value: Double
  /// `ms/task`, `of Ninja's`, `s`, `MB`.
  var unit: String
  var limit: Limit?
  var budget: Double?
  /// Whether the budget is kept; nil without one.
  var isMet: Bool?
  /// What it was measured on, and what it is a ratio of.
  var note: String
  /// Processes that wanted to run when it was measured, the mean of a minute: other load makes it worse.
  var load: Double

  init(
    _ name: String, _ value: Double, _ unit: String, _ limit: Limit? = nil, _ budget: Double? = nil,
    note: String
  ) {
    self.name = name
    self.value = value
    self.unit = unit
    self.limit = limit
    self.budget = budget
    self.note = note
    load = MachineLoad.current
    guard let limit, let budget else { return }
    isMet = limit == .atMost ? value <= budget : value >= budget
  }
}

/// How busy the machine is.
enum MachineLoad {
  /// The first number of `/proc/loadavg`; 0 where there is none.
  static var current: Double {
    guard let text = try? String(contentsOfFile: "/proc/loadavg", encoding: .utf8) else { return 0 }
    return text.split(separator: " ").first.flatMap { Double($0) } ?? 0
  }
}
