import Delivery
import Digests
import Foundation
import ImageGraph
import MediaTime
import Planning
import TaskGraph
import TaskKinds
import TestSupport
import Testing

/// Random cuts over random libraries of known frames. The seed replays a failure.
@Suite struct FrameReuseTests {
  private static let stages = """
    edit: {kind: editing}
    grade: {kind: color-grade, picture: edit}
    one: {kind: delivery, picture: grade, profile: stills-16bit}
    part: {kind: delivery, picture: edit, profile: stills-16bit, frames: "01:00:00:10-01:00:01:20"}
    """

  private static let reels = ["A001", "B001", "C001"]

  /// Shots of three reels, some of one frame, some with black before them.
  private static func cut(_ random: inout SplitMix64) -> [ListEvent] {
    var record = hour
    return (0..<Int.random(in: 4...14, using: &random)).map { _ in
      if Int.random(in: 0..<4, using: &random) == 0, record > hour {
        record += Int.random(in: 1...30, using: &random)
      }
      let count =
        Bool.random(using: &random)
        ? Int.random(in: 1...4, using: &random) : Int.random(in: 20...90, using: &random)
      defer { record += count }
      return ListEvent(
        reel: reels.randomElement(using: &random) ?? "A001", source: Int.random(in: 0...200, using: &random),
        record: record, count: max(count, record == hour ? 48 : 1))
    }
  }

  private static func programme(_ random: inout SplitMix64) throws -> Programme {
    var events = cut(&random)
    // The first event was lengthened after the next ones were placed: put them one after the other again.
    for index in events.indices.dropFirst() {
      events[index].record = max(events[index].record, events[index - 1].record + events[index - 1].count)
    }
    return try Programme(events, files: reels.map { Facts.picture($0, start: "00:00:00:00", frames: 300) })
  }

  /// Where frames of segments lie: the source frame of each index, by segment.
  private struct Place: Hashable {
    var chain: Digest
    var frame: Int64
  }

  @Test(arguments: UInt64(1)...40) func `pieces tile the programme with the right frames`(seed: UInt64) throws
  {
    var random = SplitMix64(seed: seed)
    let programme = try Self.programme(&random)
    let fresh = try programme.plan(Self.stages)
    var contents: [TaskKey: [Int: Place]] = [:]
    let library = try Self.randomLibrary(for: fresh, contents: &contents, &random)
    let plan = try programme.plan(Self.stages, library: library)
    let known = Set(contents.values.flatMap(\.values))
    var planned: [Place] = []
    for input in try plan.renders() {
      for segment in input.segments {
        #expect(contents[segment.key] == nil)
        let run = try #require(segment.runs.first)
        #expect(segment.runs.count == 1 && run.step == 1)
        for index in 0..<segment.count {
          let place = Place(chain: run.chain, frame: run.first + index)
          contents[segment.key, default: [:]][Int(index)] = place
          planned.append(place)
        }
      }
    }
    #expect(planned.count == Set(planned).count, "a frame is rendered twice")
    #expect(known.isDisjoint(with: planned), "a known frame is rendered")
    var needed: Set<Place> = []
    for input in try plan.assemblies() {
      let wanted = input.runs.flatMap { run in
        (0..<run.count).map { Place(chain: run.chain, frame: run.position(at: $0)) }
      }
      let found = input.pieces.flatMap { piece in
        (0..<piece.count).map { contents[piece.segment]?[piece.offset + $0 * piece.step] }
      }
      #expect(found == wanted.map(Optional.some))
      #expect(input.pieces.allSatisfy { $0.count > 0 })
      needed.formUnion(wanted)
    }
    #expect(Set(planned) == needed.subtracting(known), "exactly what is needed and not known is rendered")
  }

  /// Segments of random lengths over the frames of a plan, some of them overlapping, some from within a longer one.
  private static func randomLibrary(
    for plan: ProgrammePlan, contents: inout [TaskKey: [Int: Place]], _ random: inout SplitMix64
  ) throws -> FakeLibrary {
    var library = FakeLibrary()
    for input in try plan.renders() {
      guard let chain = input.segments.first?.runs.first?.chain else { continue }
      for _ in 0..<Int.random(in: 0...4, using: &random) {
        let key = Digest.sha256(Array("known \(library.frames.count) \(contents.count)".utf8))
        let known = KnownFrames(
          first: .random(in: 0...280, using: &random), count: .random(in: 1...60, using: &random),
          segment: key,
          offset: .random(in: 0...9, using: &random))
        library.frames[input.encodingDigest, default: [:]][chain, default: []].append(known)
        for index in 0..<known.count {
          contents[key, default: [:]][known.offset + Int(index)] = Place(
            chain: chain, frame: known.first + index)
        }
      }
    }
    return library
  }

