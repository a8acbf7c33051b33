import Diagnostics
import Digests
import Foundation
import TaskGraph
import Testing

@Suite struct WorkerEventTests {
  private let key = Digest.sha256([1])

  private func text(_ event: WorkerEvent) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(event), as: UTF8.self)
  }

  @Test func `each event says only what it has to say`() throws {
    #expect(try text(WorkerEvent(.ready)) == #"{"event":"ready"}"#)
    #expect(
      try text(WorkerEvent(.progress, attempt: "A", frames: 12, total: 48))
        == #"{"attempt":"A","event":"progress","frames":12,"total":48}"#)
    #expect(
      try text(WorkerEvent(.committed, attempt: "A", key: key, frames: 24, isFirst: false))
        == #"{"attempt":"A","event":"committed","frames":24,"isFirst":false,"key":"\#(key.hex)"}"#)
    #expect(
      try text(WorkerEvent(.finished, attempt: "A", key: key, exit: 0))
        == #"{"attempt":"A","event":"finished","exit":0,"key":"\#(key.hex)"}"#)
  }

  @Test func `an event comes back from JSON as it was`() throws {
    let finding = Diagnostic(
      family: .inputMissing, code: "media.changed", location: SourceLocation(file: "a.mov"),
      message: "the file has changed since it was probed", remedy: "Run again: it is probed anew.")
    for event in [
      WorkerEvent(.ready), WorkerEvent(.progress, attempt: "A", frames: 0, total: 0),
      WorkerEvent(.committed, attempt: "A", key: key, frames: 24, isFirst: true),
      WorkerEvent(.finished, attempt: "A", key: key, exit: 0),
      WorkerEvent(.failed, attempt: "A", key: key, exit: 3, failure: .media, diagnostics: [finding]),
      WorkerEvent(.failed, attempt: "A", exit: 143, failure: .cancelled, diagnostics: []),
    ] {
      let copy = try JSONDecoder().decode(WorkerEvent.self, from: JSONEncoder().encode(event))
      #expect(try text(copy) == text(event))
      #expect(
        copy.event == event.event && copy.failure == event.failure && copy.diagnostics == event.diagnostics)
    }
  }

  @Test func `a line of another program is not an event`() {
    for line in [
      "{}", #"{"event":"shrug"}"#, #"{"event":"failed","failure":"weather"}"#, "[h264 @ 0x1] error",
    ] {
      #expect(throws: DecodingError.self) {
        try JSONDecoder().decode(WorkerEvent.self, from: Data(line.utf8))
      }
    }
  }
}
