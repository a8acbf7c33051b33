import Editorial
import Foundation
import MediaTime
import TestSupport
import Testing

/// The report as a page, read back by Python's HTML parser.
@Suite struct ConformReportPageTests {
  /// What the parser found.
  private struct Page: Decodable {
    var unbalanced: [String]
    var tags: [String: Int]
    /// Elements by `tag.class`.
    var classes: [String: Int]
    var text: String
    /// Texts of `tbody.event`.
    var events: [String]
    var findings: [String]
    /// Geometry of `rect`s that have a class, as class, x, y, width, height.
    var boxes: [[String]]
    var crosses: [[String]]
  }

  private static let parser = """
    import html.parser, json, sys
    void = {"meta", "br", "wbr", "rect", "line", "path"}
    class Parser(html.parser.HTMLParser):
        def __init__(self):
            super().__init__(convert_charrefs=True)
            self.open, self.unbalanced, self.tags, self.classes = [], [], {}, {}
            self.text, self.events, self.findings, self.boxes, self.crosses = "", [], [], [], []
        def note(self, tag, attrs):
            attrs = dict(attrs)
            self.tags[tag] = self.tags.get(tag, 0) + 1
            for name in (attrs.get("class") or "").split():
                key = tag + "." + name
                self.classes[key] = self.classes.get(key, 0) + 1
            if tag == "rect": self.boxes.append([attrs.get(k) or "" for k in ("class", "x", "y", "width", "height")])
            if tag == "line" and attrs.get("class") == "cross":
                self.crosses.append([attrs[k] for k in ("x1", "y1", "x2", "y2")])
            if tag == "tbody" and attrs.get("class") == "event": self.events.append("")
            if tag == "tr" and attrs.get("class") == "finding": self.findings.append("")
            for name in attrs:
                if name.startswith("on") or name in ("href", "src"): self.unbalanced.append(tag + " " + name)
        def handle_starttag(self, tag, attrs):
            self.note(tag, attrs)
            if tag not in ("meta", "br", "wbr"): self.open.append((tag, dict(attrs).get("class")))
        def handle_startendtag(self, tag, attrs): self.note(tag, attrs)
        def handle_endtag(self, tag):
            if not self.open or self.open.pop()[0] != tag: self.unbalanced.append(tag)
        def handle_data(self, data):
            if any(tag == "style" for tag, _ in self.open): return
            self.text += data
            if ("tbody", "event") in self.open: self.events[-1] += data
            if ("tr", "finding") in self.open: self.findings[-1] += data
    parser = Parser()
    parser.feed(sys.stdin.read())
    parser.close()
    parser.unbalanced += [tag for tag, _ in parser.open]
    print(json.dumps({k: getattr(parser, k) for k in
        ("unbalanced", "tags", "classes", "text", "events", "findings", "boxes", "crosses")}))
    """

  private func parse(_ report: ConformReport) throws -> Page {
    let result = try Programs.run("python3", ["-c", Self.parser], input: Data(report.html().utf8))
    guard result.status == 0 else { throw FixtureError(text: result.errors) }
    return try JSONDecoder().decode(Page.self, from: result.output)
  }

  private func media(_ name: String, frames: Int64 = 480) -> MediaItem {
    MediaItem(
      path: "/media/" + name,
      facts: MediaFacts(
        identity: name, fileName: name, container: "mov", byteCount: 1,
        video: VideoFacts(
          stream: 0, codec: "prores", width: 1280, height: 720, pixelFormat: "yuv422p10le", bitDepth: 10,
          rate: film, frameCount: frames), timecodeStart: "01:00:00:00", timecodeRate: film))
  }

  private func report(_ text: String, _ media: [MediaItem], handles: Int = 0, programme: String = "film")
    throws
    -> ConformReport
  {
    let conform = Relinker(media: media).relink(try edl(text, rate: film), handles: handles)
    return ConformReport(conform, programme: programme, media: media, handles: handles)
  }

  private let cut = """
    001  A001     V     C        01:00:04:00 01:00:06:00 01:00:00:00 01:00:02:00
    * FROM CLIP NAME: SHOT_A
    * LOC: 01:00:01:00 RED     CHAPTER ONE
    002  A001     V     C        01:00:06:00 01:00:06:00 01:00:02:00 01:00:02:00
    002  B001     V     D    012 01:00:00:02 01:00:02:02 01:00:02:00 01:00:04:00
    * FROM CLIP NAME: SHOT_A
    * TO CLIP NAME: SHOT_B
    003  BL       V     C        00:00:00:00 00:00:01:00 01:00:04:00 01:00:05:00
    004  A001     V     C        01:00:10:00 01:00:08:00 01:00:06:00 01:00:08:00
    M2   A001     -024.0                01:00:10:00
    """

