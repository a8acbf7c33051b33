package import Foundation
import Glibc

/// One request over a connection of its own, written byte by byte as the test wants it: what no polite client sends.
package struct HTTPExchange: Sendable {
  package var status: Int
  /// Names in lower case.
  package var headers: [String: String]
  package var body: Data

  package var text: String { String(decoding: body, as: UTF8.self) }

  /// - Parameters:
  ///   - target: of the request line, as it is.
  ///   - host: the `Host` header; nil for the right one.
  package static func request(
    _ method: String, _ target: String, port: Int, host: String? = nil, headers: [(String, String)] = [],
    body: Data = Data()
  ) throws -> HTTPExchange {
    let connection = try ask(method, target, port: port, host: host, headers: headers, body: body)
    defer { close(connection) }
    var answer = Data()
    while let part = read(connection) { answer += part }
    return try HTTPExchange(answer)
  }

  /// A connection on which something was asked for, and from which nobody has read; whoever gets it closes it.
  package static func ask(
    _ method: String, _ target: String, port: Int, host: String? = nil, headers: [(String, String)] = [],
    body: Data = Data()
  ) throws -> Int32 {
    var text = "\(method) \(target) HTTP/1.1\r\nHost: \(host ?? "127.0.0.1:\(port)")\r\nConnection: close\r\n"
    for (name, value) in headers { text += "\(name): \(value)\r\n" }
    if !body.isEmpty || method == "POST" { text += "Content-Length: \(body.count)\r\n" }
    let connection = try connected(port)
    // A server that refuses a body may close before it was read.
    var rest = (Data((text + "\r\n").utf8) + body)[...]
    while !rest.isEmpty {
      let count = unsafe rest.withUnsafeBytes { buffer in
        unsafe send(connection, buffer.baseAddress, buffer.count, Int32(MSG_NOSIGNAL))
      }
      guard count > 0 else { break }
      rest = rest.dropFirst(count)
    }
    return connection
  }

  /// What comes next on a connection; nil at its end.
  package static func read(_ connection: Int32) -> Data? {
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    let count = unsafe buffer.withUnsafeMutableBytes {
      unsafe recv(connection, $0.baseAddress, $0.count, 0)
    }
    return count > 0 ? Data(buffer[..<count]) : nil
  }

  private static func connected(_ port: Int) throws -> Int32 {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    guard descriptor >= 0 else { throw HTTPFault(what: "no socket") }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = in_port_t(port).bigEndian
    address.sin_addr = in_addr(s_addr: UInt32(0x7F00_0001).bigEndian)
    let size = socklen_t(MemoryLayout<sockaddr_in>.size)
    let result = unsafe withUnsafePointer(to: &address) { pointer in
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        unsafe connect(descriptor, $0, size)
      }
    }
    guard result == 0 else {
      close(descriptor)
      throw HTTPFault(what: "nobody listens")
    }
    return descriptor
  }

  /// - Parameter answer: head and body, the last chunk of which may be missing.
  package init(_ answer: Data) throws {
    guard let end = answer.range(of: Data("\r\n\r\n".utf8)) else { throw HTTPFault(what: "no answer") }
    let lines = String(decoding: answer[..<end.lowerBound], as: UTF8.self).components(separatedBy: "\r\n")
    status = lines[0].split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
    headers = [:]
    for line in lines.dropFirst() {
      let parts = line.split(separator: ":", maxSplits: 1)
      guard parts.count == 2 else { continue }
      headers[parts[0].lowercased()] = parts[1].trimmingCharacters(in: .whitespaces)
    }
    body = Data(answer[end.upperBound...])
    if headers["transfer-encoding"] == "chunked" { body = Self.unchunked(body) }
  }

  private static func unchunked(_ body: Data) -> Data {
    var whole = Data()
    var rest = body
    while let line = rest.range(of: Data("\r\n".utf8)),
      let count = Int(String(decoding: rest[..<line.lowerBound], as: UTF8.self), radix: 16), count > 0
    {
      let start = line.upperBound
      guard let end = rest.index(start, offsetBy: count, limitedBy: rest.endIndex) else { break }
      whole.append(rest[start..<end])
      rest = Data(rest[end...].dropFirst(2))
    }
    return whole
  }
}

package struct HTTPFault: Error {
  package var what: String
}
