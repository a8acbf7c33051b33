import Digests
package import Editorial
package import ImageGraph
package import MediaTime
package import TaskGraph

/// The offline movie of a comparison, and how its pictures and the conformed ones are laid over each other.
package struct OfflineView: Codable, Sendable {
  /// The offline in the raster below.
  package var offline: ImageNode
  /// Everything is rendered at this size, and compared as `compared`: so that places are exact there.
  package var raster: Raster
  /// x, y, width and height in pixels of `compared`: left out.
  package var masks: [[Int]]
  /// Media behind the offline and the nodes, by identity.
  package var media: [String: RenderTask.Media]
  /// Decoders and kernels: they decide pixels.
  package var builtBy: String

  package init(
    offline: ImageNode, raster: Raster, masks: [[Int]], media: [String: RenderTask.Media], builtBy: String
  ) {
    self.offline = offline
    self.raster = raster
    self.masks = masks
    self.media = media
    self.builtBy = builtBy
  }

  /// Pixels of a rendered picture along a side of one that is compared.
  package static let step = 4

  /// Size of the planes that are compared.
  package var compared: Raster {
    Raster(width: raster.width / Self.step, height: raster.height / Self.step)
  }

  func describe(in recipe: inout KeyRecipe) {
    recipe.add("offline", offline.chain)
    recipe.add(group: nil, words: [Ingredient("raster", "\(raster)")]) { $0.append(raster) }
    recipe.add("masks", masks.count)
    for mask in masks { for value in mask { recipe.add("mask", value) } }
    recipe.addBuild(builtBy)
  }
}

/// How the conformed pictures lie in the offline's, and which parts of the offline are burn-ins.
package struct OfflineFit: Hashable, Codable, Sendable {
  /// Magnified about the middle, then moved by shares of the width and height.
  package var scaleX: Double
  package var scaleY: Double
  package var moveX: Double
  package var moveY: Double
  /// Side of a block in pixels of the raster.
  package var block: Int
  /// Blocks that never agree, by index, row after row; ascending.
  package var burnIns: [Int]
  /// What remains unexplained in pictures that agree; see `OfflineJudge`.
  package var floor: Double
  /// Of the pictures looked at, those that agree.
  package var agreeing: Int
  package var looked: Int

  package init(
    scaleX: Double, scaleY: Double, moveX: Double, moveY: Double, block: Int, burnIns: [Int], floor: Double,
    agreeing: Int, looked: Int
  ) {
    self.scaleX = scaleX
    self.scaleY = scaleY
    self.moveX = moveX
    self.moveY = moveY
    self.block = block
    self.burnIns = burnIns
    self.floor = floor
    self.agreeing = agreeing
    self.looked = looked
  }

  func encode(into encoder: inout CanonicalEncoder) {
    for value in [scaleX, scaleY, moveX, moveY, floor] { encoder.append(value) }
    encoder.append(block)
    encoder.append(burnIns.count)
    for index in burnIns { encoder.append(index) }
  }
}

/// Lays conformed pictures of the whole cut over the offline's: finds their fit, and the burn-ins.
package enum FitOfflineTask: DescribedTask {
  package static let identifier = "fit-offline"
  package static let version = 1

  package struct Pair: Codable, Sendable {
    package var offline: Int64
    package var chain: String
    package var frame: Int64

    package init(offline: Int64, chain: String, frame: Int64) {
      self.offline = offline
      self.chain = chain
      self.frame = frame
    }
  }

  package struct Input: Codable, Sendable {
    package var view: OfflineView
    /// By the digest of the chain in hexadecimal.
    package var nodes: [String: ImageNode]
    package var pairs: [Pair]

    package init(view: OfflineView, nodes: [String: ImageNode], pairs: [Pair]) {
      self.view = view
      self.nodes = nodes
      self.pairs = pairs
    }
  }

  package struct Output: Codable, Sendable {
    package var fit: OfflineFit

    package init(fit: OfflineFit) { self.fit = fit }
  }

  package static func describe(_ input: Input, names: KeyNames, in recipe: inout KeyRecipe) {
    input.view.describe(in: &recipe)
    for pair in input.pairs {
      recipe.add("offline frame", pair.offline, group: "pair")
      recipe.add("chain", pair.chain, group: "pair")
      recipe.add("frame", pair.frame, group: "pair")
    }
  }
}

