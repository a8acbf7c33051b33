import Digests
import Foundation
import ImageGraph
import MediaTime
import Testing

@Suite struct ImageNodeTests {
  @Test func `the digest of a chain stands on every operation and on the media`() {
    func chain(
      _ source: PictureSource = clip, _ sizing: Sizing = letterbox, _ grade: Grade = warm, _ look: Look = show
    ) -> Digest {
      ImageNode.look(look, of: .grade(grade, of: .sizing(sizing, of: .source(source)))).chain
    }
    #expect(chain() == graded.chain)
    let full = Interpretation(matrix: .bt709, isFullRange: true)
    let rec601 = Interpretation(matrix: .bt601, isFullRange: false)
    let rec2020 = Interpretation(matrix: .bt2020, isFullRange: false)
    let wide = Raster(width: 1920, height: 720)
    let tall = Raster(width: 1280, height: 1080)
    let chains: [Digest] =
      [
        chain(),
        chain(PictureSource(media: digest("A001C002"), stream: 0, interpretation: rec709)),
        chain(PictureSource(media: clip.media, stream: 1, interpretation: rec709)),
        chain(PictureSource(media: clip.media, stream: 0, interpretation: full)),
        chain(PictureSource(media: clip.media, stream: 0, interpretation: rec601)),
        chain(PictureSource(media: clip.media, stream: 0, interpretation: rec2020)),
        chain(clip, Sizing(raster: wide, fit: .letterbox)),
        chain(clip, Sizing(raster: tall, fit: .letterbox)),
        chain(clip, Sizing(raster: frameSize, fit: .fill)),
        chain(clip, letterbox, warm, Look(table: digest("other.cube"))),
      ] + gradesThatDiffer.map { chain(clip, letterbox, $0) }
    #expect(Set(chains).count == chains.count)
  }

  /// `warm` with each of its ten numbers changed to the nearest double above, one at a time.
  private var gradesThatDiffer: [Grade] {
    var grades: [Grade] = []
    for index in 0..<3 {
      for part in [\Grade.slope, \Grade.offset, \Grade.power] {
        var grade = warm
        grade[keyPath: part][index] = grade[keyPath: part][index].nextUp
        grades.append(grade)
      }
    }
    var grade = warm
    grade.saturation = grade.saturation.nextUp
    return grades + [grade]
  }

  @Test func `numbers of a grade that change places are another grade`() {
    func chain(_ slope: [Double], _ offset: [Double]) -> Digest {
      ImageNode.grade(
        Grade(slope: slope, offset: offset, power: [1, 1, 1], saturation: 1), of: .source(clip)
      ).chain
    }
    #expect(chain([1, 2, 3], [4, 5, 6]) != chain([4, 5, 6], [1, 2, 3]))
    #expect(chain([1, 2, 3], [4, 5, 6]) != chain([1, 3, 2], [4, 5, 6]))
  }

  @Test func `which operations there are and their order decide the digest`() {
    let sized = ImageNode.sizing(letterbox, of: .source(clip))
    let chains = [
      ImageNode.source(clip), .black(Black()), sized, .grade(warm, of: sized), .look(show, of: sized),
      .look(show, of: .grade(warm, of: sized)), .grade(warm, of: .look(show, of: sized)),
      .look(show, of: .look(show, of: sized)), .sizing(letterbox, of: .grade(warm, of: .source(clip))),
      .sizing(letterbox, of: .black(Black())),
    ].map(\.chain)
    #expect(Set(chains).count == chains.count)
  }

