import Colour
import Digests
import ImageGraph
import ObjectStore
import TaskGraph
import TaskKinds

/// Looks through a media file for pictures of the offline: all frames small, the best places in full.
enum FindOfflineInterpreter: TaskInterpreter {
  typealias Kind = FindOfflineTask

  private static let step = 4
  /// Frames kept at the most; of longer media every second, third… is looked at first.
  private static let mostFrames: Int64 = 6000

  static func run(_ input: FindOfflineTask.Input, in context: TaskContext) throws -> (
    FindOfflineTask.Output, [ObjectReference]
  ) {
    let chain = input.node.chain.hex
    let reader = LumaReader(input.view, nodes: [chain: input.node], store: context.store)
    let raster = input.view.compared
    let fit = PlaneFit(
      scaleX: input.fit.scaleX, scaleY: input.fit.scaleY, moveX: input.fit.moveX * Double(raster.width),
      moveY: input.fit.moveY * Double(raster.height))
    let mask = OfflineMask(input.view, burnIns: input.fit.burnIns, block: input.fit.block)
    let stride = max(1, (input.frameCount + mostFrames - 1) / mostFrames)
    var small: [[UInt8]] = []
    var first: LumaPlane?
    for frame in Swift.stride(from: 0, to: input.frameCount, by: Int64.Stride(stride)) {
      try StopRequest.check()
      let plane = PlaneComparer.laid(try reader.conformed(chain, frame), fit).reduced(by: step)
      first = first ?? plane
      small.append(plane.values.map { UInt8(min(255, $0 + 0.5)) })
      context.reporter.progress(frames: small.count, of: Int((input.frameCount + stride - 1) / stride))
    }
    guard let first else { return (FindOfflineTask.Output(places: input.queries.map { _ in nil }), []) }
    let use = mask.reduced(by: step).use
    let coarse = PlaneComparer(width: first.width, height: first.height)
    let fine = PlaneComparer(width: raster.width, height: raster.height)
    var rest: [Float] = []
    func smallPlane(at frame: Int64) -> LumaPlane? {
      let index = (frame + stride / 2) / stride
      guard frame >= 0, index < small.count else { return nil }
      return LumaPlane(width: first.width, height: first.height, values: small[Int(index)].map(Float.init))
    }
    var places: [FindOfflineTask.Place?] = []
    for query in input.queries {
      try StopRequest.check()
      let wanted = try query.offline.map { try reader.offline($0) }
      let wantedSmall = wanted.map { $0.reduced(by: step) }
      var found: [FindOfflineTask.Place] = []
      for frame in Swift.stride(from: 0, to: input.frameCount, by: Int64.Stride(stride)) {
        var (residual, variance) = (0.0, 0.0)
        var count = 0
        for (plane, offset) in zip(wantedSmall, query.steps) {
          guard let other = smallPlane(at: frame + offset) else { continue }
          let match = coarse.compare(plane, with: other, use: use, rest: &rest)
          residual += match.residual
          variance += match.variance
          count += 1
        }
        // Every picture asked for has to be there.
        guard count == wantedSmall.count, variance > 0 else { continue }
        found.append(FindOfflineTask.Place(frame: frame, mismatch: residual / variance))
      }
      let best = found.sorted { ($0.mismatch, $0.frame) < ($1.mismatch, $1.frame) }.prefix(3)
      var place: FindOfflineTask.Place?
      for start in best {
        for frame in max(0, start.frame - stride)...min(input.frameCount - 1, start.frame + stride) {
          var (residual, variance) = (0.0, 0.0)
          var isWhole = true
          for (plane, offset) in zip(wanted, query.steps) {
            guard (0..<input.frameCount).contains(frame + offset) else {
              isWhole = false
              break
            }
            let other = PlaneComparer.laid(try reader.conformed(chain, frame + offset), fit)
            let use = PictureArea([other]).map(mask.within) ?? mask.use
            let match = fine.compare(plane, with: other, use: use, rest: &rest)
            residual += match.residual
            variance += match.variance
          }
          guard isWhole, variance > 0 else { continue }
          let mismatch = (residual / variance * 1000).rounded() / 1000
          if mismatch < place?.mismatch ?? .infinity {
            place = FindOfflineTask.Place(frame: frame, mismatch: mismatch)
          }
        }
      }
      places.append(place)
    }
    return (FindOfflineTask.Output(places: places), [])
  }
}
