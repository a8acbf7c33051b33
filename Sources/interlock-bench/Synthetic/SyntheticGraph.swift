import Digests
import FoundationEssentials
import TaskGraph

/// Many shots, each a sequence of tasks that depend on one another: what is planned in the measurement.
struct SyntheticGraph {
  /// One shot: what a conformed cut and its grades say of it.
  struct Shot {
    var chain: SyntheticTask.Chain
    var first: Int64
    var count: Int64
  }

  let shots: [Shot]
  let tasksInShot: Int
  private let encoding: Digest

  init(chains: Int, chainLength: Int) {
    tasksInShot = chainLength
    encoding = Self.digest(of: "prores_ks yuv422p10le 1920x1080 24000/1001")
    let look = Self.digest(of: "look")
    // Sixteen shots of every source.
    let media = (0...chains / 16).map { Self.digest(of: "media \($0)") }
    shots = (0..<chains).map { Self.shot($0, media: media[$0 / 16], look: look) }
  }

  private static func shot(_ number: Int, media: Digest, look: Digest) -> Shot {
    let chain = SyntheticTask.Chain(
      media: media, slope: [1.04, 1.01, 0.98], offset: [0.004, 0.002, 0], power: [0.98, 1, 1.01],
      saturation: 0.9 + Double(number % 20) / 100, look: look)
    return Shot(chain: chain, first: Int64(number % 16) * 96, count: Int64(48 + number % 48))
  }

  var taskCount: Int { shots.count * tasksInShot }

  /// The keys of all tasks, shot by shot.
  func keys() -> [TaskKey] {
    var keys: [TaskKey] = []
    keys.reserveCapacity(taskCount)
    for shot in shots {
      let chain = shot.chain.digest
      var previous: TaskKey?
      for stage in 0..<tasksInShot {
        let key = SyntheticTask.key(input(of: shot, chain: chain, stage: stage, previous: previous))
        keys.append(key)
        previous = key
      }
    }
    return keys
  }

  /// The tasks that have no result, with what each of them waits for among the others.
  ///
  /// - Parameters:
  ///   - keys: as `keys()` made them; a task's input is made again only when it is missing.
  ///   - explaining: whether the tasks know what their keys are made from.
  func missingNodes(keys: [TaskKey], missing: Set<TaskKey>, explaining: Bool = false) throws -> [TaskNode] {
    var nodes: [TaskNode] = []
    for (index, key) in keys.enumerated() where missing.contains(key) {
      let stage = index % tasksInShot
      let previous = stage == 0 ? nil : keys[index - 1]
      let waits = previous.map { missing.contains($0) ? [$0] : [] } ?? []
      let shot = shots[index / tasksInShot]
      let input = input(of: shot, chain: shot.chain.digest, stage: stage, previous: previous)
      nodes.append(
        TaskNode(
          key: key, kind: SyntheticTask.identifier, version: SyntheticTask.version, stage: input.stage,
          label: "shot \(index / tasksInShot), \(input.stage)", dependencies: waits,
          payload: Array(try JSONEncoder().encode(input)), frames: Int(shot.count),
          reason: "never made before", subject: "shot \(index / tasksInShot)",
          ingredients: explaining ? Self.ingredients(of: input, shot, number: index / tasksInShot) : []))
    }
    return nodes
  }

  private func input(
    of shot: Shot, chain: Digest, stage: Int, previous: TaskKey?
  ) -> SyntheticTask.Input {
    SyntheticTask.Input(
      stage: Self.stages[stage % Self.stages.count], encoding: encoding,
      runs: [SyntheticTask.Run(chain: chain, first: shot.first, step: 1, count: shot.count)],
      startTimecode: "01:00:00:00", previous: previous)
  }

  /// As those of a render: what all share, what a shot has, and the frames.
  private static func ingredients(
    of input: SyntheticTask.Input, _ shot: Shot, number: Int
  ) -> [Ingredient] {
    let about = "shot \(number)"
    func words(_ values: [Double]) -> String { values.map { "\($0)" }.joined(separator: " ") }
    return [
      Ingredient("version", "\(SyntheticTask.version)", group: "code of \(SyntheticTask.identifier)"),
      Ingredient("codec", "prores_ks", group: "encoding"),
      Ingredient("pixelFormat", "yuv422p10le", group: "encoding"),
      Ingredient("size", "1920x1080", group: "encoding"), Ingredient("rate", "24000/1001", group: "encoding"),
      Ingredient(Ingredient.digest, input.encoding.shortHex, group: "encoding"),
      Ingredient("media", shot.chain.media.hex, group: "source", about: about),
      Ingredient("slope", words(shot.chain.slope), group: "grade", about: about, origin: "short.ccc"),
      Ingredient("offset", words(shot.chain.offset), group: "grade", about: about, origin: "short.ccc"),
      Ingredient("power", words(shot.chain.power), group: "grade", about: about, origin: "short.ccc"),
      Ingredient("saturation", "\(shot.chain.saturation)", group: "grade", about: about, origin: "short.ccc"),
      Ingredient("look", shot.chain.look.shortHex, group: "grade", about: about),
      Ingredient("range", "\(shot.first)+\(shot.count)", group: Ingredient.frames),
      Ingredient("stage", input.stage),
    ]
  }

  private static let stages = ["conform", "composite", "grade", "titles", "encode"]

  private static func digest(of text: String) -> Digest {
    var encoder = CanonicalEncoder(domain: "interlock.bench", version: 1)
    encoder.append(text)
    return encoder.digest()
  }
}
