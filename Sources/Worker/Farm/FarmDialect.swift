import Diagnostics
import FoundationEssentials

/// Progress in the words of the farm that called the worker.
enum FarmDialect: String, CaseIterable, Sendable {
  case openjd, opencue, deadline, tractor, flamenco, slurm, generic, json, none

  /// Names a dialect where a farm leaves no trace of its own in the environment, as Deadline 10 and Flamenco do.
  static let variable = "INTERLOCK_PROGRESS"

  /// - Throws: `usage` for a name that is none.
  static func named(_ name: String, by asker: String) throws(Diagnostic) -> FarmDialect {
    if let dialect = FarmDialect(rawValue: name) { return dialect }
    throw Diagnostic(
      family: .usage, code: "worker.usage",
      message: "\(asker) is one of \(allCases.map(\.rawValue).joined(separator: ", ")), not `\(name)`")
  }

  /// Chosen from what each farm puts in the environment of its tasks; Slurm last, as other farms run inside its jobs.
  static func detect(_ environment: [String: String]) -> FarmDialect {
    if let named = environment[variable].flatMap(FarmDialect.init(rawValue:)) { return named }
    let traces: [(FarmDialect, [String])] = [
      (.openjd, ["OPENJD_SESSION_WORKING_DIR"]), (.opencue, ["CUE_FRAME_ID", "CUE_FRAME", "CUE_IFRAME"]),
      (.tractor, ["TR_ENV_JID", "TRACTOR_JID"]), (.slurm, ["SLURM_JOB_ID"]),
    ]
    let found = traces.first { $0.1.contains { environment[$0] != nil } }
    return found?.0 ?? .generic
  }

  /// The line that tells how far the work is, from 0 to 100; nil where nobody wants to know.
  func progress(_ percent: Double) -> String? {
    let tenths = (percent * 10).rounded() / 10
    let whole = Int(percent.rounded())
    switch self {
    case .openjd: return "openjd_progress: \(tenths)"
    case .tractor: return "TR_PROGRESS \(whole)%"
    // Its views look for a number before the words "% done".
    case .opencue: return "Progress: \(whole)% done"
    case .deadline, .flamenco, .slurm, .generic: return "Progress: \(whole)%"
    case .json: return Self.object(["event": "progress", "percent": "\(tenths)"], numbers: ["percent"])
    case .none: return nil
    }
  }

  func status(_ text: String) -> String {
    switch self {
    case .openjd: "openjd_status: \(Self.line(text))"
    case .json: Self.object(["event": "status", "message": Self.line(text)])
    default: "Status: \(Self.line(text))"
    }
  }

  /// Told once, just before an exit that is not 0: some runtimes cancel the task when they read it.
  func failure(_ text: String) -> String {
    switch self {
    case .openjd: "openjd_fail: \(Self.line(text))"
    case .json: Self.object(["event": "failure", "message": Self.line(text)])
    default: "Error: \(Self.line(text))"
    }
  }

  /// What farms read is one line that is not empty.
  private static func line(_ text: String) -> String {
    let words = text.split(whereSeparator: \.isNewline).joined(separator: " ")
    return words.isEmpty ? "no reason given" : String(words.prefix(1000))
  }

  private static func object(_ members: [String: String], numbers: Set<String> = []) -> String {
    let fields = members.sorted { $0.key < $1.key }.map { name, value in
      "\"\(name)\":" + (numbers.contains(name) ? value : quoted(value))
    }
    return "{" + fields.joined(separator: ",") + "}"
  }

  private static func quoted(_ text: String) -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.withoutEscapingSlashes]
    // A text always encodes.
    return (try? encoder.encode(text)).map { String(decoding: $0, as: UTF8.self) } ?? "\"\""
  }
}
