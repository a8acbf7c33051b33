import MediaTime

/// An event as it goes into a list.
struct EDLWrittenEvent {
  /// Fields of an event line behind the channels, and the source reel before them.
  struct Line: Hashable {
    var reel: String
    /// `C`, `D`, `W001`, …
    var transition = "C"
    /// Frames of the transition.
    var duration: Int64?
    /// Source in, source out, record in, record out.
    var times: [String]

    func text(number: String, channel: String, reelWidth: Int) -> String {
      let effect = transition.padding(to: 4) + " "
      let digits = duration.map { frames in
        String(repeating: "0", count: max(0, 3 - String(frames).count)) + String(frames)
      }
      return number + "  " + reel.padding(to: reelWidth) + " " + channel.padding(to: 4) + "  " + effect
        + (digits ?? "   ") + " " + times.joined(separator: " ")
    }
  }

  /// What an event says whatever its channels: events of several tracks with the same content are one.
  struct Content: Hashable {
    var number: String
    /// The outgoing line of a transition.
    var outgoing: Line?
    var main: Line
    /// Motion lines, directly below the event.
    var motions: [String] = []
    var notes: [String] = []
  }

  var content: Content
  var record: FrameRange
  /// How the source timecodes of the main line count.
  var countsDropFrame: Bool
  /// Which channel of the source the clip asks for.
  var sourceChannel: Int?
  var channels = EDLChannels()
  /// Source channels by record channel.
  var patches: [Int: Int] = [:]

  var number: String { content.number }

  func text(number: String, reelWidth: Int) -> String {
    let (channel, further) = channels.words
    var lines = [content.outgoing, content.main].compactMap { line in
      line?.text(number: number, channel: channel, reelWidth: reelWidth)
    }
    if !further.isEmpty {
      lines.append("AUD  " + further.map { String($0).padding(to: 4) }.joined(separator: " "))
    }
    lines += content.motions
    lines += content.notes
    for (record, source) in patches.sorted(by: { $0.key < $1.key }) {
      lines.append("* PATCH \(content.main.reel):  FROM SOURCE \(source) TO RECORD \(record)")
    }
    return lines.map { EDLText.trimmedEnd($0) + "\r\n" }.joined()
  }
}