  @Test(arguments: UInt64(1)...20) func `segments lie between multiples of 24 source frames`(seed: UInt64)
    throws
  {
    var random = SplitMix64(seed: seed)
    let plan = try Self.programme(&random).plan(Self.stages)
    for input in try plan.renders() {
      #expect((1...4).contains(input.segments.count))
      let runs = input.segments.flatMap(\.runs)
      #expect(runs.count == input.segments.count)
      for run in runs { #expect(run.count > 0 && run.first / 24 == (run.first + run.count - 1) / 24) }
      for (run, next) in zip(runs, runs.dropFirst()) { #expect(next.first >= run.first + run.count) }
    }
    for node in plan.nodes("render") {
      let input = try JSONDecoder().decode(RenderTask.Input.self, from: Data(node.payload))
      #expect(node.commits == input.segments.map(\.key))
      #expect(node.frames == input.segments.reduce(0) { $0 + Int($1.count) })
      #expect(node.key == RenderTask.key(input))
      #expect(input.nodes.allSatisfy { $0 == $1.chain.hex } && input.encodingDigest == input.encoding.digest)
    }
  }

  @Test(arguments: UInt64(1)...20) func `assembling waits for the renders it uses and no others`(seed: UInt64)
    throws
  {
    var random = SplitMix64(seed: seed)
    let programme = try Self.programme(&random)
    var contents: [TaskKey: [Int: Place]] = [:]
    let library = try Self.randomLibrary(for: try programme.plan(Self.stages), contents: &contents, &random)
    let plan = try programme.plan(Self.stages, library: library)
    for node in plan.nodes("assemble") {
      let input = try JSONDecoder().decode(AssembleTask.Input.self, from: Data(node.payload))
      let used = Set(input.pieces.map(\.segment))
      let renders = plan.nodes("render").filter { !used.isDisjoint(with: $0.commits) }
      #expect(Set(node.dependencies) == Set(renders.map(\.key)))
      #expect(node.dependencies.count == renders.count)
    }
  }

  @Test func `where two segments hold a frame the first stays`() throws {
    let programme = try Programme(
      [ListEvent(reel: "A001", source: 10, record: hour, count: 30)],
      files: [Facts.picture("A001", start: "00:00:00:00", frames: 100)])
    let render = try #require(try programme.plan().renders().first)
    let chain = try #require(render.segments.first?.runs.first?.chain)
    let (left, right) = (Digest.sha256([1]), Digest.sha256([2]))
    var library = FakeLibrary()
    library.frames = [
      render.encodingDigest: [
        chain: [
          KnownFrames(first: 12, count: 10, segment: left, offset: 3),
          KnownFrames(first: 5, count: 30, segment: right, offset: 100),
        ]
      ]
    ]
    let plan = try programme.plan(library: library)
    #expect(
      try plan.renders().flatMap(\.segments).flatMap(\.runs).map { [$0.first, $0.count] } == [[35, 5]])
    let assembly = try #require(try plan.assemblies().first)
    let planned = try #require(try plan.renders().first?.segments.first)
    #expect(
      assembly.pieces == [
        AssembleTask.Piece(segment: right, offset: 105, count: 2, step: 1),
        AssembleTask.Piece(segment: left, offset: 3, count: 10, step: 1),
        AssembleTask.Piece(segment: right, offset: 117, count: 13, step: 1),
        AssembleTask.Piece(segment: planned.key, offset: 0, count: 5, step: 1),
      ])
  }

  @Test func `shots that overlap in the source share their frames`() throws {
    let programme = try Programme(
      [
        ListEvent(reel: "A001", source: 0, record: hour, count: 48),
        ListEvent(reel: "A001", source: 24, record: hour + 48, count: 48),
        ListEvent(reel: "A001", source: 30, record: hour + 96, count: 12),
      ], files: [Facts.picture("A001", start: "00:00:00:00", frames: 100)])
    let plan = try programme.plan()
    #expect(
      try plan.renders().flatMap(\.segments).flatMap(\.runs).map { [$0.first, $0.count] } == [
        [0, 24], [24, 24], [48, 24],
      ])
    let master = try #require(plan.deliverables.first)
    #expect(master.frames == 108 && master.distinctFrames == 72 && master.newFrames == 72)
  }
}
