package import Diagnostics

/// Whole numbers as farms write them: `1-10`, `1-10:2,15`, `7-7`, `10-1:-3`.
///
/// Source: Open Job Description 2023-09, section 3.4.1.1 (range expressions). Numbers that are named twice count once:
/// farms differ in whether that is an error, and it does no harm.
package struct NumberRanges: Hashable, Sendable, CustomStringConvertible {
  /// Evenly spaced numbers, ascending.
  package struct Run: Hashable, Sendable {
    package var first: Int
    /// The last number that is one of them.
    package var last: Int
    /// At least 1.
    package var step: Int

    package func contains(_ number: Int) -> Bool {
      (first...last).contains(number) && (number - first) % step == 0
    }
  }

  package let runs: [Run]

  package init(_ range: ClosedRange<Int>) {
    runs = [Run(first: range.lowerBound, last: range.upperBound, step: 1)]
  }

  /// - Throws: `usage`, code `range.unreadable`, for anything that is not of this form.
  package init(parsing text: String) throws(Diagnostic) {
    var runs: [Run] = []
    for part in text.split(separator: ",", omittingEmptySubsequences: false) {
      guard let run = Self.run(part) else {
        throw Diagnostic(
          family: .usage, code: "range.unreadable", message: "`\(text)` is no range of numbers",
          remedy: "Write it as 1-10, 1-10:2 or 1,5-9.")
      }
      runs.append(run)
    }
    self.runs = runs
  }

  package func contains(_ number: Int) -> Bool { runs.contains { $0.contains(number) } }

  /// Those of `1…count` that it names, ascending.
  package func numbers(upTo count: Int) -> [Int] {
    guard count > 0 else { return [] }
    return (1...count).filter(contains)
  }

  package var description: String {
    runs.map { run in
      if run.first == run.last { return "\(run.first)" }
      return run.step == 1 ? "\(run.first)-\(run.last)" : "\(run.first)-\(run.last):\(run.step)"
    }.joined(separator: ",")
  }

  /// `N`, `N-N` or `N-N:S`; either number may be negative.
  private static func run(_ text: Substring) -> Run? {
    let text = text.trimmingSpaces
    let parts = text.split(separator: ":", omittingEmptySubsequences: false)
    guard (1...2).contains(parts.count), let bounds = bounds(parts[0].trimmingSpaces) else { return nil }
    guard let last = bounds.last else {
      return parts.count == 1 ? Run(first: bounds.first, last: bounds.first, step: 1) : nil
    }
    let step = parts.count == 1 ? 1 : Int(parts[1].trimmingSpaces)
    guard let step, step != 0, step != .min else { return nil }
    // Backwards the same numbers are meant: who makes them does not mind the order.
    guard step > 0 ? bounds.first <= last : bounds.first >= last else { return nil }
    let (distance, overflow) = last.subtractingReportingOverflow(bounds.first)
    guard !overflow else { return nil }
    let end = bounds.first + distance / step * step
    return Run(first: min(bounds.first, end), last: max(bounds.first, end), step: abs(step))
  }

  private static func bounds(_ text: Substring) -> (first: Int, last: Int?)? {
    if let single = Int(text), text.first != "+" { return (single, nil) }
    // The dash between two numbers is the first that has a digit before it.
    guard
      let dash = text.indices.dropFirst().first(where: { index in
        text[index] == "-" && text[..<index].trimmingSpaces.last?.isNumber == true
      }), let first = Int(text[..<dash].trimmingSpaces),
      let last = Int(text[text.index(after: dash)...].trimmingSpaces)
    else { return nil }
    return (first, last)
  }
}

extension Substring {
  fileprivate var trimmingSpaces: Substring {
    var text = drop { $0 == " " }
    while text.last == " " { text.removeLast() }
    return text
  }
}