  @Test func `the page is well formed, loads nothing and runs nothing`() throws {
    let page = try parse(try report(cut, [media("A001.mov"), media("B001.mov")], handles: 8))
    #expect(page.unbalanced.isEmpty)
    #expect(page.tags["script"] == nil && page.tags["link"] == nil && page.tags["img"] == nil)
    #expect(page.tags["html"] == 1 && page.tags["body"] == 1 && page.tags["svg"] == 1)
  }

  @Test func `every event, finding, transition and locator is listed once`() throws {
    let report = try report(cut, [media("A001.mov"), media("B001.mov")], handles: 8)
    let page = try parse(report)
    #expect(page.events.count == report.events.count && report.events.count == 4)
    for (event, text) in zip(report.events, page.events) {
      #expect(
        text.contains(event.event) && text.contains(event.recordTimecode) && text.contains(event.explanation))
    }
    #expect(page.events[3].contains("reverse"))
    // B001 has 2 frames before its first one.
    #expect(page.classes["span.short"] == 1 && page.events[1].contains("2 ▾"))
    let found = report.findings + report.events.flatMap(\.findings)
    #expect(!found.isEmpty && page.findings.count == found.count)
    for (finding, text) in zip(found, page.findings) {
      #expect(text.contains(finding.what) && text.contains(finding.kind.rawValue))
      if let location = finding.location { #expect(text.contains("\(location)")) }
    }
    #expect(page.classes["tbody.transition"] == 1 && page.classes["tbody.marker"] == 1)
    #expect(page.text.contains("CHAPTER ONE"))
  }

  @Test func `boxes of the drawing lie where the frames are`() throws {
    let report = try report(cut, [media("A001.mov"), media("B001.mov")])
    let page = try parse(report)
    // 1264 units for 192 frames, from 56 units on.
    func x(_ frame: Int64) -> Double { 56 + 1264 * Double(frame) / 192 }
    func expectBox(_ style: String, _ start: Int64, _ end: Int64) {
      let isThere = page.boxes.contains { box in
        guard box[0] == style, let left = Double(box[1]), let width = Double(box[3]) else { return false }
        return abs(left - x(start)) <= 0.011 && abs(left + width - x(end)) <= 0.022
      }
      #expect(isThere, "no \(style) from \(start) to \(end) in \(page.boxes)")
    }
    expectBox("clip", 0, 48)
    expectBox("clip", 48, 96)
    expectBox("black", 96, 120)
    expectBox("black", 120, 144)
    expectBox("clip", 144, 192)
    expectBox("transition", 48, 60)
    let cross = try #require(page.crosses.first).compactMap(Double.init)
    #expect(page.crosses.count == 1 && abs(cross[0] - x(48)) <= 0.01 && abs(cross[2] - x(60)) <= 0.01)
    #expect(cross[1] > cross[3], "from the lower left to the upper right")
  }

  @Test func `names from hostile files stay text`() throws {
    let hostile = "\"><script>alert('1')</script><b onload=x>&amp;\u{202E}gnp"
    let text = """
      001  A001     V     C        01:00:04:00 01:00:06:00 01:00:00:00 01:00:02:00
      * FROM CLIP NAME: \(hostile)
      * LOC: 01:00:01:00 RED     \(hostile)
      """
    let page = try parse(try report(text, [media("A001.<em>.mov")], programme: hostile))
    #expect(page.unbalanced.isEmpty)
    for tag in ["script", "em"] { #expect(page.tags[tag] == nil) }
    #expect(page.tags["b"] == 4, "only the four counts")
    #expect(page.events[0].contains("\"><script>alert('1')</script><b onload=x>&amp;\\u{202e}gnp"))
    #expect(page.events[0].contains("A001.<em>.mov"))
    #expect(!page.text.contains("\u{202E}"))
  }

  @Test func `a long cut is drawn in strips that show every event`() throws {
    let events = (0..<150).map { index in
      func label(_ frame: Int) -> String {
        func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
        return "01:\(two(frame / 1440)):\(two(frame / 24 % 60)):\(two(frame % 24))"
      }
      let number = String("00\(index + 1)".suffix(3))
      return
        "\(number)  A001     V     C        01:00:01:00 01:00:02:00 \(label(index * 24)) \(label(index * 24 + 24))"
    }
    let page = try parse(try report(events.joined(separator: "\n"), [media("A001.mov")]))
    #expect(page.tags["svg"] == 3)
    #expect(page.boxes.count { $0[0] == "clip" } == 150)
    #expect(page.events.count == 150)
  }
}
