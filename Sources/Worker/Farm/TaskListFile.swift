import Foundation
import ObjectStore
import TaskGraph

/// A list of tasks where it lies.
struct TaskListFile {
  let list: TaskList
  private let folder: String

  /// Nil when the file is no list: then it is a task, or its reader says what is wrong with it.
  init?(_ path: String) {
    guard let data = FileManager.default.contents(atPath: path),
      let list = try? JSONDecoder().decode(TaskList.self, from: data), list.list == TaskList.mark,
      list.schema == taskFileSchema
    else { return nil }
    self.list = list
    folder = FileSystem.parent(of: path)
  }

  /// - Parameter number: from 1 to the number of tasks.
  func path(of number: Int) -> String {
    let name = list.tasks[number - 1]
    return name.hasPrefix("/") ? name : "\(folder)/\(name)"
  }

  /// The tasks to do: those asked for, or those that the farm's number stands for, or all.
  func numbers(asked: NumberRanges?, _ environment: [String: String]) -> [Int] {
    let count = list.tasks.count
    guard let chosen = asked ?? list.numbers(in: environment) else {
      return Array(1...max(1, count)).filter { $0 <= count }
    }
    return chosen.numbers(upTo: count)
  }
}

/// The media that a task reads, for the first line of a log.
struct MediaInputs: Decodable {
  private struct Location: Decodable {
    struct Place: Decodable { var path: String }

    var path: String?
    var location: Place?
  }

  private struct Input: Decodable { var media: [String: Location]? }

  private var input: Input

  private static let most = 4

  /// `; inputs A001.mov 3f2a9c0d1e5b, …`, empty for a task without media.
  static func words(of file: String) -> String {
    guard let data = FileManager.default.contents(atPath: file),
      let media = try? JSONDecoder().decode(MediaInputs.self, from: data).input.media, !media.isEmpty
    else { return "" }
    let names = media.sorted { $0.key < $1.key }.prefix(most).map { identity, location in
      "\(FileSystem.lastName(of: location.path ?? location.location?.path ?? "")) \(identity.prefix(12))"
    }
    let more = media.count > most ? " and \(media.count - most) more" : ""
    return "; inputs " + names.joined(separator: ", ") + more
  }
}
