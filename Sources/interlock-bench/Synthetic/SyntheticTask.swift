import Digests
import TaskGraph

/// A kind of work that nobody does: its input has the size and the types of a render's.
///
/// As in real kinds, what many tasks share enters the key as a digest that is taken once: the encoding once for
/// all, the chain of picture operations once for each shot.
enum SyntheticTask: TaskKind {
  static let identifier = "synthetic"
  static let version = 1

  /// What is done to one shot: source, grade and look.
  struct Chain: Codable, Sendable, CanonicallyEncodable {
    /// Identity of the source media.
    var media: Digest
    var slope: [Double]
    var offset: [Double]
    var power: [Double]
    var saturation: Double
    var look: Digest

    func encode(into encoder: inout CanonicalEncoder) {
      encoder.append("source")
      encoder.append(media)
      encoder.append("grade")
      for value in slope + offset + power { encoder.append(value) }
      encoder.append(saturation)
      encoder.append("look")
      encoder.append(look)
    }

    var digest: Digest {
      var encoder = CanonicalEncoder(domain: "interlock.bench.chain", version: 1)
      encoder.append(self)
      return encoder.digest()
    }
  }

  /// Consecutive frames of one chain.
  struct Run: Codable, Sendable, CanonicallyEncodable {
    var chain: Digest
    var first: Int64
    var step: Int64
    var count: Int64

    func encode(into encoder: inout CanonicalEncoder) {
      encoder.append(chain)
      encoder.append(first)
      encoder.append(step)
      encoder.append(count)
    }
  }

  struct Input: Codable, Sendable {
    var stage: String
    var encoding: Digest
    var runs: [Run]
    /// Label of the first frame.
    var startTimecode: String
    /// Key of the task before it.
    var previous: TaskKey?
  }

  struct Output: Codable, Sendable {
    var frames: Int64
  }

  static func key(_ input: Input) -> TaskKey {
    var encoder = CanonicalEncoder(domain: "interlock.task.synthetic", version: version)
    encoder.append(input.stage)
    encoder.append(input.encoding)
    encoder.append(input.runs)
    encoder.append(input.startTimecode)
    encoder.append(input.previous)
    return encoder.digest()
  }
}