  /// These change only with a version of an operation, and then everything of that chain is made again.
  @Test func `digests of chains are the same in every build`() {
    #expect(
      ImageNode.black(Black()).chain.hex == "27c9e86d55504c44552a57e13b46ed5f61305497582c060cb36cb141ff34a3dc"
    )
    #expect(
      ImageNode.source(clip).chain.hex == "c52cc0468af906014e9e9224282ed7b95d88fe50506c503ce869313cb4752364")
    #expect(graded.chain.hex == "18ae296b901a39b2ffdd55f09929ff3bea70b80e6070e0b12f1d7624aefda649")
  }

  @Test func `operations are listed from the source up`() {
    #expect(
      graded.operations.map { "\($0.operation) \($0.version): \($0.parameters)" } == [
        "source 1: media \(clip.media.hex.prefix(12)) stream 0, read as bt709 legal range",
        "sizing 1: letterbox in 1280x720",
        "grade 1: ASC CDL slope 1.04 1.01 0.98 offset 0.004 0.002 0.0 power 0.98 1.0 1.01 saturation 1.05, ASC clamp",
        "look 1: LUT \(show.table.hex.prefix(12)), tetrahedral",
      ])
    #expect(ImageNode.black(Black()).operations.map(\.operation) == ["black"])
  }

  @Test func `a chain gives back its parts`() {
    #expect(graded.sources == [clip] && graded.hasPicture)
    #expect(graded.sizing == letterbox)
    #expect(graded.grade == warm)
    #expect(graded.look == show)
    let black = ImageNode.black(Black())
    #expect(
      black.sources.isEmpty && !black.hasPicture && black.sizing == nil && black.grade == nil
        && black.look == nil)
    let source = ImageNode.source(clip)
    #expect(source.sizing == nil && source.grade == nil && source.look == nil)
  }

  private static let mirror = PictureSource(media: digest("E001C001"), stream: 0, interpretation: rec709)

  private func transition(
    _ kind: Transition.Kind = .dissolve, count: Int64 = 4, outgoing: FrameMap = FrameMap(first: 10),
    incoming: FrameMap = FrameMap(first: 70), from: ImageNode = .sizing(letterbox, of: .source(clip)),
    to: ImageNode = .sizing(letterbox, of: .source(Self.mirror))
  ) -> ImageNode {
    .transition(
      Transition(kind: kind, count: count, outgoing: outgoing, incoming: incoming), outgoing: from,
      incoming: to)
  }

  @Test func `a transition stands on both sides, its shape and every source frame it shows`() {
    let black = ImageNode.black(Black())
    let held = FrameMap(first: 10, speed: .zero)
    let nodes = [
      transition(), transition(.wipeLeftToRight), transition(.wipeTopToBottom), transition(count: 5),
      transition(outgoing: FrameMap(first: 11)), transition(incoming: FrameMap(first: 71)),
      transition(outgoing: held),
      transition(from: black), transition(to: black), transition(to: .source(clip)),
      transition(from: .grade(warm, of: .sizing(letterbox, of: .source(clip)))),
      transition(
        from: .sizing(letterbox, of: .source(Self.mirror)), to: .sizing(letterbox, of: .source(clip))),
      .look(show, of: transition()),
    ]
    #expect(Set(nodes.map(\.chain)).count == nodes.count)
  }

  @Test func `how the frames of a side are written decides nothing`() {
    let plain = transition(outgoing: FrameMap(first: 10)).chain
    #expect(transition(outgoing: FrameMap(first: 4).advanced(by: 6)).chain == plain)
    let half = FrameMap(first: 3, speed: Rational(1, 2))
    #expect(
      transition(count: 2, outgoing: half).chain
        == transition(count: 2, outgoing: FrameMap(first: 3, speed: Rational(1, 3))).chain)
    #expect(
      transition(count: 3, outgoing: half).chain
        != transition(count: 3, outgoing: FrameMap(first: 3, speed: Rational(1, 3))).chain)
  }

  @Test func `a transition lists its sides, then itself, then the look`() {
    let node = ImageNode.look(
      show, of: transition(from: .grade(warm, of: .source(clip)), to: .black(Black())))
    #expect(node.operations.map(\.operation) == ["source", "grade", "black", "dissolve", "look"])
    #expect(
      node.operations.map(\.parameters).enumerated().filter { $0.offset > 1 }.map(\.element).dropLast() == [
        "incoming", "4 frames, outgoing from frame 10, incoming from frame 70",
      ])
    #expect(node.operations[0].parameters.hasPrefix("outgoing: media "))
    #expect(node.sources == [clip])
    #expect(node.transition?.transition.count == 4)
    #expect(node.transition?.incoming == .black(Black()))
    #expect(graded.transition == nil)
    #expect(transition().sources == [clip, Self.mirror])
  }

  @Test func `a chain read back from JSON has the same digest`() throws {
    for node in [graded, transition(), .black(Black()), .source(clip)] {
      let copy = try JSONDecoder().decode(ImageNode.self, from: JSONEncoder().encode(node))
      #expect(copy == node)
      #expect(copy.chain == node.chain)
    }
  }
}
