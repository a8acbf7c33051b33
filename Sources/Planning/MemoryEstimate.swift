import Delivery
import Digests
import Editorial
import ImageGraph
import TaskKinds

/// Bounds of the resident memory of tasks at their peak, in bytes.
///
/// Counted are the pictures that a worker holds at once, at the size in which it holds them; the worker's buffers are
/// made once for a chain and not for a frame, so the length of a task does not matter. The bounds are meant to be too
/// high: a task that waits costs seconds, one that meets the kernel's OOM killer costs the attempt.
struct MemoryEstimate {
  /// The program, its libraries, lookup tables and packets on their way.
  private static let program: Int64 = 160 << 20
  /// Bytes of a pixel in the widest format that is decoded or kept: four channels of 16 bits.
  private static let decoded: Int64 = 8
  /// The same of a picture in linear light: four channels of binary32.
  private static let light: Int64 = 16

  /// Facts of the sources, by identity.
  let videos: [Digest: VideoFacts]

  /// Of a task that makes frames of these nodes, one chain after the other.
  func render(_ nodes: some Sequence<ImageNode>, encoding: Encoding) -> Int64 {
    let raster = Raster(width: encoding.width, height: encoding.height)
    let chain = nodes.lazy.map { pictures($0, raster) }.max() ?? 0
    return Self.program + chain + Self.coder(encoding)
  }

  /// Of a still of two pictures of a raster, drawn beside each other.
  func still(_ nodes: some Sequence<ImageNode>, raster: Raster) -> Int64 {
    let both = nodes.reduce(0) { $0 + pictures($1, raster) }
    return Self.program + both + 8 * Self.light * Self.pixels(raster)
  }

  /// Of wrapping frames: a few of their packets at a time; what is decoded are the frames at the joins.
  static func assembly(_ encoding: Encoding, frameCount: Int64) -> Int64 {
    // Packet digests and positions, kept until the file is proven.
    program + coder(encoding) + 1024 * frameCount
  }

  /// Of measuring a finished file: the picture, what is kept of the one before, and a second of sound.
  static func quality(_ encoding: Encoding) -> Int64 { program + coder(encoding) + 64 << 20 }

  /// Of a mix: a second of each of its voices, and an opened source for each event that sounds.
  static func mix(events: Int) -> Int64 { program + 96 << 20 + Int64(events) << 20 }

  // MARK: Pictures

  private static func pixels(_ raster: Raster) -> Int64 { Int64(raster.width) * Int64(raster.height) }

  /// Pictures that a chain holds while it makes one frame of the raster.
  private func pictures(_ node: ImageNode, _ raster: Raster) -> Int64 {
    let frame = Self.pixels(raster)
    switch node {
    case .source(let source): return decoder(source, raster)
    case .black: return Self.light * frame
    case .composite(let composite, let layers):
      let plate = Self.pixels(composite.raster)
      // The sum and what the scaler reads, or float; each layer in its own pixels and placed, with the key's mattes. In
      // scene light the matte is made of a copy, and processors have tables.
      let isManaged = composite.light != nil
      let sum =
        (Self.light + (isManaged ? 2 * Self.light : Self.decoded)) * plate
        + (isManaged ? Int64(layers.count) * 64 << 20 : 0)
      return layers.reduce(sum) { $0 + pictures($1, composite.raster) + 4 * Self.light * plate }
    case .sizing(let sizing, let below):
      // In light, the picture in its own pixels and the processors' tables too.
      let light = sizing.scaling == nil && !below.isSceneLight ? 0 : pictures(below, raster) + 128 << 20
      return pictures(below, raster) + light + 2 * Self.light * frame
    case .grade(_, let below), .look(_, let below): return pictures(below, raster) + Self.light * frame
    // A picture in float before, one after, and the processor's tables.
    case .colour(_, let below): return pictures(below, raster) + 3 * Self.light * frame + 64 << 20
    case .transition(_, let outgoing, let incoming):
      return pictures(outgoing, raster) + pictures(incoming, raster) + 3 * Self.light * frame
    case .layers(_, let layers):
      return layers.reduce(2 * Self.light * frame) { $0 + pictures($1, raster) + Self.light * frame }
    case .graphics(let graphics, let below):
      let drawn = graphics.layers.flatMap(\.content.images).reduce(0) {
        $0 + 2 * Self.decoded * Self.pixels($1.raster)
      }
      return pictures(below, raster) + drawn + 2 * Self.light * frame
    case .matte(_, let below): return pictures(below, raster) + Self.light * frame
    }
  }

  /// An opened source: where frames lean on each other, up to 16 references (H.264, A.3.1), those on their way, and
  /// one that is lent; else a few.
  private func decoder(_ source: PictureSource, _ raster: Raster) -> Int64 {
    guard let video = videos[source.media] else { return 4 * Self.decoded * Self.pixels(raster) }
    let pixels = Int64(video.width) * Int64(video.height)
    if video.isIntraOnly { return 4 * Self.decoded * pixels }
    let bytes: Int64 = video.bitDepth > 8 ? 4 : 2
    return (20 * bytes + 2 * Self.decoded) * pixels
  }

  /// Encoder and the decoder that proves it.
  private static func coder(_ encoding: Encoding) -> Int64 {
    let frame = Int64(encoding.width) * Int64(encoding.height)
    guard encoding.unit == .group else { return 6 * decoded * frame }
    // x264 and x265 look ahead by preset; frames before that are held by us and, with half-size copies, by the encoder.
    let lookahead: [String: Int64] = [
      "ultrafast": 0, "superfast": 0, "veryfast": 10, "faster": 20, "fast": 30, "medium": 40, "slow": 50,
      "slower": 60, "veryslow": 60, "placebo": 60,
    ]
    let held = (encoding.options["preset"].flatMap { lookahead[$0] } ?? 60) + 24
    let bytes: Int64 = encoding.pixelFormat.contains("10") || encoding.pixelFormat.contains("12") ? 4 : 2
    return held * 3 * bytes * frame + 20 * bytes * frame
  }
}

extension ImageNode {
  /// Whether it is a composite in scene light, which is sized in float.
  fileprivate var isSceneLight: Bool {
    if case .composite(let composite, _) = self { composite.light != nil } else { false }
  }
}

extension Graphics.Content {
  fileprivate var images: [Graphics.Image] {
    switch self {
    case .still(let image): [image]
    case .roll(let images, _): images
    case .counter(let counter): [counter.glyphs]
    }
  }
}
