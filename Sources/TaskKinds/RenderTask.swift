package import Delivery
package import Digests
package import ImageGraph
package import MediaTime
package import TaskGraph

/// Makes frames in one encoding, in segments that are committed one by one.
package enum RenderTask: DescribedTask {
  package static let identifier = "render"
  package static let version = 1

  /// Frames committed together under their own key: consecutive source frames of one chain where each frame is
  /// usable alone, else one group of pictures, which may cross shots.
  package struct Segment: Hashable, Codable, Sendable {
    package var key: TaskKey
    package var runs: [FrameRun]

    package init(encoding: Digest, runs: [FrameRun]) {
      self.runs = runs
      var encoder = CanonicalEncoder(domain: "interlock.segment", version: RenderTask.version)
      encoder.append(encoding)
      encoder.append(runs)
      key = encoder.digest()
    }

    /// Consecutive source frames of one chain.
    package init(encoding: Digest, chain: Digest, first: Int64, count: Int64) {
      self.init(
        encoding: encoding, runs: [FrameRun(chain: chain, first: first, step: 1, count: count)])
    }

    package var count: Int64 { runs.reduce(0) { $0 + $1.count } }
  }

  /// A media file, a run of numbered stills, or pictures of another task, that frames are read from.
  package struct Media: Hashable, Codable, Sendable {
    /// Of a sequence its first member; of a task's pictures what people call them.
    package var location: MediaLocation
    package var sequence: StillSequence?
    /// The `ExternalTask` that makes the pictures: its result says where they are.
    package var maker: TaskKey?
    /// Frames of a deliverable, instead of a file.
    package var stored: StoredFrames?
    /// Width over height of a source pixel, as the probe found it; part of the media's identity.
    package var sampleAspect: Rational

    package init(
      location: MediaLocation, sequence: StillSequence? = nil, maker: TaskKey? = nil, sampleAspect: Rational
    ) {
      self.location = location
      self.sequence = sequence
      self.maker = maker
      self.sampleAspect = sampleAspect
    }
  }

  /// Frames of one chain that segments hold: pictures to read.
  package struct StoredFrames: Hashable, Codable, Sendable {
    package var encoding: Encoding
    package var parts: [KnownFrames]

    package init(encoding: Encoding, parts: [KnownFrames]) {
      self.encoding = encoding
      self.parts = parts
    }
  }

  /// Frames in another encoding that are made in the same pass, because they show the same sources: each picture is
  /// decoded once, and what is graded alike is graded once.
  package struct Lane: Codable, Sendable {
    package var encoding: Encoding
    package var encodingDigest: Digest
    package var segments: [Segment]

    package init(encoding: Encoding, segments: [Segment]) {
      self.encoding = encoding
      encodingDigest = encoding.digest
      self.segments = segments
    }
  }

  package struct Input: Codable, Sendable {
    package var encoding: Encoding
    package var encodingDigest: Digest
    /// The chains of the segments by their digest in hexadecimal.
    package var nodes: [String: ImageNode]
    /// The media behind the chains' sources, by identity; none for generated pictures.
    package var media: [String: Media]
    package var segments: [Segment]
    /// Their chains and media are among those above.
    package var beside: [Lane]?

    package init(
      encoding: Encoding, nodes: [Digest: ImageNode], media: [String: Media], segments: [Segment]
    ) {
      self.encoding = encoding
      encodingDigest = encoding.digest
      self.nodes = Dictionary(uniqueKeysWithValues: nodes.map { ($0.key.hex, $0.value) })
      self.media = media
      self.segments = segments
    }

    /// Every encoding that it makes frames in, its own first.
    package var lanes: [Lane] { [Lane(encoding: encoding, segments: segments)] + (beside ?? []) }
  }

  package struct Output: Codable, Sendable {
    package var segments: [TaskKey]

    package init(segments: [TaskKey]) { self.segments = segments }
  }

  package static func describe(_ input: Input, names: KeyNames, in recipe: inout KeyRecipe) {
    recipe.add(group: nil, words: words(input, names: names)) { encoder in
      for segment in input.lanes.flatMap(\.segments) { encoder.append(segment.key) }
    }
  }

  private static func words(_ input: Input, names: KeyNames) -> [Ingredient] {
    var words = PictureWords(names: names, media: input.media)
    for ingredient in input.encoding.ingredients { words.add(ingredient) }
    for lane in input.beside ?? [] {
      var segments = CanonicalEncoder(domain: "interlock.segments-beside", version: 1)
      segments.append(lane.segments.map(\.key))
      words.add(
        Ingredient(
          lane.encoding.codec, "\(lane.encodingDigest.shortHex), segments \(segments.digest().shortHex)",
          group: "in the same pass"))
    }
    for run in input.segments.flatMap(\.runs) {
      guard let node = input.nodes[run.chain.hex], let shown = shownFrames(of: run) else { continue }
      let subjects = names.subjects(of: run.chain, frames: shown)
      for subject in subjects { words.add(node, about: subject) }
      let file = node.sources.first.map { words.file($0.media) } ?? "black"
      for subject in subjects {
        words.add(
          Ingredient(file, frames(of: run), group: Ingredient.frames, about: subject.shot))
      }
    }
    words.add(
      Ingredient(
        "segments", input.segments.map { "\($0.count)" }.joined(separator: " "), group: Ingredient.frames))
    return words.ingredients
  }

  private static func shownFrames(of run: FrameRun) -> FrameRange? {
    guard run.count > 0 else { return nil }
    let last = run.position(at: run.count - 1)
    return FrameRange(start: min(run.first, last), end: max(run.first, last) + 1)
  }

  /// `120–143`; backwards, held and skipping runs say so.
  private static func frames(of run: FrameRun) -> String {
    let last = run.position(at: run.count - 1)
    switch run.step {
    case 0: return "\(run.first)" + (run.count > 1 ? " held \(run.count)" : "")
    case 1, -1: return "\(run.first)–\(last)"
    default: return "\(run.first)–\(last) every \(run.step)"
    }
  }
}
