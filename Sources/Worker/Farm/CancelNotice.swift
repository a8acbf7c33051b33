import Foundation

/// How much time a farm says is left when it asks a task to stop.
enum CancelNotice {
  /// Seconds from now until the farm kills, from `cancel_info.json` in the session's folder; nil without one.
  ///
  /// Source: Open Job Description, "How Jobs Are Run", NOTIFY_THEN_TERMINATE: `{"NotifyEnd": "<time in ISO 8601, UTC>"}`.
  static func secondsLeft(_ environment: [String: String], now: Date = Date()) -> Double? {
    struct Notice: Decodable {
      var end: String
      private enum CodingKeys: String, CodingKey { case end = "NotifyEnd" }
    }
    guard let folder = environment["OPENJD_SESSION_WORKING_DIR"],
      let data = FileManager.default.contents(atPath: folder + "/cancel_info.json"),
      let notice = try? JSONDecoder().decode(Notice.self, from: data),
      let end = try? Date(notice.end, strategy: .iso8601)
    else { return nil }
    return end.timeIntervalSince(now)
  }
}
