package import Diagnostics
package import Editorial
package import MediaTime

/// A grade of a stretch of a source: what a cut that was graded says of one of its events.
///
/// It follows the source and not the place in the cut, so it survives every re-cut of the same takes.
package struct SourceGrade: Hashable, Sendable {
  /// Names of the source reel, in small letters.
  package var reels: [String]
  /// Source frames by their labels, counted from midnight.
  package var range: FrameRange
  package var decision: ColorDecision
  package var location: SourceLocation?

  package init(reels: [String], range: FrameRange, decision: ColorDecision, location: SourceLocation?) {
    self.reels = reels.map { $0.lowercased() }
    self.range = range
    self.decision = decision
    self.location = location
  }

  /// The grades of every picture event of a timeline that has one and says where its source is from.
  package static func grades(in timeline: Timeline) -> [SourceGrade] {
    timeline.tracks.filter { $0.kind == .picture }.flatMap(\.clips).compactMap { clip in
      guard let decision = clip.grade, let range = clip.labelledRange(timeline) else { return nil }
      return SourceGrade(reels: clip.reels, range: range, decision: decision, location: clip.location)
    }
  }

  /// Those that speak of a stretch of a source, the one with the most of it first.
  static func grades(_ grades: [SourceGrade], of shot: GradeShot) -> [SourceGrade] {
    guard let range = shot.sourceRange else { return [] }
    let reels = Set(shot.reels.map { $0.lowercased() })
    return grades.compactMap { grade -> (grade: SourceGrade, count: Int64)? in
      guard !reels.isDisjoint(with: grade.reels), let shared = grade.range.intersection(range),
        shared.count > 0
      else { return nil }
      return (grade, shared.count)
    }.enumerated().sorted { ($1.element.count, $0.offset) < ($0.element.count, $1.offset) }.map(
      \.element.grade)
  }
}

extension Clip {
  /// Every name of the source reel that the cut gives.
  package var reels: [String] { [sourceReel].compactMap { $0 } + alternateReels }

  /// The source frames of the clip by their labels, from midnight; nil where the cut counts otherwise.
  package func labelledRange(_ timeline: Timeline) -> FrameRange? {
    let rate = timeline.rate
    let first: Int64? =
      switch sourceIn {
      case .label(let label): try? label.frame(rate: rate, isDropFrame: timeline.isDropFrame)
      case .frames(let count, let own): own == rate ? count : nil
      }
    guard let first else { return nil }
    let count = max(1, sourceCount ?? recordRange.count)
    return timeScale < .zero
      ? FrameRange(start: first - count + 1, count: count) : FrameRange(start: first, count: count)
  }
}
