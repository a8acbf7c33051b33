/// What a track of the cut carries: it decides where its sound goes and in which stem.
package enum Bus: String, CaseIterable, Codable, Sendable {
  case dialogue, effects, ambience, music
}

/// A part of the mix on its own; effects and ambience are one stem.
package enum Stem: String, CaseIterable, Codable, Sendable {
  case dialogue, music, effects
}

extension Bus {
  package var stem: Stem {
    switch self {
    case .dialogue: .dialogue
    case .music: .music
    case .effects, .ambience: .effects
    }
  }
}

/// The speakers a mix is made for. Channel order: L R, and L R C LFE Ls Rs.
package enum MixLayout: String, CaseIterable, Codable, Sendable {
  case stereo
  case surround = "5.1"

  package var channels: Int { self == .stereo ? 2 : 6 }
}

/// A place between left (−100) and right (100), in hundredths.
package struct Pan: Hashable, Codable, Sendable {
  package var hundredths: Int

  package init(hundredths: Int) { self.hundredths = hundredths }

  package static let centre = Pan(hundredths: 0)

  /// Reads `L30`, `R100`, `C`.
  package init?(parsing text: String) {
    let upper = text.uppercased()
    if upper == "C" {
      self = .centre
      return
    }
    let digits = upper.dropFirst()
    guard let side = upper.first, side == "L" || side == "R", digits.allSatisfy(\.isASCII),
      digits.allSatisfy(\.isNumber), let number = Int(digits), (0...100).contains(number)
    else { return nil }
    hundredths = side == "L" ? -number : number
  }
}

/// Where sound goes in the bed of six channels, L R C LFE Ls Rs, from which both layouts are made.
///
/// - Mono dialogue and effects stand in the centre; panned, they move between centre and one side at equal power:
///   `√(1−p)` in C and `√p` on the side.
/// - Mono ambience and music stand between left and right, `√((1∓p)/2)` on each: −3.01 dB when not panned.
/// - The sides of a stereo source stay on their side; panned, the other side goes down by `√(1−p)`.
/// - Ambience is shared with the surrounds: each gets 0.25 (−12 dB) of its side, and the front the rest, so that the
///   fold-down to stereo has it at unity: `front + √½ · 0.25 = 1`.
/// - Sources of more than two channels are folded to mono first, each channel at `1/√n`.
/// - Nothing goes to the LFE.
package enum Placement {
  /// Channels of the bed.
  package static let channels = 6

  /// √½ as a literal, −3.01 dB.
  package static let minusThreeDecibels = 0.707_106_781_186_547_6
  private static let surroundShare = 0.25

  /// The gains of every channel of a source: `[source channel][channel of the bed]`.
  package static func gains(channels: Int, bus: Bus, pan: Pan = .centre) -> [[Double]] {
    let position = Double(abs(pan.hundredths)) / 100
    let isLeft = pan.hundredths < 0
    let near = position.squareRoot()
    let far = (1 - position).squareRoot()
    let sources: [[Double]]
    switch channels {
    case 2:
      sources = [
        bed(left: isLeft ? 1 : far, right: 0, centre: 0), bed(left: 0, right: isLeft ? far : 1, centre: 0),
      ]
    default:
      let fold = 1 / Double(max(1, channels)).squareRoot()
      let mono: [Double]
      switch bus {
      case .dialogue, .effects: mono = bed(left: isLeft ? near : 0, right: isLeft ? 0 : near, centre: far)
      case .ambience, .music:
        let signed = Double(pan.hundredths) / 100
        mono = bed(
          left: ((1 - signed) / 2).squareRoot(), right: ((1 + signed) / 2).squareRoot(), centre: 0)
      }
      sources = [[Double]](repeating: mono.map { $0 * fold }, count: max(0, channels))
    }
    return bus == .ambience ? sources.map(surrounding) : sources
  }

  private static func bed(left: Double, right: Double, centre: Double) -> [Double] {
    [left, right, centre, 0, 0, 0]
  }

  private static func surrounding(_ gains: [Double]) -> [Double] {
    let front = 1 - minusThreeDecibels * surroundShare
    return [
      gains[0] * front, gains[1] * front, gains[2], 0, gains[0] * surroundShare, gains[1] * surroundShare,
    ]
  }

  /// A bed in a layout: as it is, or folded down to stereo, `L + √½·C + √½·Ls` and likewise right, without the LFE.
  ///
  /// Source: ITU-R BS.775-3, annex 4 (Lo/Ro).
  package static func planes(_ bed: [[Double]], in layout: MixLayout) -> [[Double]] {
    guard layout == .stereo else { return bed }
    let count = bed[0].count
    var left = bed[0]
    var right = bed[1]
    for index in 0..<count {
      let centre = minusThreeDecibels * bed[2][index]
      left[index] += centre + minusThreeDecibels * bed[4][index]
      right[index] += centre + minusThreeDecibels * bed[5][index]
    }
    return [left, right]
  }
}
