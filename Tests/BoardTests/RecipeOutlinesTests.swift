import Board
import Delivery
import Digests
import Foundation
import ImageGraph
import MediaTime
import ObjectStore
import Planning
import TestSupport
import Testing

/// A production with versions whose recipes have what is found in one: shots that come again, pictures that lie on each
/// other, and frames of no shot.
private struct OutlinedProduction {
  struct Part: Encodable {
    var firstFrame: Int64
    var count: Int64
    var event: String?
    var shot: String?
    var source: String?
    var map: FrameMap
    var chain: Digest
    var operations: [OperationSummary]
    var stack: [Part]?
  }

  private typealias Facts = RecipeFacts<Part>

  /// Some have names that JSON writes with escapes, or that look like parts of it.
  static let names: [(shot: String, event: String)] = [
    ("sh010", "001"), ("sh010", "002"), ("sh\"020\\", "003"), ("\"count\": 7, {[", "004"), ("grün/é", "005"),
    ("line\nend", "006"), ("sh010", "007"),
  ]

  let folder: TemporaryFolder
  let production: Production
  let store: ObjectStore
  private let scratch: AttemptFolder

  init() throws {
    folder = try TemporaryFolder()
    production = try Production.create(at: folder.path + "/out")
    store = ObjectStore(production)
    scratch = try AttemptFolder.create(in: production)
  }

  static func parts(seed: UInt64, count: Int = 40) -> [Part] {
    var random = SplitMix64(seed: seed)
    func part(at frame: Int64, _ count: Int64, depth: Int) -> Part {
      let name = names.randomElement(using: &random)
      let isOfShot = Int.random(in: 0..<5, using: &random) > 0
      let source = Int64.random(in: 0..<500, using: &random)
      let isStack = depth == 0 && Int.random(in: 0..<3, using: &random) == 0
      return Part(
        firstFrame: frame, count: count, event: isOfShot ? name?.event : nil,
        shot: isOfShot ? name?.shot : nil,
        source: "a]}\".mov", map: FrameMap(first: source), chain: Digest.sha256(Array("\(source)".utf8)),
        operations: [OperationSummary(operation: "lut", version: 1, parameters: "{\"lut\": [\(source)]}")],
        stack: isStack ? (0..<2).map { _ in part(at: frame, count, depth: 1) } : nil)
    }
    var frame: Int64 = 0
    return (0..<count).map { _ in
      let count = Int64.random(in: 1..<90, using: &random)
      defer { frame += count }
      return part(at: frame, count, depth: 0)
    }
  }

  @discardableResult
  func publish(_ parts: [Part], as name: String = "master", type: String = "mov") throws -> VersionRecord {
    let file = try store.commitObject(
      bytes: Array("\(name) \(parts)".utf8), name: "o", scratch: scratch.path
    ).digest
    return try VersionPublisher(store).publish(
      [PublishedFile(object: file, fileExtension: type)],
      as: VersionLine(.deliverable, programme: "film", name: name),
      provenance: VersionPublisher.Provenance(
        madeFrom: [], facts: try JSONValue(encoding: Facts(parts: parts)), verification: .null, tool: "test")
    ).record
  }

  func recordPath(_ version: VersionRecord) -> String {
    "\(VersionPublisher(store).folder(of: version))/version.json"
  }

  /// A board on which every shot of `names` is planned.
  func reader() async -> ProductionReader {
    let reader = ProductionReader(production, typed: "out", version: "1", plans: true)
    let shots = Self.names.enumerated().map { index, name in
      ShotRow(
        key: "v1-\(index)", event: name.event, shot: name.shot, track: "V1", first: Int64(index), count: 1,
        record: "")
    }
    let programme = BoardSurvey.Programme(
      programme: "film", pipeline: "film.yaml", cut: [], stages: [], rows: [], shots: shots, gates: [],
      tasks: 0, heldTasks: 0, diagnostics: [])
    await reader.note(BoardSurvey(programmes: [programme], unplanned: []), made: .now())
    return reader
  }

  /// What a decoded recipe says of an event: where it is first, how long it is, and what the first part is.
  static func expected(_ recipe: Recipe, shot: String, event: String) throws -> [String] {
    let parts = recipe.parts.filter { part in
      (part.shot == shot && part.event == event)
        || (part.stack ?? []).contains { $0.shot == shot && $0.event == event }
    }
    guard let first = parts.first else { return [] }
    let frames = parts.reduce(0) { $0 + $1.count }
    return [
      "\(first.firstFrame) \(frames) \(recipe.timecode(at: first.firstFrame)) \(recipe.cut)",
      try text(of: first),
    ]
  }

