import Foundation
import Glibc

/// Asks the board for pages over connections of its own, and takes the time.
struct BoardVisitor {
  let port: Int
  let key: String

  struct Visit {
    /// Seconds from before the connection was made.
    var firstByte: Double
    var whole: Double
    var status: Int
    var body: Data
  }

  func visit(_ target: String) throws -> Visit {
    let began = ContinuousClock.now
    let connection = try connect()
    defer { close(connection) }
    try ask(connection, target, "close")
    var answer = Data()
    var firstByte: Double?
    var buffer = [UInt8](repeating: 0, count: 1 << 18)
    while true {
      let count = unsafe buffer.withUnsafeMutableBytes {
        unsafe recv(connection, $0.baseAddress, $0.count, 0)
      }
      guard count > 0 else { break }
      if firstByte == nil { firstByte = (ContinuousClock.now - began) / .seconds(1) }
      answer.append(contentsOf: buffer[..<count])
    }
    let whole = (ContinuousClock.now - began) / .seconds(1)
    let line = String(decoding: answer.prefix(32), as: UTF8.self)
    let status = line.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
    let start = answer.range(of: Data("\r\n\r\n".utf8))?.upperBound ?? answer.endIndex
    return Visit(firstByte: firstByte ?? whole, whole: whole, status: status, body: answer[start...])
  }

  /// A connection on which news of the board come in, without waiting for them.
  func stream() throws -> Int32 {
    let connection = try connect()
    try ask(connection, "/events", "keep-alive")
    _ = fcntl(connection, F_SETFL, O_NONBLOCK)
    return connection
  }

  private func ask(_ connection: Int32, _ target: String, _ persistence: String) throws {
    let text =
      "GET \(target) HTTP/1.1\r\nHost: 127.0.0.1:\(port)\r\nAuthorization: Bearer \(key)\r\nConnection: \(persistence)\r\n\r\n"
    let bytes = Array(text.utf8)
    guard unsafe send(connection, bytes, bytes.count, Int32(MSG_NOSIGNAL)) == bytes.count else {
      throw BenchError("the board does not listen")
    }
  }

  private func connect() throws -> Int32 {
    let connection = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = in_port_t(port).bigEndian
    address.sin_addr = in_addr(s_addr: UInt32(0x7F00_0001).bigEndian)
    let size = socklen_t(MemoryLayout<sockaddr_in>.size)
    let result = unsafe withUnsafePointer(to: &address) { pointer in
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        unsafe Glibc.connect(connection, $0, size)
      }
    }
    guard result == 0 else {
      close(connection)
      throw BenchError("nobody listens on port \(port)")
    }
    return connection
  }
}

/// Streams of news that are held open, and what came in on them.
struct BoardListeners {
  private var connections: [Int32]
  /// News that came in on each.
  private(set) var news: [Int]

  init(_ count: Int, _ visitor: BoardVisitor) throws {
    connections = try (0..<count).map { _ in try visitor.stream() }
    news = Array(repeating: 0, count: count)
  }

  /// Reads what is there.
  ///
  /// - Throws: `BenchError` when one of them was closed.
  mutating func listen() throws {
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    for (index, connection) in connections.enumerated() {
      while true {
        let count = unsafe buffer.withUnsafeMutableBytes {
          unsafe recv(connection, $0.baseAddress, $0.count, 0)
        }
        if count == 0 { throw BenchError("stream \(index + 1) was closed by the board") }
        guard count > 0 else { break }
        let text = String(decoding: buffer[..<count], as: UTF8.self)
        news[index] += text.split(whereSeparator: \.isNewline).count { $0 == "event: change" }
      }
    }
  }

  func end() { for connection in connections { close(connection) } }
}
