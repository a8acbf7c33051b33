package import Delivery
import Digests
package import MediaTime
package import SoundMixing
package import TaskGraph

/// Decodes a finished deliverable in full and measures it: pictures and sound, with what is out of bounds.
package enum QualityTask: DescribedTask {
  package static let identifier = "qc"
  package static let version = 2

  package struct Input: Codable, Sendable {
    /// The task that makes the file.
    package var assembly: TaskKey
    package var programme: String
    package var deliverable: String
    package var rate: FrameRate
    package var isDropFrame: Bool
    /// Label count of the first frame.
    package var startFrame: Int64
    package var frameCount: Int64
    package var tags: ColourTags
    /// What the loudness is judged by; it is only measured without it.
    package var target: LoudnessTarget?
    /// Decoders and meters: they decide what is measured.
    package var builtBy: String

    package init(
      assembly: TaskKey, programme: String, deliverable: String, rate: FrameRate, isDropFrame: Bool,
      startFrame: Int64, frameCount: Int64, tags: ColourTags, target: LoudnessTarget?, builtBy: String
    ) {
      (self.assembly, self.programme, self.deliverable) = (assembly, programme, deliverable)
      (self.rate, self.isDropFrame, self.startFrame) = (rate, isDropFrame, startFrame)
      (self.frameCount, self.tags, self.target) = (frameCount, tags, target)
      self.builtBy = builtBy
    }
  }

  package struct Output: Codable, Sendable {
    /// The `QualityReport` as JSON.
    package var files: [MadeFile]

    package init(files: [MadeFile]) { self.files = files }
  }

  package static func describe(_ input: Input, names: KeyNames, in recipe: inout KeyRecipe) {
    recipe.add("file", input.assembly, group: "content")
    recipe.add("programme", input.programme)
    recipe.add("deliverable", input.deliverable)
    recipe.add("rate", input.rate.description)
    recipe.add("drop frame", input.isDropFrame)
    recipe.add("start frame", input.startFrame)
    recipe.add("frames", input.frameCount)
    recipe.add("primaries", input.tags.primaries, group: "colour tags")
    recipe.add("transfer", input.tags.transfer, group: "colour tags")
    recipe.add("matrix", input.tags.matrix, group: "colour tags")
    recipe.add("range", input.tags.range, group: "colour tags")
    recipe.add("integrated", input.target?.integrated.description ?? "", group: "loudness")
    recipe.add("true peak", input.target?.truePeak.description ?? "", group: "loudness")
    recipe.addBuild(input.builtBy)
  }
}