/// Compares events of a conform with the offline: time, speed, size, side.
package enum CompareOfflineTask: DescribedTask {
  package static let identifier = "compare-offline"
  package static let version = 1

  /// A frame of an event that is compared, and what the event shows around it.
  package struct Sample: Codable, Sendable {
    package var offline: Int64
    /// Frame of the event.
    package var frame: Int64
    package var chain: String
    /// The frames of the chain around the sample, which is frame 0.
    package var map: FrameMap
    /// Frames the chain has; `nil` when that is not known.
    package var limit: Int64?

    package init(offline: Int64, frame: Int64, chain: String, map: FrameMap, limit: Int64?) {
      self.offline = offline
      self.frame = frame
      self.chain = chain
      self.map = map
      self.limit = limit
    }
  }

  package struct Event: Codable, Sendable {
    package var frameCount: Int64
    /// One frame is held: shifts count source frames.
    package var isHeld: Bool
    package var samples: [Sample]

    package init(frameCount: Int64, isHeld: Bool, samples: [Sample]) {
      self.frameCount = frameCount
      self.isHeld = isHeld
      self.samples = samples
    }
  }

  package struct Input: Codable, Sendable {
    package var view: OfflineView
    package var fit: OfflineFit
    package var nodes: [String: ImageNode]
    package var events: [Event]

    package init(view: OfflineView, fit: OfflineFit, nodes: [String: ImageNode], events: [Event]) {
      self.view = view
      self.fit = fit
      self.nodes = nodes
      self.events = events
    }
  }

  package struct Finding: Codable, Sendable {
    package var match: OfflineMatch
    /// The sample that shows it best.
    package var sample: Int
    /// Offline, conform and difference beside each other, a PNG in base 64; none where all is well.
    package var still: String?

    package init(match: OfflineMatch, sample: Int, still: String?) {
      self.match = match
      self.sample = sample
      self.still = still
    }
  }

  package struct Output: Codable, Sendable {
    /// One for each event.
    package var findings: [Finding]

    package init(findings: [Finding]) { self.findings = findings }
  }

  package static func describe(_ input: Input, names: KeyNames, in recipe: inout KeyRecipe) {
    input.view.describe(in: &recipe)
    recipe.add(group: "fit") { input.fit.encode(into: &$0) }
    for event in input.events {
      recipe.add("frames", event.frameCount, group: "event")
      recipe.add("held", event.isHeld, group: "event")
      recipe.add("samples", event.samples.count, group: "event")
      for sample in event.samples {
        recipe.add("offline frame", sample.offline, group: "sample")
        recipe.add("frame", sample.frame, group: "sample")
        recipe.add("chain", sample.chain, group: "sample")
        recipe.add("limit", sample.limit ?? -1, group: "sample")
        // The frames around, not how their map is written.
        for frame in [-event.frameCount, -24, -2, -1, 0, 1, 2, 24, event.frameCount] {
          recipe.add("frame around", sample.map.position(at: frame), group: "sample")
        }
      }
    }
  }
}

/// Looks in one media file for pictures of the offline that the conform does not match.
package enum FindOfflineTask: DescribedTask {
  package static let identifier = "find-offline"
  package static let version = 1

  /// Frames of the offline in one event, by frames of the media from the first.
  package struct Query: Codable, Sendable {
    package var offline: [Int64]
    package var steps: [Int64]

    package init(offline: [Int64], steps: [Int64]) {
      self.offline = offline
      self.steps = steps
    }
  }

  package struct Input: Codable, Sendable {
    package var view: OfflineView
    package var fit: OfflineFit
    package var node: ImageNode
    package var frameCount: Int64
    package var queries: [Query]

    package init(view: OfflineView, fit: OfflineFit, node: ImageNode, frameCount: Int64, queries: [Query]) {
      self.view = view
      self.fit = fit
      self.node = node
      self.frameCount = frameCount
      self.queries = queries
    }
  }

  package struct Place: Hashable, Codable, Sendable {
    /// Frame of the media that the first frame of the query shows.
    package var frame: Int64
    package var mismatch: Double

    package init(frame: Int64, mismatch: Double) {
      self.frame = frame
      self.mismatch = mismatch
    }
  }

  package struct Output: Codable, Sendable {
    /// The best of each query; `nil` where the media is too short.
    package var places: [Place?]

    package init(places: [Place?]) { self.places = places }
  }

  package static func describe(_ input: Input, names: KeyNames, in recipe: inout KeyRecipe) {
    input.view.describe(in: &recipe)
    recipe.add(group: "fit") { input.fit.encode(into: &$0) }
    recipe.add("chain", input.node.chain)
    recipe.add("frames", input.frameCount)
    for query in input.queries {
      recipe.add("frames", query.offline.count, group: "query")
      for (frame, step) in zip(query.offline, query.steps) {
        recipe.add("offline frame", frame, group: "query")
        recipe.add("step", step, group: "query")
      }
    }
  }
}