  static func text(of part: Recipe.Part) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    return String(decoding: try encoder.encode(part), as: UTF8.self)
  }

  static func said(_ known: ShotFacts.Appearance) throws -> [String] {
    [
      "\(known.firstFrame) \(known.frames) \(known.timecode) \(known.cut)",
      try text(of: known.part),
    ]
  }
}

@Suite struct RecipeOutlinesTests {
  private let made: OutlinedProduction

  init() throws { made = try OutlinedProduction() }

  /// What the board says of every shot, by version, is what the recipes say.
  private func expectAgreement(_ reader: ProductionReader, _ versions: [VersionRecord]) async throws {
    for (index, name) in OutlinedProduction.names.enumerated() {
      let shot = try #require(try await reader.shot("v1-\(index)", of: "film"))
      var told: [Int: [String]] = [:]
      for known in shot.appearances { told[known.version] = try OutlinedProduction.said(known) }
      for version in versions {
        let recipe = try version.facts.decoded(as: Recipe.self)
        let expected = try OutlinedProduction.expected(recipe, shot: name.shot, event: name.event)
        #expect(told[version.version] ?? [] == expected, "\(name) in version \(version.version)")
      }
      #expect(told.keys.allSatisfy { number in versions.contains { $0.version == number } })
    }
  }

  @Test(arguments: [1, 2, 3] as [UInt64])
  func `every shot of every version is what the whole recipe says, read ahead or not`(
    seed: UInt64
  ) async throws {
    var versions = try (0..<3).map { try made.publish(OutlinedProduction.parts(seed: seed * 10 + $0)) }
    let reader = await made.reader()
    try await expectAgreement(reader, versions)
    let ahead = await made.reader()
    _ = try await ahead.look()
    var steps = 1
    while await ahead.readAhead() { steps += 1 }
    #expect(steps == 3)
    #expect(await ahead.readAhead() == false)
    try await expectAgreement(ahead, versions)
    // A version that comes later is taken up by both.
    versions.append(try made.publish(OutlinedProduction.parts(seed: seed * 10 + 7)))
    try await expectAgreement(reader, versions)
    try await expectAgreement(ahead, versions)
  }

  @Test func `a version file that is cut short, or is no recipe, leaves the others`() async throws {
    let versions = try (0..<3).map { try made.publish(OutlinedProduction.parts(seed: 40 + $0)) }
    let reader = await made.reader()
    try await expectAgreement(reader, versions)
    let path = made.recordPath(versions[1])
    let bytes = try Data(contentsOf: URL(fileURLWithPath: path))
    let middle = bytes.count / 2
    for damage in [bytes.prefix(middle), bytes.prefix(middle) + [0x22] + bytes.suffix(from: middle), Data()] {
      try FileManager.default.removeItem(atPath: path)
      try Data(damage).write(to: URL(fileURLWithPath: path))
      try await expectAgreement(reader, [versions[0], versions[2]])
      try await expectAgreement(await made.reader(), [versions[0], versions[2]])
    }
    try FileManager.default.removeItem(atPath: path)
    try bytes.write(to: URL(fileURLWithPath: path))
    try await expectAgreement(reader, versions)
  }

  @Test func `an outline says how long a recipe is and whether another has its cut`() throws {
    var outlines = RecipeOutlines(made.store)
    let parts = OutlinedProduction.parts(seed: 5)
    let master = try made.publish(parts)
    let copy = try made.publish(parts, as: "review", type: "mp4")
    let other = try made.publish(Array(parts.dropLast()), as: "short", type: "mp4")
    let recipe = try master.facts.decoded(as: Recipe.self)
    let (own, same, short) = (
      outlines.outline(of: master), outlines.outline(of: copy), outlines.outline(of: other)
    )
    let outline = try #require(own)
    #expect(outline.frameCount == recipe.frameCount && outline.startFrame == recipe.startFrame)
    #expect(outline.timecode(at: 100).description == recipe.timecode(at: 100).description)
    #expect(try #require(same).hasCut(of: outline))
    #expect(try !#require(short).hasCut(of: outline))
    let read = outlines.recipe(of: master)
    let whole = try #require(read)
    #expect(try whole.parts.map(OutlinedProduction.text) == recipe.parts.map(OutlinedProduction.text))
  }

  @Test(arguments: [
    "", "{", "[]", "{\"facts\": null}", "{\"facts\": {\"parts\": []}}", "{\"facts\": {\"parts\": [{]}}",
    "{\"facts\": {\"parts\": [{\"count\": \"1\"}]}}", "{\"facts\" {}}", "{\"facts\": \"\\", "\"facts\"",
    // The facts end within a part of them.
    "{\"facts\":{\"x\":a\",\"parts\":\"},\"}\":1}",
  ])
  func `what is no version file has no outline`(text: String) {
    #expect(RecipeOutline(Array(text.utf8)) == nil)
  }
}
