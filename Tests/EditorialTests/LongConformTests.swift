import Diagnostics
import Editorial
import Foundation
import MediaTime
import TestSupport
import Testing

/// What is done on several cores for a long list is what one core does.
@Suite struct LongConformTests {
  /// Every seventh reel has no media.
  private func conform(_ count: Int) throws -> (Conform, media: [MediaItem]) {
    let lines = (0..<count).map { index in
      let record = Label(frame: 86_400 + Int64(index) * 20)
      return "\(index + 1)  \(reel(index)) V     C        01:00:00:05 01:00:01:01 \(record) "
        + "\(Label(frame: 86_400 + Int64(index + 1) * 20))"
    }
    let media = (0..<count).filter { $0 % 7 != 3 }.map { pictureFile("/m/\(reel($0)).mov") }
    let timeline = try edl(lines.joined(separator: "\n"), rate: film)
    return (Relinker(media: media, settings: RelinkSettings()).relink(timeline), media)
  }

  private struct Label: CustomStringConvertible {
    var frame: Int64

    var description: String {
      [frame / 86_400, frame / 1440 % 60, frame / 24 % 60, frame % 24].map { $0 < 10 ? "0\($0)" : "\($0)" }
        .joined(separator: ":")
    }
  }

  private func reel(_ index: Int) -> String {
    "A" + String(repeating: "0", count: 4 - "\(index)".count) + "\(index)"
  }

  @Test func `every clip of a long list gets its own media, in the order of the list`() throws {
    let (conform, media) = try conform(1_300)
    #expect(conform.events.count == 1_300)
    let wrong = conform.events.enumerated().filter { index, event in
      event.media.map { media[$0].path } != (index % 7 == 3 ? nil : "/m/\(reel(index)).mov")
        || event.clip.event != "\(index + 1)"
    }
    #expect(wrong.isEmpty)
    #expect(conform.diagnostics.filter { $0.code == "conform.missingMedia" }.count == 186)
  }

  @Test(arguments: [0, 1, 500, 1_201])
  func `a report is the same JSON, however many cores wrote it`(count: Int) throws {
    let (conform, media) = try conform(max(1, count))
    var report = ConformReport(conform, programme: "x", media: media)
    report.events = Array(report.events.prefix(count))
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes, .prettyPrinted]
    #expect(Array(try encoder.encode(report)) == (try report.prettyJSON()))
  }
}
