import Digests
import ImageGraph
import MediaTime
import Planning
import TaskGraph
import TaskKinds
import TestSupport
import Testing

/// Gates that several people hold.
@Suite struct GateQuorumTests {
  private func stages(_ keys: String) -> String {
    """
    edit: {kind: editing}
    review: {kind: delivery, picture: edit, profile: stills-16bit}
    sign-off: {kind: approval, of: review, for: edit, \(keys)}
    """
  }

  private func programme(_ count: Int = 48) throws -> Programme {
    try Programme(
      [ListEvent(reel: "A001", source: 0, record: hour, count: count)],
      files: [Facts.picture("A001", start: "00:00:00:00", frames: 200)])
  }

  private func runs(_ programme: Programme) throws -> [FrameRun] {
    try #require(try programme.plan().assemblies().first).runs
  }

  private func verdict(_ isApproved: Bool, _ by: String, _ role: String?, at time: Int = 0)
    -> ReviewedVersion.Verdict
  {
    ReviewedVersion.Verdict(
      isApproved: isApproved, by: by, role: role, note: isApproved ? "" : "no", made: "2026-\(1_000 + time)")
  }

  private func gate(
    _ keys: String, _ programme: Programme, _ reviews: [ReviewedVersion]
  ) throws -> GateState {
    var library = FakeLibrary()
    library.reviews["review"] = reviews
    return try #require(try programme.plan(stages(keys), library: library).gates.first)
  }

  private func state(_ keys: String, _ verdicts: [ReviewedVersion.Verdict]) throws -> GateState {
    let programme = try programme()
    return try gate(
      keys, programme,
      [ReviewedVersion(version: "v001", pictures: try runs(programme), verdicts: verdicts)])
  }

  @Test func `a quorum counts different people`() throws {
    let keys = "role: colorist, quorum: 2"
    #expect(try state(keys, []).text == "waiting for approval by colorist (0 of 2)")
    let once = try state(
      keys, [verdict(true, "mika", "colorist"), verdict(true, "Mika ", "colorist", at: 1)])
    #expect(once.text == "waiting for approval by colorist (1 of 2: Mika )")
    let both = try state(keys, [verdict(true, "mika", "colorist"), verdict(true, "ada", "colorist", at: 1)])
    #expect(both.isOpen)
    #expect(both.text == "approved by mika (colorist), ada (colorist)")
    let others = try state(
      keys, [verdict(true, "mika", "colorist"), verdict(true, "ada", "director", at: 1)])
    #expect(!others.isOpen)
  }

