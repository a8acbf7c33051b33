import Colour
import ImageGraph
import MediaTime

/// Two graded sides of a transition, mixed in float, then the look.
final class TransitionSource: FrameSource {
  private let transition: Transition
  private let outgoing: any FrameSource
  private let incoming: any FrameSource
  private let mixed: PictureBuffer
  private let finish: FinishedPicture

  init(
    _ transition: Transition, outgoing: ImageNode, incoming: ImageNode, look: LookTable?,
    destination: Colour.PictureFormat, builder: FrameSourceBuilder
  ) throws {
    self.transition = transition
    let between = try PictureBuffer.float(width: destination.width, height: destination.height)
    self.outgoing = try builder.source(outgoing, destination: between)
    self.incoming = try builder.source(incoming, destination: between)
    mixed = try PictureBuffer(floatOfWidth: destination.width, height: destination.height)
    finish = try FinishedPicture(from: between, look: look, destination: destination)
  }

  func withFrame<R>(_ number: Int64, _ body: (PictureBuffer) throws -> R) throws -> R {
    try outgoing.withFrame(transition.outgoing.position(at: number)) { from in
      try incoming.withFrame(transition.incoming.position(at: number)) { to in
        mix(from, to, number)
      }
    }
    return try body(try finish.picture(of: mixed))
  }

  /// Frame k of n shows (k+1)/(n+1) of the incoming picture.
  private func mix(_ from: PictureBuffer, _ to: PictureBuffer, _ number: Int64) {
    let share = (done: number + 1, of: transition.count + 1)
    switch transition.kind {
    case .dissolve:
      mixed.dissolve(from, to, share: Float(share.done) / Float(share.of))
    case .wipeLeftToRight:
      mixed.wipe(from, to, columns: Self.edge(mixed.width, share), rows: mixed.height)
    case .wipeTopToBottom:
      mixed.wipe(from, to, columns: mixed.width, rows: Self.edge(mixed.height, share))
    }
  }

  /// That share of a length, to the nearest pixel.
  private static func edge(_ length: Int, _ share: (done: Int64, of: Int64)) -> Int {
    Int((2 * Int64(length) * share.done + share.of) / (2 * share.of))
  }
}

extension PictureBuffer {
  /// What two pictures cover, sample by sample; nil where both cover all.
  private func mixCovers(
    _ a: PictureBuffer, _ b: PictureBuffer, _ mix: (_ index: Int, _ a: Float, _ b: Float) -> Float
  ) {
    guard a.cover != nil || b.cover != nil else {
      cover = nil
      return
    }
    cover = (0..<width * height).map { mix($0, a.cover?[$0] ?? 1, b.cover?[$0] ?? 1) }
  }

  /// Mixes two float pictures of this size into this one: `a + (b − a) · share` per sample.
  func dissolve(_ a: PictureBuffer, _ b: PictureBuffer, share: Float) {
    mixCovers(a, b) { $1 + ($2 - $1) * share }
    unsafe withFloats(a, b) { from, to, out in
      for index in out.indices {
        let start = unsafe from[index]
        unsafe out[index] = unsafe start + (to[index] - start) * share
      }
    }
  }

  /// Shows `b` in the top left rectangle of that size and `a` elsewhere.
  func wipe(_ a: PictureBuffer, _ b: PictureBuffer, columns: Int, rows: Int) {
    let (width, height) = (width, height)
    mixCovers(a, b) { index, from, to in index / width < rows && index % width < columns ? to : from }
    let planeLength = planeByteStride / MemoryLayout<Float>.size
    unsafe withFloats(a, b) { from, to, out in
      for plane in 0..<3 {
        for row in 0..<height {
          let start = plane * planeLength + row * width
          for column in 0..<width {
            let isIncoming = row < rows && column < columns
            unsafe out[start + column] = unsafe isIncoming ? to[start + column] : from[start + column]
          }
        }
      }
    }
  }
}
