import Editorial
import MediaTime
import Planning

/// What texted and textless deliverables of a programme share, and where the text is by its timecode.
struct TextlessFindings: Codable, Sendable {
  let pairs: [TextlessPair]
  /// Label of the programme's first frame, and how its timecode counts.
  private let startFrame: Int64
  private let rate: FrameRate
  private let isDropFrame: Bool

  init(_ plan: ProgrammePlan) {
    pairs = plan.textlessPairs
    startFrame = plan.conform.timeline.startFrame
    rate = plan.conform.timeline.rate
    isDropFrame = plan.conform.timeline.isDropFrame
  }

  /// - Parameter stage: of the textless deliverable; nil for all.
  func lines(of stage: String? = nil) -> [String] {
    pairs.filter { stage == nil || $0.textless == stage }.flatMap { pair in
      pair.lines { frame in
        Timecode(frame: startFrame + pair.start + frame, rate: rate, isDropFrame: isDropFrame).description
      }
    }
  }
}