  @Test func `each role has its count, and without a role anybody counts`() throws {
    let keys = "quorum: {colorist: 1, director: 1}"
    let half = try state(keys, [verdict(true, "mika", "colorist")])
    #expect(half.text == "waiting for approval by director")
    #expect(half.needs.map(\.unseenFrames) == [0, 48])
    // One person may hold two functions and says so in each.
    #expect(
      try state(keys, [verdict(true, "mika", "colorist"), verdict(true, "mika", "director", at: 1)]).isOpen)
    #expect(try state("quorum: 2", [verdict(true, "a", nil), verdict(true, "b", "director", at: 1)]).isOpen)
    #expect(try !state("quorum: 2", [verdict(true, "a", nil), verdict(true, "a", "director", at: 1)]).isOpen)
  }

  @Test func `a rejection stands until the same person approves`() throws {
    let keys = "quorum: {colorist: 1, director: 1}"
    let approved = [verdict(true, "mika", "colorist"), verdict(true, "ada", "director", at: 1)]
    let rejected = approved + [verdict(false, "kim", "colorist", at: 2)]
    #expect(try state(keys, rejected).text == "rejected by kim: no")
    #expect(try state(keys, rejected + [verdict(true, "mika", "colorist", at: 3)]).status == .rejected)
    #expect(try state(keys, rejected + [verdict(true, "kim", "colorist", at: 3)]).isOpen)
    #expect(try state(keys, approved + [verdict(false, "kim", "producer", at: 2)]).isOpen)
  }

  @Test func `unseen frames are named with timecodes and shots`() throws {
    let before = try programme(48)
    let shown = ReviewedVersion(
      version: "v001", pictures: try runs(before), verdicts: [verdict(true, "mika", "colorist")])
    let now = try gate("role: colorist", try programme(60), [shown])
    #expect(now.text == "approved, 12 of 60 frames unseen")
    #expect(now.unseen.map(\.count) == [12])
    #expect(now.unseen.first?.first == "01:00:02:00")
    #expect(now.unseen.first?.last == "01:00:02:11")
    #expect(now.unseen.first?.text.hasPrefix("01:00:02:00–01:00:02:11  12 frames  ") == true)
  }

  @Test func `wrong quorums are told where they stand`() throws {
    let programme = try programme()
    func text(_ keys: String) -> String {
      failure { _ = try programme.plan(stages(keys)) }
    }
    #expect(text("quorum: 0").contains("`quorum` must be a number of people from 1 to 20, not `0`"))
    #expect(text("quorum: {colorist: many}").contains("`colorist` must be a number of people"))
    #expect(text("quorum: {}").contains("names no role"))
    #expect(text("role: colorist, quorum: {director: 1}").contains("Keep `quorum` and remove `role`"))
  }

  @Test func `a gate without a deliverable has a review copy and a sheet made`() throws {
    let programme = try programme()
    let stages = """
      edit: {kind: editing}
      sign-off: {kind: approval, for: edit, role: editor}
      master: {kind: delivery, picture: edit, profile: stills-16bit, after: [sign-off]}
      """
    let first = try programme.plan(stages)
    #expect(first.deliverables.map(\.stage).contains("sign-off-review"))
    #expect(first.plan.nodes.contains { $0.kind == "contact-sheet" && $0.stage == "sign-off-sheet" })
    #expect(Set(first.held.map(\.stage)) == ["master"])
    #expect(first.gates.first?.deliverable == "sign-off-review")

    var library = FakeLibrary()
    library.reviews["sign-off-review"] = [
      ReviewedVersion(
        version: "v001", pictures: try runs(programme), verdicts: [verdict(true, "ada", "editor")])
    ]
    let open = try programme.plan(stages, library: library)
    #expect(open.gates.first?.isOpen == true)
    #expect(open.held.isEmpty)
    let taken = failure {
      _ = try programme.plan(
        stages + "\nsign-off-review: {kind: delivery, picture: edit, profile: stills-16bit}")
    }
    #expect(taken.contains("there is a stage `sign-off-review`"))
  }

  // MARK: Any sequence of decisions

  /// What the rules say, by counting frames one by one.
  private struct Model {
    var requirements: [(role: String?, count: Int)]
    var versions: [Range<Int>]
    var now: Range<Int>

    func status(_ words: [(version: Int, by: String, role: String?, isApproved: Bool)]) -> (
      status: GateState.Status, unseen: Int
    ) {
      var unseen: Set<Int> = []
      var isRejected = false
      for need in requirements {
        let counted = words.enumerated().filter { need.role == nil || $0.element.role == need.role }
        let people = Set(counted.map(\.element.by))
        /// Of each person and version the last word.
        func last(_ person: String, _ version: Int) -> (offset: Int, isApproved: Bool)? {
          counted.last { $0.element.by == person && $0.element.version == version }
            .map { ($0.offset, $0.element.isApproved) }
        }
        for frame in now {
          let approvals = people.count { person in
            versions.indices.contains { versions[$0].contains(frame) && last(person, $0)?.isApproved == true }
          }
          if approvals < need.count { unseen.insert(frame) }
        }
        for person in people {
          let whole = versions.indices.filter { versions[$0].lowerBound <= now.lowerBound }
            .filter { versions[$0].upperBound >= now.upperBound }
          let latest = whole.compactMap { last(person, $0) }.max { $0.offset < $1.offset }
          if latest?.isApproved == false { isRejected = true }
        }
      }
      return (isRejected ? .rejected : unseen.isEmpty ? .approved : .waiting, unseen.count)
    }
  }

  @Test(arguments: UInt64(0)..<40)
  func `any sequence of decisions gives what an independent count gives`(seed: UInt64) throws {
    var random = SplitMix64(seed: seed)
    let length = 40
    let programme = try programme(length)
    let chain = try #require(try runs(programme).first)
    let roles: [String?] = ["colorist", "director", nil]
    let shapes: [(String, [(role: String?, count: Int)])] = [
      ("role: colorist", [("colorist", 1)]), ("quorum: 2", [(nil, 2)]),
      ("quorum: {colorist: 2, director: 1}", [("colorist", 2), ("director", 1)]),
    ]
    let (keys, requirements) = shapes.randomElement(using: &random) ?? shapes[0]
    let versions = (0..<3).map { _ -> Range<Int> in
      if Bool.random(using: &random) { return 0..<length }
      let start = Int.random(in: 0..<length - 1, using: &random)
      return start..<Int.random(in: start + 1...length, using: &random)
    }
    let model = Model(requirements: requirements, versions: versions, now: 0..<length)
    var words: [(version: Int, by: String, role: String?, isApproved: Bool)] = []
    for _ in 0..<Int.random(in: 0...10, using: &random) {
      words.append(
        (
          Int.random(in: 0..<3, using: &random),
          ["mika", "ada", "kim"].randomElement(using: &random) ?? "mika",
          roles.randomElement(using: &random) ?? nil, Int.random(in: 0..<4, using: &random) > 0
        ))
    }
    let reviews = versions.indices.map { version in
      let range = versions[version]
      return ReviewedVersion(
        version: "v00\(version + 1)",
        pictures: [
          FrameRun(
            chain: chain.chain, first: chain.first + Int64(range.lowerBound), step: 1,
            count: Int64(range.count)
          )
        ],
        verdicts: words.enumerated().filter { $0.element.version == version }.map {
          verdict($0.element.isApproved, $0.element.by, $0.element.role, at: $0.offset)
        })
    }
    let found = try gate(keys, programme, reviews)
    let expected = model.status(words)
    #expect(found.status == expected.status, "seed \(seed)")
    #expect(found.unseenFrames == Int64(expected.unseen), "seed \(seed)")
    let listed = found.unseen.reduce(Int64(0)) { $0 + $1.count }
    #expect(listed == (expected.unseen < length ? Int64(expected.unseen) : 0), "seed \(seed)")
  }
}
