import Editorial
import ImageGraph
import MediaTime
import TaskKinds
import Titling

/// `titles.json`: every text that is drawn, where it stands and when it is seen.
struct TitlesReport: Codable, Sendable {
  struct Text: Codable, Sendable {
    var role: TypesetTask.Box.Role
    var text: String
    /// Line of the file it was written in.
    var line: Int?
    /// What is inked, in pixels: in the raster for cards, from the top of the roll for credits.
    var x: Int
    var y: Int
    var width: Int
    var height: Int
    /// First and last frame in sight, counted from the programme's first.
    var firstFrame: Int64
    var lastFrame: Int64
    var firstTimecode: String
    var lastTimecode: String
  }

  struct Card: Codable, Sendable {
    var name: String
    var fadeIn: Int64
    var fadeOut: Int64
    var lines: [Text]
  }

  /// At frame `firstFrame + k` the top of the roll stands at `rasterHeight - k * pixelsPerFrame`.
  struct Roll: Codable, Sendable {
    var firstFrame: Int64
    var frames: Int64
    var pixelsPerFrame: Int
    var contentHeight: Int
    var rasterHeight: Int
    var runningTime: String
    var texts: [Text]
  }

  var schema = 1
  var programme: String
  var cards: [Card]
  var roll: Roll?

  init(
    cards: [(PlacedCard, TypesetTask.Typeset)], roll: (start: Int64, roll: RollPlacement)?,
    timeline: Timeline,
    programme: String
  ) {
    self.programme = programme
    self.cards = cards.map { card, typeset in
      Card(
        name: card.cue.card.name, fadeIn: card.cue.fadeIn, fadeOut: card.cue.fadeOut,
        lines: typeset.boxes.map { Text($0, seen: card.range, timeline) })
    }
    self.roll = roll.map { start, roll in
      Roll(
        firstFrame: start, frames: roll.speed.count, pixelsPerFrame: roll.speed.step,
        contentHeight: roll.typeset.height, rasterHeight: roll.raster.height,
        runningTime:
          "\(Timecode(frame: roll.speed.count, rate: timeline.rate, isDropFrame: timeline.isDropFrame))",
        texts: roll.typeset.boxes.map { box in
          Text(box, seen: roll.frames(from: box.y, to: box.y + box.height).offset(by: start), timeline)
        })
    }
  }
}

extension TitlesReport.Text {
  fileprivate init(_ box: TypesetTask.Box, seen range: FrameRange, _ timeline: Timeline) {
    let last = max(range.start, range.end - 1)
    self.init(
      role: box.role, text: box.text, line: box.line, x: box.x, y: box.y, width: box.width,
      height: box.height,
      firstFrame: range.start, lastFrame: last, firstTimecode: "\(timeline.timecode(at: range.start))",
      lastTimecode: "\(timeline.timecode(at: last))")
  }
}
