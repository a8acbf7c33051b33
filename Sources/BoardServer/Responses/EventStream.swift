import Board
import HTTPTypes
import Hummingbird
import NIOCore
import ServiceLifecycle

/// Answers that go on as long as somebody reads them. A write waits for the reader, and what happens meanwhile is one piece
/// of news, so nothing is kept for a slow one; `StalledReader` ends those that never read on.
enum EventStream {
  /// Server-sent events: `change` whenever a page may differ, and a comment as a sign of life.
  static func changes(_ feed: BoardFeed) throws -> Response {
    guard let numbers = feed.listen() else { throw HTTPError(.serviceUnavailable) }
    var headers = HTTPFields()
    headers[.contentType] = "text/event-stream"
    return Response(
      status: .ok, headers: headers,
      body: ResponseBody { writer in
        try await writer.write(ByteBuffer(string: "retry: 2000\n\n"))
        var last: Int?
        for await number in numbers.cancelOnGracefulShutdown() {
          let text = number == last ? ": alive\n\n" : "event: change\nid: \(number)\ndata: \(number)\n\n"
          last = number
          try await writer.write(ByteBuffer(string: text))
        }
        try await writer.finish(nil)
      })
  }

  /// The events of the run on show, as they stand in its file, a JSON object on each line; those of the next run
  /// follow.
  static func lines(_ feed: BoardFeed, _ reader: ProductionReader, _ runs: RunReader) throws -> Response {
    guard let numbers = feed.listen() else { throw HTTPError(.serviceUnavailable) }
    var headers = HTTPFields()
    headers[.contentType] = "application/x-ndjson"
    return Response(
      status: .ok, headers: headers,
      body: ResponseBody { writer in
        var run: String?
        var offset: Int64 = 0
        for await _ in numbers.cancelOnGracefulShutdown() {
          guard let present = await reader.runOnShow() else { continue }
          if present != run { (run, offset) = (present, 0) }
          while true {
            let part = try await runs.lines(of: present, from: offset)
            guard !part.isEmpty else { break }
            offset += Int64(part.count)
            try await writer.write(ByteBuffer(bytes: part))
          }
        }
        try await writer.finish(nil)
      })
  }
}
