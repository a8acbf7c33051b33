import Diagnostics
import Digests
import Editorial
import Engine
import Foundation
import Ledger
import ObjectStore
import Planning
import Synchronization
import TaskGraph
import TaskKinds

/// Plans in which nothing was to be done, kept with everything they follow from: while all of that is as it was, the
/// same plan follows, and nothing is read or computed to see it.
///
/// A plan follows from the program and its worker, the files that the pipeline names (or looked for in vain), the media
/// in its folders, the results it counts on, and the published versions. Each is looked at again, by its stat or its
/// name; whatever differs, and whatever gates or programs of this machine have a say in, is planned anew.
final class FinishedPlans: Sendable {
  /// What is told of such a plan, and what is looked at again.
  private struct Outline: Codable {
    var programme: String
    var events: Int
    var deliverables: [DeliverablePlan]
    var diagnostics: [Diagnostic]
    var textless: TextlessFindings
    var colours: [ColourPlan]
    /// Every path that was asked about while the pipeline was read.
    var paths: [String]
    var roots: [Pipeline.MediaRoot]
    var publishes: [PublishTask.Input]
    /// Their versions, in the same order.
    var versions: [Int]
    /// The worker that was asked.
    var tools: ToolIdentity
  }

  /// Which plan of which pipeline.
  struct Subject: Sendable {
    /// As typed, which is how diagnostics name it.
    var path: String
    var overrides: [String]
    var until: String?

    fileprivate var digest: Digest {
      var encoder = CanonicalEncoder(domain: "interlock.finished-plan.subject", version: 1)
      encoder.append(path)
      encoder.append(FilePaths.current)
      encoder.append(overrides.count)
      for override in overrides { encoder.append(override) }
      encoder.append(until)
      return encoder.digest()
    }
  }

  private let store: ObjectStore
  private let survey: ResultSurvey
  private let found = Mutex<[FinishedPlanRecord]>([])

  init(_ store: ObjectStore, survey: ResultSurvey) {
    self.store = store
    self.survey = survey
  }

  /// The plan, if everything it follows from is as it was and the worker is still this one.
  func plan(
    _ subject: Subject, _ ledger: Ledger, place: PlanningPlace
  ) throws -> (planned: PlannedProgramme, tools: ToolIdentity)? {
    let digest = subject.digest
    guard let kept = try ledger.finishedPlan(digest),
      let outline = try? JSONDecoder().decode(Outline.self, from: Data(kept.outline)),
      let seal = Self.seal(outline.paths, Self.media(in: outline.roots)),
      FinishedPlanRecord(
        subject: digest, seal: seal, outline: kept.outline, footprint: kept.footprint
      ).check == kept.check,
      try survey.results(among: kept.footprint).count == kept.footprint.count
    else { return nil }
    let seals = VersionSeals(store: store, ledger: ledger)
    defer { seals.keep() }
    for (publish, version) in zip(outline.publishes, outline.versions) {
      guard try seals.version(of: publish) == version, try seals.findings(of: publish).isEmpty else {
        return nil
      }
    }
    let planned = PlannedProgramme(
      programme: outline.programme, path: subject.path, events: outline.events,
      deliverables: outline.deliverables, gates: [], diagnostics: outline.diagnostics,
      textless: outline.textless, colours: outline.colours, work: nil, place: place)
    return (planned, outline.tools)
  }

  /// Remembers a plan in which nothing is to be done, if it can be told later that it still holds.
  ///
  /// - Parameters:
  ///   - paths: what was asked about while the pipeline was read.
  ///   - media: `media(in:)` before it was planned: what came later may not be in the plan.
  ///   - moment: when reading the pipeline began.
  func note(
    _ subject: Subject, _ plan: ProgrammePlan, of pipeline: Pipeline, tools: ToolIdentity, paths: [String],
    media: Digest, asOf moment: WallClock, _ ledger: Ledger
  ) throws {
    guard plan.hasNothingToDo, pipeline.isClosed, plan.gates.isEmpty, plan.prepared.isEmpty,
      let seal = Self.seal(paths, media, asOf: moment)
    else { return }
    let seals = VersionSeals(store: store, ledger: ledger)
    defer { seals.keep() }
    var versions: [Int] = []
    for publish in plan.publishes {
      guard let version = try seals.version(of: publish), try seals.findings(of: publish).isEmpty else {
        return
      }
      versions.append(version)
    }
    let outline = Outline(
      programme: pipeline.programme, events: plan.conform.events.count, deliverables: plan.deliverables,
      diagnostics: plan.diagnostics, textless: TextlessFindings(plan), colours: plan.colours, paths: paths,
      roots: pipeline.timeline.mediaRoots,
      publishes: plan.publishes, versions: versions, tools: tools)
    let record = FinishedPlanRecord(
      subject: subject.digest, seal: seal, outline: try JSONBytes.encode(outline),
      footprint: Set(plan.footprint).sorted())
    found.withLock { $0.append(record) }
  }

  /// Puts what was noted on record. What cannot be kept, as on a disk that is full, is planned again next time.
  func keep(in ledger: Ledger) {
    let found = found.withLock { found in
      defer { found = [] }
      return found
    }
    try? ledger.keep(found)
  }

  /// Of the files that were read, of this program, and of the media.
  private static func seal(_ paths: [String], _ media: Digest, asOf moment: WallClock = .now()) -> Digest? {
    guard
      let files = FileSeal.digest(
        of: paths + ["/proc/self/exe"].compactMap(FilePaths.real), asOf: moment)
    else { return nil }
    var encoder = CanonicalEncoder(domain: "interlock.finished-plan.seal", version: 1)
    encoder.append(files)
    encoder.append(media)
    return encoder.digest()
  }

  /// What the media folders hold: every file as the file system knows it, and links that are not followed.
  static func media(in roots: [Pipeline.MediaRoot]) -> Digest {
    let (files, diagnostics) = MediaScan.scan(roots)
    var encoder = CanonicalEncoder(domain: "interlock.finished-plan.media", version: 1)
    encoder.beginList(count: files.count)
    for file in files {
      encoder.append(file.location.path)
      encoder.append(file.probeKey)
    }
    encoder.endList()
    for diagnostic in diagnostics { encoder.append(diagnostic.description) }
    return encoder.digest()
  }
}
