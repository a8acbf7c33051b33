package import Engine
import Foundation

/// Calls Slurm's commands; tests stand in for them.
package protocol SlurmTools: Sendable {
  func call(_ tool: String, _ arguments: [String], limit: Duration) async -> ProgramAnswer
}

/// The commands of this machine.
package struct InstalledSlurm: SlurmTools {
  /// What the commands see, and through `sbatch` the jobs: nothing that could make bytes differ from machine to machine.
  private let environment: [String: String]

  package init(inheriting ours: [String: String]) {
    let names: Set<String> = [
      "PATH", "HOME", "USER", "LOGNAME", "TMPDIR", "SLURM_CONF", "SLURM_CLUSTERS", "INTERLOCK_CPU",
      "INTERLOCK_STORAGE",
    ]
    environment = ours.filter { names.contains($0.key) || $0.key.hasPrefix("SBATCH_") }
      .merging([
        "LANG": "C", "LC_ALL": "C", "TZ": "UTC", "SLURM_TIME_FORMAT": "standard",
        // Lists of elements are cut off at 64 letters without it.
        "SLURM_BITSTR_LEN": "0",
      ]) { $1 }
  }

  package func call(_ tool: String, _ arguments: [String], limit: Duration) async -> ProgramAnswer {
    await callProgram(tool, arguments, environment: environment, limit: limit)
  }
}

/// What we ask Slurm and how its answers are understood. It needs no accounting database.
package struct SlurmClient: Sendable {
  let tools: any SlurmTools
  /// Answers longer than this are asked for in the form that names our jobs only.
  private static let longestJSON = 4 << 20
  private static let limit: Duration = .seconds(60)

  package init(_ tools: any SlurmTools) { self.tools = tools }

  package func submit(_ arguments: [String]) async -> SubmitAnswer {
    Self.submitAnswer(await tools.call("sbatch", arguments, limit: Self.limit))
  }

  package static func submitAnswer(_ answer: ProgramAnswer) -> SubmitAnswer {
    let reason = shortened(answer.errors)
    func says(_ words: [String]) -> Bool { words.contains { answer.errors.contains($0) } }
    guard let status = answer.status else {
      return answer.errors.contains("did not answer") ? .unknown(reason) : .refusedAll(reason)
    }
    // `17` or `17;cluster`; what a site's plugins print comes before or after.
    let job = answer.output.split(separator: "\n").lazy
      .compactMap { $0.split(separator: ";").first.flatMap { Int($0) } }.first
    if status == 0 { return job.map { .accepted(job: $0) } ?? .unknown("sbatch named no job") }
    if says(["timed out", "Zero Bytes were transmitted", "Unexpected message received"]) {
      return .unknown(reason)
    }
    if says([
      "Unable to contact", "onnection refused", "onnect failure", "temporarily", "MaxSubmit", "SubmitJob",
      "QOSMax", "AssocMax", "AssocGrp", "QOSGrp", "standby", "MaxJobCount", "job queue limit",
    ]) {
      return .notNow(reason)
    }
    if says([
      "nvalid partition", "nvalid account", "nvalid qos", "nvalid feature", "nvalid reservation",
      "ermission denied", "ccess denied", "nvalid user", "nrecognized option", "nvalid option",
      "uthentication",
      "rotocol authentication", "configuration source", "configuration file", "Unknown host",
    ]) {
      return .refusedAll(reason)
    }
    return .refused(reason)
  }

  /// - Parameter prefersText: set once JSON has turned out too long, or not to be had.
  /// - Returns: nil when there was no answer.
  package func list(runs: [String], prefersText: inout Bool) async -> [SlurmRow]? {
    if !prefersText {
      let answer = await tools.call("squeue", ["--json"], limit: Self.limit)
      if answer.status == nil || Self.isSilence(answer.errors) { return nil }
      if answer.status == 0,
        let rows = SlurmRows.reading(json: Array(answer.output.utf8), comments: SubmissionID.commentStart)
      {
        prefersText = answer.output.utf8.count > Self.longestJSON
        return rows
      }
      prefersText = true
    }
    let answer = await tools.call(
      "squeue",
      [
        "--noheader", "--array", "--states=all", "--name=\(runs.joined(separator: ","))",
        "--Format=\(SlurmRows.textFormat)",
      ], limit: Self.limit)
    guard answer.status == 0, !Self.isSilence(answer.errors) else { return nil }
    return SlurmRows.reading(text: answer.output, comments: SubmissionID.commentStart)
  }

  private static func isSilence(_ errors: String) -> Bool {
    ["Unable to contact", "timed out", "onnection refused", "onnect failure"].contains { errors.contains($0) }
  }

  /// What the controller says of one job; nil when it does not answer.
  package func state(of id: SlurmJobID) async -> SlurmState? {
    let answer = await tools.call("scontrol", ["show", "job", "--oneliner", "\(id)"], limit: Self.limit)
    // The second is said of an element when there are others of its array.
    if answer.errors.contains("nvalid job id") || answer.output.hasPrefix("Job \(id) not found") {
      return .over(.vanished)
    }
    guard answer.status == 0, let line = answer.output.split(separator: "\n").first else { return nil }
    func value(_ name: String) -> String? {
      line.split(separator: " ").first { $0.hasPrefix(name + "=") }.map {
        String($0.dropFirst(name.count + 1))
      }
    }
    guard let name = value("JobState") else { return nil }
    let code = value("ExitCode")?.split(separator: ":").compactMap { Int32($0) } ?? []
    return SlurmState(
      names: [name], reason: value("Reason") ?? "", waitStatus: code.count == 2 ? code[0] << 8 | code[1] : nil
    )
  }

  /// - Returns: whether it was heard.
  @discardableResult package func cancel(_ ids: [SlurmJobID]) async -> Bool {
    // A command line takes so many.
    for start in stride(from: 0, to: ids.count, by: 1000) {
      let part = ids[start..<min(start + 1000, ids.count)]
      let answer = await tools.call("scancel", part.map(\.description), limit: Self.limit)
      if answer.status == nil || Self.isSilence(answer.errors) { return false }
    }
    return true
  }

  /// How many elements an array may have.
  package func longestArray() async -> Int? {
    let answer = await tools.call("scontrol", ["show", "config"], limit: Self.limit)
    guard answer.status == 0 else { return nil }
    let line = answer.output.split(separator: "\n").first { $0.hasPrefix("MaxArraySize") }
    return line?.split(separator: "=").last.flatMap { Int($0.trimmingCharacters(in: [" "])) }.map {
      max(1, $0 - 1)
    }
  }

  /// The names of the licences that Slurm counts.
  package func licences() async -> Set<String> {
    let answer = await tools.call("scontrol", ["show", "licenses", "--oneliner"], limit: Self.limit)
    guard answer.status == 0 else { return [] }
    let words = answer.output.split { $0 == " " || $0 == "\n" }
    return Set(words.filter { $0.hasPrefix("LicenseName=") }.map { String($0.dropFirst(12)) })
  }

  /// The line of several that says what is wrong.
  private static func shortened(_ text: String) -> String {
    let lines = text.split(separator: "\n").map(String.init)
    // What is fatal comes after errors that led to it.
    for mark in ["fatal: ", "error: "] {
      if let line = lines.first(where: { $0.contains(mark) }), let found = line.range(of: mark) {
        return String(line[found.upperBound...].prefix(300))
      }
    }
    return String((lines.first ?? "").prefix(300))
  }
}
