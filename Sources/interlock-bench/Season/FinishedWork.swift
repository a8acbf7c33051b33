import Delivery
import Digests
import FoundationEssentials
import ImageGraph
import Ledger
import ObjectStore
import SoundMixing
import TaskGraph
import TaskKinds

/// Publishes what the tasks of a plan would have made: results and objects of the right shapes and numbers under the
/// right keys, straight through the store, without rendering anything.
///
/// Everything that planning asks about is as after a real run. What only workers read, the contents of objects, is a few
/// bytes long.
struct FinishedWork {
  private let store: ObjectStore
  private let ledger: Ledger
  private let scratch: AttemptFolder
  private var group: CommitGroup
  private var records: [StoredResult] = []
  private(set) var resultCount = 0

  /// Results that are made durable together.
  private static let batch = 8_000

  init(_ store: ObjectStore, ledger: Ledger) throws {
    self.store = store
    self.ledger = ledger
    scratch = try AttemptFolder.create(in: store.production)
    group = try CommitGroup(store, scratch: scratch.path)
  }

  /// Does every task but those that publish.
  mutating func finish(_ plan: Plan) throws {
    for node in plan.nodes { try finish(node) }
    try flush()
    try scratch.remove()
  }

  private mutating func finish(_ node: TaskNode) throws {
    func input<Input: Decodable>(_ type: Input.Type) throws -> Input {
      try JSONDecoder().decode(type, from: Data(node.payload))
    }
    switch node.kind {
    case RenderTask.identifier: try render(node, try input(RenderTask.Input.self))
    case ThumbnailsTask.identifier: try thumbnails(node, try input(ThumbnailsTask.Input.self))
    case StillTask.identifier: try still(node, try input(StillTask.Input.self))
    case ContactSheetTask.identifier: try contactSheet(node, try input(ContactSheetTask.Input.self))
    case ConformPageTask.identifier:
      let page = try object("page \(node.key)")
      try commit(
        node, ConformPageTask.Output(files: [file(page, "report", "html")]), [page])
    case MixTask.identifier: try mix(node, try input(MixTask.Input.self))
    case AssembleTask.identifier: try assemble(node, try input(AssembleTask.Input.self))
    case PublishTask.identifier: break
    default: throw BenchError("a season has no tasks of the kind \(node.kind)")
    }
  }

  // MARK: Kinds

  private mutating func render(_ node: TaskNode, _ input: RenderTask.Input) throws {
    for lane in input.lanes {
      for segment in lane.segments { try commit(segment, in: lane) }
    }
    try commit(node, RenderTask.Output(segments: input.lanes.flatMap(\.segments).map(\.key)), [])
  }

  private mutating func commit(_ segment: RenderTask.Segment, in lane: RenderTask.Lane) throws {
    let frames = try object("segment \(segment.key)")
    let packets = (0..<Int(segment.count)).map { index in
      PacketEntry(
        offset: Int64(index) * 4_000, size: 4_000, digest: String(frames.digest.hex.prefix(32)))
    }
    let evidence = SegmentEvidence(
      decodedFrames: packets.count, lowestPSNR: 48.25, largestPacket: 4_000)
    var record = SegmentRecord(
      encoding: lane.encodingDigest, count: segment.count, object: frames.digest, packets: packets,
      evidence: evidence)
    if lane.encoding.unit == .frame, let run = segment.runs.first {
      record.chain = run.chain
      record.first = run.first
      record.step = run.step
    }
    try commit(
      ResultRecord(
        key: segment.key, kind: segmentKind, version: RenderTask.version, output: record, objects: [frames],
        attempt: scratch.id, tool: Self.tool))
  }

  private mutating func thumbnails(_ node: TaskNode, _ input: ThumbnailsTask.Input) throws {
    let pictures = try object("thumbnails \(node.key)")
    try commit(
      node,
      ThumbnailsTask.Output(pictures: pictures.digest, byteCounts: input.frames.map { _ in 2_900 }),
      [pictures])
  }

  private mutating func still(_ node: TaskNode, _ input: StillTask.Input) throws {
    let stills = try object("stills \(node.key)")
    let scopes = try input.scopes.map { (try object("scopes \(node.key)"), $0.suffix) }
    try commit(
      node,
      StillTask.Output(
        stills: stills.digest, width: 480, height: 270,
        files: scopes.map { [file($0.0, $0.1, "png")] } ?? []),
      [stills] + (scopes.map { [$0.0] } ?? []))
  }

