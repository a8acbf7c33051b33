import Digests
import Foundation
import TaskGraph
import Testing

@Suite struct TaskFileTests {
  private struct Work: Codable, Equatable {
    var path: String
    var frames: [Int]
  }

  private let file = TaskFile(
    attempt: "01J00000000000000000000000", key: Digest.sha256([7]), kind: "render", version: 2,
    label: "A001C001 · 48 frames", input: Work(path: "/media/a \"b\".mov", frames: [1, 2, 3]))

  @Test func `a task file comes back from JSON as it was`() throws {
    let data = try JSONEncoder().encode(file)
    let copy = try JSONDecoder().decode(TaskFile<Work>.self, from: data)
    #expect(copy.schema == taskFileSchema)
    #expect(copy.attempt == file.attempt && copy.key == file.key && copy.kind == file.kind)
    #expect(copy.version == file.version && copy.label == file.label && copy.input == file.input)
  }

  @Test func `the head is readable without knowing the input`() throws {
    let head = try JSONDecoder().decode(TaskFileHead.self, from: JSONEncoder().encode(file))
    #expect(head.schema == 1)
    #expect(head.attempt == file.attempt && head.key == file.key && head.kind == "render")
    #expect(head.version == 2 && head.label == file.label)
  }

  @Test func `a file without a key is not a task file`() {
    let text = #"{"schema":1,"attempt":"a","kind":"render","version":1,"label":"x","input":{}}"#
    #expect(throws: DecodingError.self) {
      try JSONDecoder().decode(TaskFileHead.self, from: Data(text.utf8))
    }
  }
}
