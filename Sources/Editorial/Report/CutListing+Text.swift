import MediaTime

extension CutListing {
  /// The cut as aligned text, a table for each track, then markers and findings.
  package var text: String {
    var lines = [
      name.isEmpty ? "cut" : name,
      "\(start)–\(end) at \(rate) fps\(isDropFrame ? " drop frame" : ""), \(frames) frames, "
        + "\(counted(tracks.count, "track")), \(counted(clipCount, "clip"))",
    ]
    for track in tracks { lines += Self.table(of: track, indent: "") }
    if !markers.isEmpty {
      lines += ["", "markers"]
      lines += TextTable.aligned(
        markers.map { marker in
          [
            "  \(label(at: marker.frame))", marker.color,
            [marker.name, marker.comment].filter { !$0.isEmpty }.joined(separator: ": "),
          ]
        })
    }
    if !findings.isEmpty { lines += ["", "not carried as written"] + findings.map { "  \($0)" } }
    return lines.joined(separator: "\n") + "\n"
  }

  private func label(at frame: Int64) -> String {
    guard let first = try? Timecode(parsing: start, rate: rate) else { return "frame \(frame)" }
    return Timecode(frame: first.frame + frame, rate: rate, isDropFrame: isDropFrame).description
  }

  private static func table(of track: Track, indent: String) -> [String] {
    var lines = [
      "", indent + track.name + (track.isEnabled ? "" : " (off)") + (track.items.isEmpty ? " (empty)" : ""),
    ]
    guard !track.items.isEmpty else { return lines }
    var rows = [["event", "record", "frames", "source in", "source", "what"]]
    var nested: [(row: Int, lines: [String])] = []
    for item in track.items {
      rows.append([
        item.event.isEmpty ? "–" : item.event, "\(item.recordIn)–\(item.recordOut)",
        "\(item.recordRange.count)", item.sourceIn ?? "", source(item), what(item),
      ])
      if !item.tracks.isEmpty {
        nested.append((rows.count, item.tracks.flatMap { table(of: $0, indent: indent + "    ") }))
      }
    }
    let aligned = TextTable.aligned(rows.map { [indent + "  " + $0[0]] + $0.dropFirst() })
    var next = 0
    for (row, below) in nested {
      lines += aligned[next..<row] + below
      next = row
    }
    return lines + aligned[next...]
  }

  private static func source(_ item: Item) -> String {
    switch item.kind {
    case .gap, .transition: ""
    case .black: "black"
    case .nest, .generator, .clip:
      item.sourceReel ?? item.sourceFile ?? item.sourceURL.map(FileNames.lastComponent) ?? ""
    }
  }

  private static func what(_ item: Item) -> String {
    var parts: [String] = []
    if item.kind != .clip, item.kind != .black { parts.append(item.transition ?? item.kind.rawValue) }
    if !item.name.isEmpty { parts.append(item.name) }
    if !item.isEnabled { parts.append("off") }
    if item.curve != nil { parts.append("changing speed") }
    if let speed = item.speed, speed != .one { parts.append(words(speed)) }
    parts += item.adjustments
    if item.grade != nil { parts.append("CDL") }
    if let role = item.role { parts.append(role) }
    return parts.joined(separator: ", ")
  }
}

extension CutListing {
  fileprivate static func words(_ speed: Rational) -> String {
    if speed == .zero { return "freeze" }
    return "speed " + (speed.isInteger ? "\(speed.numerator)" : "\(speed)")
  }
}