  private mutating func contactSheet(_ node: TaskNode, _ input: ContactSheetTask.Input) throws {
    let pages = try (0..<max(1, (input.shots.count + 23) / 24)).map { try object("page \($0) \(node.key)") }
    let files = pages.enumerated().map { index, page in
      file(page, index == 0 ? "contact-sheet" : "contact-sheet.\(index + 1)", "png")
    }
    try commit(node, ContactSheetTask.Output(files: files), pages)
  }

  private mutating func mix(_ node: TaskNode, _ input: MixTask.Input) throws {
    var objects: [ObjectReference] = []
    var files: [MadeFile] = []
    var mixes: [MixTask.Printmaster] = []
    for layout in input.mix.layouts {
      let sound = try object("mix \(layout.rawValue) \(node.key)")
      objects.append(sound)
      files.append(file(sound, layout.rawValue, "wav"))
      mixes.append(
        MixTask.Printmaster(
          layout: layout.rawValue, sound: sound.digest, byteCount: sound.byteCount,
          channels: layout == .stereo ? 2 : 6, samplePeak: 0.5, clippedSamples: 0))
      for bus in input.mix.hasStems ? ["dialogue", "effects", "music"] : [] {
        let stem = try object("stem \(bus) \(layout.rawValue) \(node.key)")
        objects.append(stem)
        files.append(file(stem, "\(bus).\(layout.rawValue)", "wav"))
      }
    }
    let report = try object("loudness \(node.key)")
    try commit(
      node,
      MixTask.Output(
        sampleCount: input.mix.sampleCount, sampleRate: 48_000, mixes: mixes,
        files: files + [file(report, "loudness", "html")]), objects + [report])
  }

  private mutating func assemble(_ node: TaskNode, _ input: AssembleTask.Input) throws {
    let frames = input.runs.reduce(0) { $0 + $1.count }
    let suffixes =
      input.profile.container == .sequence ? (0..<frames).map { "\(input.startFrame + $0)" } : [""]
    let objects = try suffixes.map { try object("file \($0) \(node.key)") }
    // As assembling proves its work: two frames at every join, and some facts of the whole.
    let joins = min(input.runs.count, 600)
    let checks = (0..<2 * joins + 27).map { index in
      AssembleTask.Evidence.Check(
        name: "frame \(index * 54)", expected: "as its segment", found: "as its segment")
    }
    try commit(
      node,
      AssembleTask.Output(
        files: zip(objects, suffixes).map {
          AssembleTask.File(object: $0.digest, byteCount: $0.byteCount, suffix: $1)
        }, frameCount: frames,
        evidence: AssembleTask.Evidence(
          proof: "structure, packet digests and decoded joins", checks: checks,
          framesDecoded: (0..<Int64(2 * joins)).map { $0 * 54 })), objects)
  }

  // MARK: The store

  private static let tool = "interlock-bench"

  private func file(_ object: ObjectReference, _ suffix: String, _ fileExtension: String) -> MadeFile {
    MadeFile(
      object: object.digest, byteCount: object.byteCount, suffix: suffix, fileExtension: fileExtension)
  }

  private mutating func object(_ text: String) throws -> ObjectReference {
    let part = "\(scratch.path)/object.part"
    let bytes = Array(text.utf8)
    try store.fileSystem.writeNew(bytes, at: part, isDurable: false)
    return try group.add(partFile: part, digest: Digest.sha256(bytes))
  }

  private mutating func commit<Output>(_ node: TaskNode, _ output: Output, _ objects: [ObjectReference])
    throws
  where Output: Codable & Sendable {
    try commit(
      ResultRecord(
        key: node.key, kind: node.kind, version: node.version, output: output, objects: objects,
        attempt: scratch.id, tool: Self.tool))
  }

  private mutating func commit<Output>(_ record: ResultRecord<Output>) throws {
    try group.add(record)
    records.append(try StoredResult(record))
    if records.count >= Self.batch { try flush() }
  }

  private mutating func flush() throws {
    _ = try group.commit()
    try ledger.recordResults(records)
    resultCount += records.count
    records = []
  }
}
