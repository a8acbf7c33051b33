import Engine

/// The attempts of a run drawn to scale: a lane for each worker, coloured by stage.
///
/// The drawing has a bounded size: of more attempts than `mostSpans` it shows, column by column, which stage took
/// most of a worker's time.
struct TimelineDrawing {
  let history: RunHistory
  let path: CriticalPath
  /// Stages in plan order, and their colours.
  let colours: [String: String]

  static let width = 1320.0
  static let left = 84.0
  static let mostSpans = 3_000
  static let mostLanes = 64
  static let mostCells = 9_000
  static let mostMarks = 300
  private static let ruler = 22.0

  private struct Lane {
    var name: String
    var spans: [Int] = []
  }

  /// Lanes that are not drawn, for want of room.
  var hiddenLanes: Int { max(0, lanes.count - Self.mostLanes) }

  var isCondensed: Bool { history.spans.count > Self.mostSpans }

  private var length: Double { max(history.seconds, 0.001) }

  private func x(_ seconds: Double) -> Double {
    Self.left + (Self.width - Self.left) * min(1, max(0, seconds / length))
  }

  /// The figure; nothing for a run without attempts.
  func svg() -> String {
    guard !history.spans.isEmpty else { return "" }
    let shown = Array(lanes.prefix(Self.mostLanes))
    let height = shown.count <= 12 ? 22.0 : shown.count <= 32 ? 15.0 : 9.0
    let gap = shown.count <= 32 ? 3.0 : 1.0
    var body = ""
    var y = Self.ruler
    body += criticalLane(y)
    y += 20
    for lane in shown {
      body += label(lane.name, y + height / 2 + 4)
      body += rectangle("lane", Self.left, y, Self.width - Self.left, height)
      body += isCondensed ? cells(lane, y, height, lanes: shown.count) : spans(lane, y, height)
      y += height + gap
    }
    body = grid(to: y) + body + marks(shown, top: Self.ruler + 20, height: height, gap: gap)
    return """
      <figure><svg viewBox="0 0 \(number(Self.width)) \(number(y + 2))" role="img" aria-label="attempts by worker">
      <defs><pattern id="failed" width="5" height="5" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
      <rect width="5" height="5" fill="#5a2a27"/><rect width="2" height="5" fill="#e3665c"/></pattern></defs>
      \(body)</svg></figure>
      """
  }

  // MARK: Lanes

  private var lanes: [Lane] {
    var workers: [Int: Lane] = [:]
    // Tasks of the coordinator overlap: each takes the first of its lanes that is free.
    var own: [(lane: Lane, free: Double)] = []
    for (index, span) in history.spans.enumerated() {
      if span.worker > 0 {
        workers[span.worker, default: Lane(name: "worker \(span.worker)")].spans.append(index)
      } else if let place = own.firstIndex(where: { $0.free <= span.began }) {
        own[place].lane.spans.append(index)
        own[place].free = span.ended
      } else if own.count < 4 {
        own.append((Lane(name: "coordinator", spans: [index]), span.ended))
      }
    }
    return workers.sorted { $0.key < $1.key }.map(\.value) + own.map(\.lane)
  }

  private func criticalLane(_ y: Double) -> String {
    guard !path.steps.isEmpty else { return "" }
    var text = label("critical", y + 11)
    text += rectangle("lane", Self.left, y, Self.width - Self.left, 14)
    // A path of thousands of steps is a solid band anyway.
    for step in path.steps.suffix(Self.mostSpans) {
      let task = history.tasks[step.task]
      let title = "\(task.stage): \(task.label), \(DisplayTime.exact(step.ended - step.began))"
      text += rectangle(
        "span critical", x(step.began), y, max(0.5, x(step.ended) - x(step.began)), 14,
        fill: colours[task.stage], title: title)
    }
    return text
  }

  private func spans(_ lane: Lane, _ y: Double, _ height: Double) -> String {
    var text = ""
    for index in lane.spans {
      let span = history.spans[index]
      let task = history.tasks[span.task]
      let start = x(span.began)
      let width = max(0.8, x(span.ended) - start)
      let isGood = span.outcome == .done || span.outcome == .cancelled
      let style = span.outcome == nil ? "span open" : isGood ? "span" : "span failed"
      let ending = span.outcome.map { $0 == .done ? "" : ", \($0.rawValue)" } ?? ", without an end on record"
      let title = "\(task.stage): \(task.label), \(DisplayTime.exact(span.ended - span.began))\(ending)"
      text += rectangle(
        style, start, y, width, height, fill: span.outcome == nil || isGood ? colours[task.stage] : nil,
        title: title)
      if height >= 15, isGood, width > 54 {
        text += """
          <text class="name" x="\(number(start + 5))" y="\(number(y + height / 2 + 4))">\
          \(PageText.escape(task.label, longest: Int((width - 10) / 6.2)))</text>

          """
      }
    }
    return text
  }

