import Digests
import ImageGraph
import MediaTime

/// How a programme is cut into groups of pictures, for encodings whose frames lean on each other.
///
/// A group ends where the shot ends and at multiples of `framesPerGroup` source frames, so that another cut of
/// the same shot asks for the same groups. A group has at least two frames, as two IDR pictures in a row with
/// one `idr_pic_id` violate H.264: a single frame goes with its neighbour, of its own shot where there is one.
enum GroupSegmentation {
  static let framesPerGroup: Int64 = 96
  /// Frames that single frames may fill a group up to.
  private static let longestGroup: Int64 = 192

  /// Frames of one node whose source goes on from each to the next.
  private struct Shot {
    var node: ImageNode
    var map: FrameMap
    var count: Int64

    func isContinued(by span: PictureSpan) -> Bool {
      guard node == span.node, map.speed == span.map.speed else { return false }
      // Fractions of a frame must go on as well: a map that is only shifted does that.
      return map.speed.isInteger
        ? map.position(at: count) == span.map.position(at: 0) : map.advanced(by: count) == span.map
    }
  }

  private struct Piece {
    var runs: [FrameRun]
    var count: Int64
    /// The first of several pieces of its shot.
    var isFollowed: Bool
  }

  /// The frames of a sequence, group by group, in programme order.
  static func groups(of sequence: PictureSequence) -> [[FrameRun]] {
    joined(shots(of: sequence).flatMap(pieces)).map { FrameRun.canonical($0.runs) }
  }

  /// The groups of `shots` in the frames of the same sequence frame by frame, as numbered stills are planned: spans of
  /// one frame each say nothing of where shots end.
  static func groups(of sequence: PictureSequence, cutAs shots: PictureSequence) -> [[FrameRun]] {
    let groups = groups(of: shots)
    guard sequence != shots else { return groups }
    var rest = sequence.spans.flatMap { span in
      FrameRun.runs(chain: span.node.chain, map: span.map, count: span.count)
    }[...]
    return groups.map { group in
      var missing = group.reduce(0) { $0 + $1.count }
      var runs: [FrameRun] = []
      while missing > 0, let run = rest.first {
        let count = min(missing, run.count)
        runs.append(FrameRun(chain: run.chain, first: run.first, step: run.step, count: count))
        missing -= count
        rest[rest.startIndex].first = run.position(at: count)
        rest[rest.startIndex].count -= count
        if count == run.count { rest.removeFirst() }
      }
      return FrameRun.canonical(runs)
    }
  }

  private static func shots(of sequence: PictureSequence) -> [Shot] {
    var shots: [Shot] = []
    for span in sequence.spans where span.count > 0 {
      if let last = shots.last, last.isContinued(by: span) {
        shots[shots.count - 1].count += span.count
      } else {
        shots.append(Shot(node: span.node, map: span.map, count: span.count))
      }
    }
    return shots
  }

  private static func pieces(of shot: Shot) -> [Piece] {
    var starts: [Int64] = []
    var band: Int64?
    for frame in 0..<shot.count {
      let position = shot.map.position(at: frame)
      let found = position >= 0 ? position / framesPerGroup : (position + 1) / framesPerGroup - 1
      if found != band || frame - (starts.last ?? 0) == framesPerGroup { starts.append(frame) }
      band = found
    }
    let chain = shot.node.chain
    return starts.indices.map { index in
      let end = index + 1 < starts.count ? starts[index + 1] : shot.count
      let count = end - starts[index]
      return Piece(
        runs: FrameRun.runs(chain: chain, map: shot.map.advanced(by: starts[index]), count: count),
        count: count, isFollowed: index == 0 && starts.count > 1)
    }
  }

  private static func joined(_ pieces: [Piece]) -> [Piece] {
    var groups: [Piece] = []
    func join(_ piece: Piece) {
      groups[groups.count - 1].runs += piece.runs
      groups[groups.count - 1].count += piece.count
    }
    for piece in pieces {
      let isSingle = piece.count == 1 && !piece.isFollowed
      if let last = groups.last, last.count == 1 || isSingle && last.count < longestGroup {
        join(piece)
      } else {
        groups.append(piece)
      }
    }
    if groups.count > 1, let last = groups.last, last.count == 1 {
      groups.removeLast()
      join(last)
    }
    return groups
  }
}
