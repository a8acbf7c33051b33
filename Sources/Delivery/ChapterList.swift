package import MediaTime

/// Places of a deliverable that viewers can go to, in order and without overlap.
package struct ChapterList: Hashable, Codable, Sendable {
  package struct Chapter: Hashable, Codable, Sendable {
    /// Frames of the deliverable; `end` is not included.
    package var start: Int64
    package var end: Int64
    package var title: String

    package init(start: Int64, end: Int64, title: String) {
      self.start = start
      self.end = end
      self.title = title
    }
  }

  package var chapters: [Chapter]

  /// A chapter from each marker to the next, and to the end of the range.
  ///
  /// A chapter that began before the range starts with it; markers of one frame share a chapter.
  ///
  /// - Parameters:
  ///   - markers: frames of the programme.
  ///   - range: the part of the programme that the deliverable shows.
  package init(markers: [(frame: Int64, title: String)], range: FrameRange) {
    var places: [(frame: Int64, titles: [String])] = []
    let sorted = markers.enumerated().sorted { ($0.element.frame, $0.offset) < ($1.element.frame, $1.offset) }
    for (_, marker) in sorted {
      if places.last?.frame == marker.frame {
        places[places.count - 1].titles.append(marker.title)
      } else {
        places.append((marker.frame, [marker.title]))
      }
    }
    chapters = places.indices.compactMap { index in
      let end = index + 1 < places.count ? places[index + 1].frame : .max
      let start = max(places[index].frame, range.start)
      guard start < min(end, range.end) else { return nil }
      return Chapter(
        start: start - range.start, end: min(end, range.end) - range.start,
        title: places[index].titles.filter { !$0.isEmpty }.joined(separator: " / "))
    }
    for index in chapters.indices where chapters[index].title.isEmpty {
      chapters[index].title = "Chapter \(index + 1)"
    }
  }

  /// The chapters as WebVTT.
  ///
  /// A time is that of its frame, rounded up to the next millisecond, so that a player that goes there shows the
  /// frame and not the one before.
  /// Source: W3C WebVTT, 4 (syntax) and 4.7 (chapter titles).
  package func webVTT(rate: FrameRate) -> String {
    var text = "WEBVTT\n"
    for (index, chapter) in chapters.enumerated() {
      text += "\n\(index + 1)\n\(Self.time(chapter.start, rate)) --> \(Self.time(chapter.end, rate))\n"
      text += Self.escaped(chapter.title) + "\n"
    }
    return text
  }

  private static func time(_ frame: Int64, _ rate: FrameRate) -> String {
    let milliseconds = -(Rational(-1000) * rate.seconds(frame)).floor
    func digits(_ number: Int64, _ width: Int) -> String {
      let text = String(number)
      return String(repeating: "0", count: max(0, width - text.count)) + text
    }
    let seconds = milliseconds / 1000
    return digits(seconds / 3600, 2) + ":" + digits(seconds / 60 % 60, 2) + ":" + digits(seconds % 60, 2)
      + "." + digits(milliseconds % 1000, 3)
  }

  /// On one line, without what WebVTT reads as markup.
  private static func escaped(_ title: String) -> String {
    var text = ""
    for scalar in title.unicodeScalars {
      switch scalar {
      case "&": text += "&amp;"
      case "<": text += "&lt;"
      case ">": text += "&gt;"
      case _ where scalar.value < 0x20 || scalar.value == 0x7f: text += " "
      default: text.unicodeScalars.append(scalar)
      }
    }
    let words = text.split(separator: " ")
    return words.joined(separator: " ")
  }
}