  /// Which stage took most of the lane's time, by column; faint where the worker was idle for most of it.
  private func cells(_ lane: Lane, _ y: Double, _ height: Double, lanes: Int) -> String {
    let columns = min(618, max(60, Self.mostCells / max(1, lanes)))
    let seconds = length / Double(columns)
    var taken = [[String: Double]](repeating: [:], count: columns)
    for index in lane.spans {
      let span = history.spans[index]
      let first = min(columns - 1, max(0, Int(span.began / seconds)))
      let last = min(columns - 1, max(first, Int(span.ended / seconds)))
      for column in first...last {
        let part = min(span.ended, Double(column + 1) * seconds) - max(span.began, Double(column) * seconds)
        taken[column][history.tasks[span.task].stage, default: 0] += max(part, 0)
      }
    }
    var text = ""
    var column = 0
    while column < columns {
      let (stage, busy) = dominant(taken[column], seconds)
      var end = column + 1
      while end < columns, dominant(taken[end], seconds) == (stage, busy) { end += 1 }
      if let stage, busy > 0 {
        text += rectangle(
          nil, x(Double(column) * seconds), y, x(Double(end) * seconds) - x(Double(column) * seconds), height,
          fill: colours[stage], opacity: busy)
      }
      column = end
    }
    return text
  }

  /// - Returns: how busy the column is in quarters, so that neighbours join.
  private func dominant(_ taken: [String: Double], _ seconds: Double) -> (String?, Int) {
    let most = taken.max { ($0.value, $1.key) < ($1.value, $0.key) }
    let sum = taken.values.reduce(0, +)
    return (most?.key, sum > 0 ? min(4, max(1, Int((sum / seconds * 4).rounded(.up)))) : 0)
  }

  /// Attempts that ended without a result, as ticks that are seen at any scale.
  private func marks(_ lanes: [Lane], top: Double, height: Double, gap: Double) -> String {
    var text = ""
    var count = 0
    for (row, lane) in lanes.enumerated() {
      let y = top + Double(row) * (height + gap)
      for index in lane.spans {
        let span = history.spans[index]
        guard span.outcome == .failed || span.outcome == .lost, count < Self.mostMarks else { continue }
        count += 1
        let x = x(span.ended)
        text +=
          "<path class=\"mark\" d=\"M\(number(x - 4)) \(number(y - 1))h8l-4 6z\"/>\n"
      }
    }
    return text
  }

  // MARK: Parts

  private func grid(to bottom: Double) -> String {
    let step = Self.steps.first { length / $0 <= 12 } ?? 86_400 * (length / 86_400 / 12).rounded(.up)
    var text = ""
    var time = 0.0
    while time <= length {
      let x = number(x(time))
      text += "<line class=\"tick\" x1=\"\(x)\" x2=\"\(x)\" y1=\"16\" y2=\"\(number(bottom))\"/>"
      if Self.width - self.x(time) > 40 || time == 0 {
        text += "<text x=\"\(number(self.x(time) + 4))\" y=\"12\">\(Self.clock(time, step))</text>\n"
      }
      time += step
    }
    return text
  }

  private static let steps: [Double] = [
    0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 14_400, 28_800, 86_400,
  ]

  private static func clock(_ seconds: Double, _ step: Double) -> String {
    if step < 1 { return "\(decimal(seconds, 1)) s" }
    let whole = Int(seconds.rounded())
    if whole < 60, step < 60 { return "\(whole) s" }
    if step < 60 { return "\(whole / 60):\(DisplayTime.twoDigits(whole % 60))" }
    return whole < 3600
      ? "\(whole / 60) min" : "\(whole / 3600):\(DisplayTime.twoDigits(whole / 60 % 60)) h"
  }

  private func label(_ text: String, _ y: Double) -> String {
    "<text x=\"0\" y=\"\(number(y))\">\(PageText.escape(text, longest: 14))</text>\n"
  }

  private func rectangle(
    _ style: String?, _ x: Double, _ y: Double, _ width: Double, _ height: Double, fill: String? = nil,
    opacity: Int = 4, title: String? = nil
  ) -> String {
    var text = "<rect"
    if let style { text += " class=\"\(style)\"" }
    text += " x=\"\(number(x))\" y=\"\(number(y))\" width=\"\(number(width))\" height=\"\(number(height))\""
    if let fill { text += " fill=\"\(fill)\"" }
    if opacity < 4 { text += " opacity=\"\(number(0.25 * Double(opacity)))\"" }
    guard let title else { return text + "/>\n" }
    return text + "><title>\(PageText.escape(title))</title></rect>\n"
  }

  private func number(_ value: Double) -> String {
    let text = decimal(abs(value), value.rounded() == value ? 0 : 2)
    return value < 0 ? "-\(text)" : text
  }
}
