import MediaTime

extension ChangeList {
  /// The list for an editor: what moved together is one line.
  package var text: String {
    let kept = entries.count { $0.kind == .kept }
    let gained = newFrames - oldFrames
    var lines = [
      "\(Self.shown(oldName)) → \(Self.shown(newName)): \(oldFrames) → \(newFrames) frames "
        + "(\(Self.signed(gained)))",
      "\(counted(kept, "clip")) kept, \(entries.count { $0.kind == .changed }) changed, "
        + "\(entries.count { $0.kind == .added }) added, \(entries.count { $0.kind == .removed }) removed; "
        + "\(entries.reduce(0) { $0 + $1.newFrames }) source frames are new to the cut",
    ]
    for track in tracks {
      let rows = Self.rows(of: entries.filter { $0.track == track })
      if !rows.isEmpty { lines += ["", track] + TextTable.aligned(rows) }
    }
    return lines.joined(separator: "\n") + "\n"
  }

  private var tracks: [String] {
    var names: [String] = []
    for entry in entries where !names.contains(entry.track) { names.append(entry.track) }
    return names
  }

  private static func rows(of entries: [Entry]) -> [[String]] {
    var rows: [[String]] = []
    var index = 0
    while index < entries.count {
      let entry = entries[index]
      var end = index + 1
      if entry.kind == .kept {
        while end < entries.count, entries[end].kind == .kept, entries[end].shift == entry.shift { end += 1 }
        if let shift = entry.shift, shift != 0 {
          rows.append(moved(Array(entries[index..<end]), by: shift))
        }
      } else {
        rows.append(row(entry))
      }
      index = end
    }
    return rows
  }

  private static func moved(_ entries: [Entry], by shift: Int64) -> [String] {
    let (first, last) = (entries[0], entries[entries.count - 1])
    let events = [first.newEvent, last.newEvent].compactMap { $0 }
    let name = entries.count == 1 ? events.first ?? "" : events.joined(separator: "–")
    return [
      "  moved", name, entries.count == 1 ? first.shot : "\(entries.count) clips",
      "\(first.recordIn)–\(last.recordOut)",
      "\(signed(shift)) frames",
    ]
  }

  private static func row(_ entry: Entry) -> [String] {
    var parts: [String] = []
    if entry.head != 0 { parts.append("head \(signed(entry.head))") }
    if entry.tail != 0 { parts.append("tail \(signed(entry.tail))") }
    parts += entry.differences
    if let shift = entry.shift, shift != 0 { parts.append("moved \(signed(shift))") }
    if entry.newFrames > 0 { parts.append("\(entry.newFrames) new frames") }
    return [
      "  " + entry.kind.rawValue, entry.newEvent ?? entry.oldEvent ?? "", entry.shot,
      "\(entry.recordIn)–\(entry.recordOut)", parts.joined(separator: ", "),
    ]
  }

  private static func signed(_ frames: Int64) -> String { frames > 0 ? "+\(frames)" : "\(frames)" }

  private static func shown(_ name: String) -> String { name.isEmpty ? "cut" : name }
}
