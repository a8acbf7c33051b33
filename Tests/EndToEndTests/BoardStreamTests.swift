import Foundation
import Glibc
import TestSupport
import Testing

/// Streams of events as the server has them to bear: many, slow, and gone without a word.
@Suite struct `The board and its streams` {
  /// A production with a run whose events have so many bytes, and were written by a coordinator that is gone.
  private func production(_ byteCount: Int) throws -> (Fixture, events: Data) {
    let fixture = try Fixture()
    let run = "7ZZZZZZZZZZZZZZZZZZZZZZZZZ"
    let task = String(repeating: "ab", count: 32)
    let folder = "out/.interlock/runs/\(run)"
    for name in ["objects", "results", "attempts"] {
      try FileManager.default.createDirectory(
        atPath: "\(fixture.path)/out/.interlock/\(name)", withIntermediateDirectories: true)
    }
    _ = try fixture.folder.write(
      #"{"began":"","run":"\#(run)","schema":1,"tasks":[{"after":[],"key":"\#(task)","kind":"render","label":"x","place":"worker","reason":"new","stage":"grade","version":1}]}"#,
      to: "\(folder)/plan.json")
    var text =
      #"{"at":"2026-11-26T06:00:00.000Z","event":"runStarted","host":"elsewhere","run":"\#(run)","seconds":0,"stages":[],"workers":2}"#
      + "\n"
    var number = 0
    while text.utf8.count < byteCount {
      number += 1
      text +=
        #"{"at":"2026-11-26T06:00:00.000Z","event":"progress","frames":\#(number),"kind":"render","label":"x","run":"\#(run)","seconds":\#(number),"stage":"grade","task":"\#(task)","total":1000000}"#
        + "\n"
    }
    _ = try fixture.folder.write(text, to: "\(folder)/events.jsonl")
    return (fixture, Data(text.utf8))
  }

  /// In bytes; of the server alone.
  private func peak(of server: BoardServing) -> Int {
    let path = "/proc/\(server.running.process.processIdentifier)/status"
    let text = (try? String(contentsOfFile: path, encoding: .utf8)) ?? ""
    let line = text.split(separator: "\n").first { $0.hasPrefix("VmHWM:") } ?? ""
    return (line.split { $0 == " " || $0 == "\t" }.dropFirst().first.flatMap { Int($0) } ?? 0) * 1024
  }

  /// The status of an answer that goes on.
  private func status(_ connection: Int32) -> Int {
    let head = HTTPExchange.read(connection).map { String(decoding: $0, as: UTF8.self) } ?? ""
    return head.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
  }

  @Test func `readers that stand still cost nothing and stop nobody`() throws {
    let (fixture, events) = try production(12 << 20)
    let server = try BoardServing(fixture, [])
    defer { _ = server.end() }
    let still = try (0..<60).map { _ in
      try HTTPExchange.ask("GET", "/api/v1/events", port: server.port, headers: [server.bearer])
    }
    defer { for connection in still { close(connection) } }
    // Who reads gets everything, in order, beside them.
    let reading = try HTTPExchange.ask("GET", "/api/v1/events", port: server.port, headers: [server.bearer])
    defer { close(reading) }
    var answer = Data()
    // Parts end with lines.
    let last = Data(events.split(separator: UInt8(ascii: "\n")).last ?? Data())
    while answer.range(of: last, in: max(0, answer.count - 70_000)..<answer.count) == nil {
      guard let part = HTTPExchange.read(reading) else { break }
      answer += part
    }
    #expect(try HTTPExchange(answer).body == events)
    #expect(try server.get("/").status == 200)
    #expect(try server.get("/farm").text.contains("elsewhere"))
    // All of it for each of them would be twice as much.
    #expect(peak(of: server) < 300 << 20, "\(peak(of: server) >> 20) MiB")
    // One of them reads on after all: nothing was left out.
    var late = Data()
    while late.range(of: last, in: max(0, late.count - 70_000)..<late.count) == nil {
      guard let part = HTTPExchange.read(still[7]) else { break }
      late += part
    }
    #expect(try HTTPExchange(late).body == events)
  }

  @Test func `places of readers that are gone are free again`() throws {
    let (fixture, _) = try production(1000)
    let server = try BoardServing(fixture, [])
    defer { _ = server.end() }
    for _ in 0..<300 {
      #expect(try server.send("HEAD", "/events", headers: [server.bearer]).status == 200)
    }
    func open(_ count: Int) throws -> [Int32] {
      try (0..<count).map { _ in
        try HTTPExchange.ask("GET", "/events", port: server.port, headers: [server.bearer])
      }
    }
    let first = try open(256)
    #expect(first.map(status) == Array(repeating: 200, count: 256))
    let more = try open(1)
    #expect(more.map(status) == [503])
    for connection in first + more { close(connection) }
    // The server finds out when it next has a word for them, of one sooner than of another.
    var kept: [Int32] = []
    defer { for connection in kept { close(connection) } }
    while kept.count < 256 {
      for connection in try open(256 - kept.count) {
        if status(connection) == 200 { kept.append(connection) } else { close(connection) }
      }
      if kept.count < 256 { usleep(500_000) }
    }
    #expect(try server.get("/").status == 200)
  }
}
