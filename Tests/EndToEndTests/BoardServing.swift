import Foundation
import TestSupport
import Testing

/// `interlock serve` of a test's production, on a port of its own.
struct BoardServing {
  let running: Running
  let port: Int
  /// What lets somebody in.
  let key: String
  /// The address that lets a browser in.
  let entrance: String
  /// What a browser has that was let in.
  let cookie: (String, String)

  var address: String { "http://127.0.0.1:\(port)" }
  /// What a program sends.
  var bearer: (String, String) { ("Authorization", "Bearer \(key)") }

  /// Waits until it says where it is.
  init(_ fixture: Fixture, _ pipelines: [String], _ options: [String] = []) throws {
    running = try Programs.start(
      Repository.product("interlock"),
      ["serve"] + pipelines + ["--production", "out", "--port", "0", "--json"] + options,
      folder: fixture.path)
    struct Ready: Decodable {
      var address: String
      var entrance: String
      var key: String
    }
    while running.process.isRunning, !running.outputSoFar.contains("\n") { usleep(20_000) }
    let line = Data(running.outputSoFar.utf8)
    guard let ready = try? JSONDecoder().decode(Ready.self, from: line),
      let port = URL(string: ready.address)?.port
    else { throw FixtureError(text: "the server did not start: \(running.finish().errors)") }
    (self.port, key, entrance) = (port, ready.key, ready.entrance)
    let entered = try HTTPExchange.request("GET", "/enter?key=\(ready.key)", port: port)
    guard let pass = entered.headers["set-cookie"]?.split(separator: ";").first else {
      throw FixtureError(text: "the key let nobody in: \(entered.text)")
    }
    cookie = ("Cookie", String(pass))
  }

  /// As a program that has the key.
  func get(_ target: String, host: String? = nil, headers: [(String, String)] = []) throws -> HTTPExchange {
    try send("GET", target, host: host, headers: [bearer] + headers)
  }

  /// As whoever the headers say.
  func send(
    _ method: String, _ target: String, host: String? = nil, headers: [(String, String)], body: Data = Data()
  ) throws -> HTTPExchange {
    try HTTPExchange.request(method, target, port: port, host: host, headers: headers, body: body)
  }

  /// Sends a file as the page does.
  func post(_ target: String, _ body: Data, type: String = "application/octet-stream") throws -> HTTPExchange
  {
    try send("POST", target, headers: [bearer, ("Content-Type", type)], body: body)
  }

  /// Waits until the pipelines are compared with the production for the first time.
  func waitForSurvey() throws {
    struct Answer: Decodable {
      var surveyed: String?
    }
    let deadline = ContinuousClock.now + .seconds(600)
    while try JSONDecoder().decode(Answer.self, from: get("/api/v1/deliverables").body).surveyed == nil {
      guard ContinuousClock.now < deadline else { throw FixtureError(text: "the board does not compare") }
      usleep(50_000)
    }
  }

  func end() -> Finished {
    if running.process.isRunning { running.process.terminate() }
    return running.finish()
  }
}

/// Debian's Chromium on the pages of the board.
enum BoardBrowser {
  static var isInstalled: Bool { Programs.isInstalled("chromium") }

  /// - Parameter steps: as `chromium_board.py` describes them.
  static func drive(
    _ steps: [[String: Any]], _ fixture: Fixture
  ) throws -> (told: [String: Any], complaints: [String], fault: String?) {
    let script = try fixture.folder.write(
      String(decoding: try JSONSerialization.data(withJSONObject: steps), as: UTF8.self), to: "steps.json")
    // Kept for people to look at where they are wanted.
    let shots = ProcessInfo.processInfo.environment["INTERLOCK_SCREENSHOTS"] ?? fixture.path + "/shots"
    try FileManager.default.createDirectory(atPath: shots, withIntermediateDirectories: true)
    let driven = try Programs.run(
      "python3", [Repository.root + "/Tests/EndToEndTests/Fixtures/chromium_board.py", script, shots, "900"])
    let answer = try #require(
      try JSONSerialization.jsonObject(with: driven.output) as? [String: Any], "\(driven.errors)")
    return (
      answer["told"] as? [String: Any] ?? [:], answer["complaints"] as? [String] ?? [],
      answer["fault"] as? String
    )
  }
}
