import Diagnostics
import Digests
import Editorial
import Foundation
import ImageGraph
import MediaTime
import Planning
import TaskGraph
import TaskKinds
import TestSupport
import Testing

/// Several picture tracks and placed clips, in the plan.
@Suite struct PictureTracksTests {
  private let files = [
    Facts.picture("A001", start: "00:00:00:00", frames: 300),
    Facts.picture("B001", start: "00:00:00:00", frames: 300),
    Facts.picture("C001", start: "00:00:00:00", frames: 300, width: 480, height: 360),
  ]

  private func clip(
    _ reel: String, _ source: Int64, _ record: Range<Int64>, _ adjustments: [PictureAdjustment] = []
  ) -> TrackItem {
    var clip = Clip(
      name: reel, event: "\(reel)@\(record.lowerBound)", sourceReel: reel,
      sourceIn: SourcePosition(count: source, rate: film),
      recordRange: FrameRange(start: record.lowerBound, count: Int64(record.count)))
    clip.adjustments = adjustments
    return .clip(clip)
  }

  private func gap(_ record: Range<Int64>) -> TrackItem {
    .gap(Gap(recordRange: FrameRange(start: record.lowerBound, count: Int64(record.count))))
  }

  private func plan(
    _ tracks: [[TrackItem]], stages: String = Programme.masterOnly,
    change: (inout Timeline) -> Void = { _ in }
  ) throws -> ProgrammePlan {
    let programme = try Programme([ListEvent(reel: "A001", source: 0, record: hour, count: 1)], files: files)
    var timeline = Timeline(
      name: "TEST", rate: film,
      tracks: tracks.enumerated().map { Track(kind: .picture, name: "V\($0 + 1)", items: $1) })
    change(&timeline)
    let conform = Relinker(media: files.map { MediaItem(path: $0.location.path, facts: $0.facts) })
      .relink(timeline)
    #expect(conform.diagnostics.isEmpty)
    return try ProgrammePlanner.plan(
      try programme.pipeline(stages), conform: conform, files: files, tools: tools, library: FakeLibrary())
  }

  private func runs(_ plan: ProgrammePlan) throws -> [(node: ImageNode, run: FrameRun)] {
    let nodes = Dictionary(
      try plan.renders().flatMap { $0.nodes.values }.map { ($0.chain, $0) },
      uniquingKeysWith: { first, _ in first })
    return try #require(try plan.assemblies().first).runs.map { (try #require(nodes[$0.chain]), $0) }
  }

  private let small = PictureAdjustment(scaleX: 0.5, scaleY: 0.5)

  @Test func `what fills the frame hides the tracks below, and gaps show them`() throws {
    let one = try plan([[clip("A001", 10, 0..<40)]])
    let two = try plan([
      [clip("A001", 10, 0..<40)], [gap(0..<12), clip("B001", 50, 12..<20), gap(20..<40)],
    ])
    let found = try runs(two)
    #expect(
      found.map { [$0.run.first, $0.run.step, $0.run.count] } == [[10, 1, 12], [50, 1, 8], [30, 1, 20]])
    let alone = try #require(try runs(one).first).run.chain
    #expect(found.map { $0.run.chain == alone } == [true, false, true])
  }

  @Test func `pictures on each other are counted by the lowest that runs`() throws {
    let found = try runs(
      try plan([
        [clip("A001", 10, 0..<40)], [gap(0..<12), clip("B001", 50, 12..<20, [small]), gap(20..<40)],
      ]))
    #expect(
      found.map { [$0.run.first, $0.run.step, $0.run.count] } == [[10, 1, 12], [22, 1, 8], [30, 1, 20]])
    let (layering, pictures) = try #require(found[1].node.layers)
    #expect(pictures.count == 2 && pictures[0] == found[0].node)
    #expect(layering.layers.map { $0.map.position(at: 25) } == [25, 53])
  }

  @Test func `an upper picture of another shape shows what lies beside it`() throws {
    let tracks = [[clip("A001", 0, 0..<5)], [clip("C001", 0, 0..<5)]]
    #expect(try runs(try plan(tracks))[0].node.layers?.pictures.count == 2)
    #expect(try runs(try plan(tracks.reversed()))[0].node.layers == nil)
  }

  @Test func `grades bind to each layer, also where they begin at one frame`() throws {
    let graded = try plan(
      [[clip("A001", 0, 0..<5)], [clip("B001", 0, 0..<5, [small])]],
      stages: """
        edit: {kind: editing}
        grade: {kind: color-grade, picture: edit, stills: no}
        master: {kind: delivery, picture: grade, profile: stills-16bit}
        """
    ) { timeline in
      for (track, slope) in [(0, 0.5), (1, 0.75)] {
        guard case .clip(var clip) = timeline.tracks[track].items[0] else { continue }
        clip.grade = ColorDecision(slope: [slope, 1, 1])
        timeline.tracks[track].items[0] = .clip(clip)
      }
    }
    let (_, pictures) = try #require(try runs(graded)[0].node.layers)
    #expect(pictures.map { $0.grade?.slope.first } == [0.5, 0.75])
  }

  @Test func `what a reader lost of the picture stops the stage, and is named`() throws {
    let text = failure {
      _ = try plan([[clip("A001", 0, 0..<5)]]) { timeline in
        timeline.findings = [
          Finding(
            kind: .dropped, what: "the corner pin is not carried", location: nil, event: "003", isFault: true),
          Finding(kind: .dropped, what: "a label", isFault: false),
        ]
      }
    }
    #expect(
      text == """
        error: event 003: the corner pin is not carried (dropped), and would be seen in the picture
          Bake it into a new source, or remove it from the cut.
        """, "\(text)")
  }

  @Test func `a size beyond reason is refused`() throws {
    let text = failure {
      _ = try plan([[clip("A001", 0, 0..<5, [PictureAdjustment(scaleX: 4000)])]])
    }
    #expect(text.contains("is scaled or moved by more than a thousand times the frame"), "\(text)")
  }

  @Test func `a plan of many shots on several tracks has as many parts as cuts`() throws {
    func track(_ reel: String, _ shift: Int64) -> [TrackItem] {
      (0..<200).map { clip(reel, Int64($0), Int64($0) * 10 + shift..<Int64($0) * 10 + 10 + shift, [small]) }
    }
    let found = try runs(try plan([track("A001", 0), [gap(0..<5)] + track("B001", 5)]))
    #expect(found.count == 401)
  }
}
