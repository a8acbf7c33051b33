package import Delivery
package import Digests
package import ImageGraph
package import TaskGraph

/// Wraps encoded frames and the mix into the files of a deliverable, by copying packets.
package enum AssembleTask: DescribedTask {
  package static let identifier = "assemble"
  package static let version = 2

  /// Consecutive programme frames found one after the other in one segment.
  package struct Piece: Hashable, Codable, Sendable {
    package var segment: TaskKey
    /// Index in the segment of the first frame used.
    package var offset: Int
    package var count: Int
    /// Frames of the segment to go forward for each programme frame: 1, 0 (held) or −1.
    package var step: Int

    package init(segment: TaskKey, offset: Int, count: Int, step: Int) {
      self.segment = segment
      self.offset = offset
      self.count = count
      self.step = step
    }
  }

  package struct Input: Codable, Sendable {
    package var profile: DeliveryProfile
    package var encoding: Encoding
    /// The frames by what they are; this decides the key.
    package var runs: [FrameRun]
    /// The frames by where they are. Where frames are usable alone another split into segments is the same
    /// deliverable; groups of pictures are other bytes when they are split otherwise.
    package var pieces: [Piece]
    package var mix: TaskKey?
    package var chapters: ChapterList?
    /// Label of the first frame, `;` before the frames for drop-frame.
    package var startTimecode: String
    /// Frame count of the label, which numbers the files of a sequence.
    package var startFrame: Int64
    /// `<programme>_<deliverable>`: names the files of a sequence.
    package var name: String

    package init(
      profile: DeliveryProfile, encoding: Encoding, runs: [FrameRun], pieces: [Piece], mix: TaskKey?,
      chapters: ChapterList? = nil, startTimecode: String, startFrame: Int64, name: String
    ) {
      self.profile = profile
      self.encoding = encoding
      self.runs = runs
      self.pieces = pieces
      self.mix = mix
      self.chapters = chapters
      self.startTimecode = startTimecode
      self.startFrame = startFrame
      self.name = name
    }
  }

  package struct File: Hashable, Codable, Sendable {
    package var object: Digest
    package var byteCount: Int64
    /// What distinguishes it from the other files of the version: empty, or the frame number of a sequence.
    package var suffix: String

    package init(object: Digest, byteCount: Int64, suffix: String) {
      self.object = object
      self.byteCount = byteCount
      self.suffix = suffix
    }
  }

  /// What was checked on the finished files, after closing and reopening them.
  package struct Evidence: Hashable, Codable, Sendable {
    package struct Check: Hashable, Codable, Sendable {
      package var name: String
      package var expected: String
      package var found: String

      package init(name: String, expected: String, found: String) {
        self.name = name
        self.expected = expected
        self.found = found
      }

      package var isMet: Bool { expected == found }
    }

    /// Which proof this is: `structure, packet digests, decoded joins` for a file made of verified segments.
    package var proof: String
    package var checks: [Check]
    package var framesDecoded: [Int64]

    package init(proof: String, checks: [Check], framesDecoded: [Int64]) {
      self.proof = proof
      self.checks = checks
      self.framesDecoded = framesDecoded
    }
  }

  package struct Output: Codable, Sendable {
    package var files: [File]
    package var frameCount: Int64
    package var evidence: Evidence

    package init(files: [File], frameCount: Int64, evidence: Evidence) {
      self.files = files
      self.frameCount = frameCount
      self.evidence = evidence
    }
  }

  package static func describe(_ input: Input, names: KeyNames, in recipe: inout KeyRecipe) {
    recipe.add(group: nil, words: input.encoding.ingredients) { $0.append(input.encoding) }
    recipe.add("container", input.profile.container.rawValue, group: "wrapping")
    recipe.add("extension", input.profile.fileExtension, group: "wrapping")
    recipe.add("tag", input.profile.picture.codecTag ?? "", group: "wrapping")
    let frames = input.runs.reduce(0) { $0 + $1.count }
    recipe.add(group: "picture", words: [Ingredient("frames", "\(frames)", group: "picture")]) {
      $0.append(input.runs)
    }
    if input.encoding.unit == .group {
      let count = input.pieces.count
      recipe.add(
        group: "groups of pictures", words: [Ingredient("count", "\(count)", group: "groups of pictures")]
      ) { $0.append(input.pieces.map(\.segment)) }
    }
    recipe.add("mix", input.mix.map(\.hex) ?? "")
    recipe.add("sound tracks", input.profile.sounds.count)
    for (index, sound) in input.profile.sounds.enumerated() {
      let group = "sound track \(index + 1)"
      recipe.add("codec", sound.codec.rawValue, group: group)
      recipe.add("layout", sound.layout, group: group)
      recipe.add("title", sound.title, group: group)
      recipe.add("bit rate", sound.bitRate ?? -1, group: group)
    }
    recipe.add("chapters", input.chapters?.chapters.count ?? -1)
    for (index, chapter) in (input.chapters?.chapters ?? []).enumerated() {
      let group = "chapter \(index + 1)"
      recipe.add("start", chapter.start, group: group)
      recipe.add("end", chapter.end, group: group)
      recipe.add("title", chapter.title, group: group)
    }
    recipe.add("start timecode", input.startTimecode)
    // Profiles without it keep the keys they had.
    if let mastering = input.profile.mastering {
      recipe.add("mastering display", mastering.words, group: "wrapping")
    }
  }
}
