import Foundation

/// Reads what `squeue` prints.
///
/// Its JSON changes with every release: 23.02 made numbers of objects (`{"set": true, "number": 3}`), later ones a list of the
/// state. What is needed of it is read in any of these shapes; what is not understood makes the answer unreadable, and the
/// text form is asked for instead. It has not changed in ten years.
package enum SlurmRows {
  /// For `squeue -h -r -t all -O`: wide columns, each with its separator, of which the last may hold anything.
  package static let textFormat =
    "JobArrayID:64,State:64,Reason:256,exit_code:16,BatchHost:256,Comment:512"

  // MARK: JSON

  /// - Parameter comments: only jobs whose comment starts so.
  /// - Returns: nil when this is not an answer at all.
  package static func reading(json text: [UInt8], comments: String) -> [SlurmRow]? {
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    guard let answer = try? decoder.decode(Answer.self, from: Data(text)), let jobs = answer.jobs else {
      return nil
    }
    if !(answer.errors ?? []).isEmpty, jobs.isEmpty { return nil }
    return jobs.flatMap { job -> [SlurmRow] in
      guard let comment = job.comment, comment.hasPrefix(comments), let id = job.jobId?.value else {
        return []
      }
      let state = SlurmState(
        names: job.jobState?.values ?? [], reason: job.stateReason ?? "",
        waitStatus: job.exitCode?.waitStatus)
      func row(_ id: SlurmJobID) -> SlurmRow {
        SlurmRow(
          id: id, state: state, node: job.batchHost.flatMap { $0.isEmpty ? nil : $0 }, comment: comment)
      }
      let array = job.arrayJobId?.value ?? 0
      guard array > 0 else { return [row(SlurmJobID(id))] }
      if let element = job.arrayTaskId?.value { return [row(SlurmJobID(array, element: element))] }
      // What waits of an array is one job with the list of its elements; when it was cancelled, without the list.
      let elements = indices(of: job.arrayTaskString ?? "")
      return elements.isEmpty
        ? [row(SlurmJobID(array))] : elements.map { row(SlurmJobID(array, element: $0)) }
    }
  }

  private struct Answer: Decodable {
    var jobs: [Job]?
    var errors: [Anything]?
  }

  private struct Job: Decodable {
    var jobId: Number?
    var arrayJobId: Number?
    var arrayTaskId: Number?
    var arrayTaskString: String?
    var jobState: Words?
    var stateReason: String?
    var exitCode: ExitCode?
    var batchHost: String?
    var comment: String?
  }

  private struct Anything: Decodable { init(from decoder: any Decoder) {} }

  /// A number, plain or as an object that says whether it is set.
  private struct Number: Decodable {
    var value: Int?

    init(from decoder: any Decoder) throws {
      if let plain = try? decoder.singleValueContainer().decode(Int.self) {
        value = plain
        return
      }
      struct Wrapped: Decodable {
        var set: Bool?
        var number: Int?
      }
      let wrapped = try? decoder.singleValueContainer().decode(Wrapped.self)
      value = wrapped?.set == false ? nil : wrapped?.number
    }
  }

  /// A word or a list of words.
  private struct Words: Decodable {
    var values: [String]

    init(from decoder: any Decoder) throws {
      let container = try decoder.singleValueContainer()
      if let list = try? container.decode([String].self) {
        values = list
      } else {
        values = [try container.decode(String.self)]
      }
    }
  }

  /// The raw status of `wait(2)`, or an object with return code and signal.
  private struct ExitCode: Decodable {
    var waitStatus: Int32?

    init(from decoder: any Decoder) throws {
      if let plain = try? decoder.singleValueContainer().decode(Int32.self) {
        waitStatus = plain
        return
      }
      struct Signal: Decodable {
        var signalId: Number?
        var id: Number?
      }
      struct Wrapped: Decodable {
        var returnCode: Number?
        var signal: Signal?
      }
      guard let wrapped = try? decoder.singleValueContainer().decode(Wrapped.self) else { return }
      let signal = wrapped.signal?.id?.value ?? wrapped.signal?.signalId?.value ?? 0
      waitStatus = Int32(clamping: (wrapped.returnCode?.value ?? 0) << 8 | (signal & 0x7F))
    }
  }

  // MARK: Text

  /// - Returns: nil when a line has another shape.
  package static func reading(text: String, comments: String) -> [SlurmRow]? {
    let widths = textFormat.split(separator: ",").compactMap { Int($0.split(separator: ":")[1]) }
    var rows: [SlurmRow] = []
    for line in text.split(separator: "\n") {
      let columns = columns(of: line, widths)
      guard columns.count == widths.count, let id = jobID(columns[0]) else { return nil }
      guard columns[5].hasPrefix(comments) else { continue }
      let state = SlurmState(
        names: columns[1].split(separator: "+").map(String.init), reason: columns[2],
        waitStatus: Int32(columns[3]))
      rows += id.map {
        SlurmRow(id: $0, state: state, node: columns[4].isEmpty ? nil : columns[4], comment: columns[5])
      }
    }
    return rows
  }

  private static func columns(of line: Substring, _ widths: [Int]) -> [String] {
    var rest = line[...]
    return widths.map { width in
      let column = rest.prefix(width)
      rest = rest.dropFirst(width)
      return column.trimmingCharacters(in: .whitespaces)
    }
  }

  /// `17`, `17_3`, `17_[4-6,9%2]`.
  private static func jobID(_ text: String) -> [SlurmJobID]? {
    let parts = text.split(separator: "_", maxSplits: 1)
    guard let job = parts.first.flatMap({ Int($0) }) else { return nil }
    guard parts.count == 2 else { return [SlurmJobID(job)] }
    return indices(of: parts[1].trimmingCharacters(in: ["[", "]"])).map { SlurmJobID(job, element: $0) }
  }

  /// The numbers of `4-6,9,10-20:5%2`.
  package static func indices(of text: String) -> [Int] {
    let list = text.trimmingCharacters(in: ["[", "]"]).prefix { $0 != "%" }
    return list.split(separator: ",").flatMap { part -> [Int] in
      let range = part.split(separator: ":")
      let ends = (range.first ?? "").split(separator: "-").compactMap { Int($0) }
      guard let first = ends.first, let last = ends.last, first <= last, last - first < 1_000_000 else {
        return []
      }
      return Array(stride(from: first, through: last, by: max(1, range.count > 1 ? Int(range[1]) ?? 1 : 1)))
    }
  }
}
