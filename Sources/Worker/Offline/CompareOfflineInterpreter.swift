import Colour
import Drawing
import Editorial
import Foundation
import ImageGraph
import MediaTime
import ObjectStore
import TaskGraph
import TaskKinds

/// Compares events with the offline, one after the other.
enum CompareOfflineInterpreter: TaskInterpreter {
  typealias Kind = CompareOfflineTask

  static func run(_ input: CompareOfflineTask.Input, in context: TaskContext) throws -> (
    CompareOfflineTask.Output, [ObjectReference]
  ) {
    let reader = LumaReader(input.view, nodes: input.nodes, store: context.store)
    let total = input.events.reduce(0) { $0 + $1.samples.count }
    var done = 0
    var findings: [CompareOfflineTask.Finding] = []
    for event in input.events {
      try StopRequest.check()
      let comparison = try OfflineComparison(event, input, reader: reader)
      let (match, sample) = try comparison.match()
      var still: String?
      switch match.kind {
      case .right, .still, .absent, .flat: break
      case .shifted, .drifting, .flopped, .resized, .other:
        still = try Self.still(of: event.samples[sample], reader)
      }
      findings.append(CompareOfflineTask.Finding(match: match, sample: sample, still: still))
      done += event.samples.count
      context.reporter.progress(frames: done, of: total)
    }
    return (CompareOfflineTask.Output(findings: findings), [])
  }

  /// Offline, conform and their difference beside each other.
  private static func still(of sample: CompareOfflineTask.Sample, _ reader: LumaReader) throws -> String {
    let pictures = [
      try reader.offlineStill(sample.offline),
      try reader.conformedStill(sample.chain, sample.map.position(at: 0)),
    ]
    // Half of what is rendered is enough beside each other, and keeps reports small.
    let stills = pictures.map { $0.still(width: $0.width / 2, height: $0.height / 2) }
    let gap = 4
    let (width, height) = (stills[0].width, stills[0].height)
    let canvas = try Canvas(
      width: 3 * width + 2 * gap, height: height, background: DrawingColour(0x161616))
    let difference = zip(stills[0].rgb, stills[1].rgb).map { one, other -> UInt8 in
      let size = one > other ? one - other : other - one
      return size > 127 ? 255 : 2 * size
    }
    for (index, still) in (stills + [Still(width: width, height: height, rgb: difference)]).enumerated() {
      try canvas.draw(still, x: index * (width + gap), y: 0)
    }
    return Data(try canvas.png()).base64EncodedString()
  }
}
