import Diagnostics
import Digests
import Editorial
package import Engine
import Foundation
package import Ledger
package import ObjectStore
package import Planning
import Publishing
import TaskGraph
import TaskKinds

/// Brings one pipeline from its file to a plan: probes what is new, asks what exists, plans.
package struct ProgrammeSession {
  let pipeline: Pipeline
  let production: Production
  let store: ObjectStore
  let ledger: Ledger
  let tools: ToolIdentity
  /// Joins the runs that this command makes.
  let command = ULID.next().description
  /// Shared by the sessions of several pipelines that are planned together, while nothing is made; nil for one alone.
  var survey: ResultSurvey?

  package init(
    pipeline: Pipeline, production: Production, store: ObjectStore, ledger: Ledger, tools: ToolIdentity
  ) {
    self.pipeline = pipeline
    self.production = production
    self.store = store
    self.ledger = ledger
    self.tools = tools
  }

  /// - Parameters:
  ///   - engine: runs the probes that are missing; nil fails when there are any.
  ///   - publishesConform: whether the conformed cut and its report become an asset.
  package func plan(
    until: String?, probing engine: Coordinator?, publishesConform: Bool = true
  ) async throws -> ProgrammePlan {
    try await plan(until: until, probing: engine, publishesConform: publishesConform, promised: nil)
  }

  /// - Parameter promised: counted on as if it were made.
  func plan(
    until: String?, probing engine: Coordinator?, publishesConform: Bool = true, promised: PromisedResults?
  ) async throws -> ProgrammePlan {
    // What a farm has made since, with nobody of ours at work.
    try ledger.adoptResults(from: store)
    let media = try await probedFiles(engine)
    let seals = VersionSeals(store: store, ledger: ledger)
    defer { seals.keep() }
    var notes: [Diagnostic] = []
    do {
      let conform = try ProgrammePlanner.conform(pipeline, files: media.files)
      notes = NumberedStills.notes(on: conform.events, of: media.files)
      var plan = try await answeredPlan(
        conform, media.files, until: until, publishesConform, engine, seals, promised)
      plan.footprint += media.probes
      plan.prepared = media.prepared + plan.prepared
      plan.hasAsked = plan.hasAsked || !media.prepared.isEmpty
      // What planning took back from quarantine is on the ledger again.
      let recalled = store.takeRecalledResults()
      if !recalled.isEmpty { try ledger.recordResults(of: recalled, in: store) }
      plan.diagnostics =
        media.diagnostics + notes + plan.diagnostics + (try unreadableVersions(of: plan, seals))
      return plan
    } catch let error as DiagnosticList {
      // Why a file could not be read is often why an event has no media: both are told.
      throw DiagnosticList(media.diagnostics + notes + error.diagnostics)
    }
  }

  /// An answer may be lost as soon as it is given, but not again and again.
  private static let mostAsked = 3

  /// Plans, runs the tasks whose answers the plan depends on, and plans again, until it stands.
  private func answeredPlan(
    _ conform: Conform, _ files: [ProbedFile], until: String?, _ publishesConform: Bool,
    _ engine: Coordinator?, _ seals: VersionSeals, _ promised: PromisedResults?
  ) async throws -> ProgrammePlan {
    // How often each was asked.
    var asked: [TaskKey: Int] = [:]
    var answered: [TaskNode] = []
    func planned(_ trust: LedgerLibrary.Trust, _ survey: ResultSurvey) throws -> ProgrammePlan {
      let library = LedgerLibrary(ledger: ledger, store: store, seals: seals, survey: survey, trust: trust)
      return try ProgrammePlanner.plan(
        pipeline, conform: conform, files: files, tools: tools,
        library: promised.map { PromisingLibrary(library: library, promised: $0) } ?? library,
        until: until, publishesConform: publishesConform)
    }
    while true {
      // What exists may be gone by the next round.
      let survey = try (engine == nil ? survey : nil) ?? ResultSurvey(store, ledger: ledger)
      let glance = try planned(.names, survey)
      // Results that something will be made from are read before they are counted on.
      var plan = glance.hasNothingToDo ? glance : try planned(.contents, survey)
      plan.hasAsked = !asked.isEmpty
      plan.prepared = answered
      if plan.questions.isEmpty { return plan }
      guard let engine else { throw ProbesMissing() }
      // An answer that is gone as soon as it is given would be asked for without end.
      for question in plan.questions {
        asked[question.key, default: 0] += 1
        guard asked[question.key] ?? 0 <= Self.mostAsked else {
          throw DiagnosticList([
            Diagnostic(
              severity: .error, family: .failed, code: "planning.noAnswer", location: nil,
              message: "\(question.label) was answered, and the answer cannot be read back",
              remedy: "Check the disk of the production, then run `interlock verify`.")
          ])
        }
      }
      try ObjectIntake.store(plan.objects, in: store, when: true)
      let outcome = try await engine.run(
        try Plan(plan.questions), options: RunOptions(purpose: purpose(.question))
      ) { _ in }
      if outcome.isCancelled { throw CancelledRun() }
      if try Rewind.takeBack(outcome, in: engine) { continue }
      guard outcome.failures.isEmpty else { throw DiagnosticList(outcome.failures.flatMap(Self.diagnostics)) }
      answered += plan.questions
    }
  }

  /// What a run of this command is for.
  func purpose(_ phase: RunPurpose.Phase, of plan: ProgrammePlan? = nil) -> RunPurpose {
    RunPurpose(
      phase, programme: pipeline.programme, pipeline: pipeline.path,
      cut: pipeline.timeline.cuts.map { FilePaths.name(of: $0.path) }, command: command,
      deliverables: plan?.deliverables.map { deliverable in
        RunPurpose.Deliverable(
          stage: deliverable.stage, frames: deliverable.frames, distinctFrames: deliverable.distinctFrames,
          newFrames: deliverable.newFrames)
      })
  }

  /// Of a file that cannot be probed, that an input is missing.
  private static func diagnostics(_ failure: TaskFailure) -> [Diagnostic] {
    failure.diagnostics.map { diagnostic in
      guard failure.kind == ProbeTask.identifier else { return diagnostic }
      var missing = diagnostic
      missing.family = .inputMissing
      return missing
    }
  }

  /// Versions of what this plan publishes, and decisions its gates ask for, that cannot be read: warnings here, faults for `verify`.
  private func unreadableVersions(of plan: ProgrammePlan, _ seals: VersionSeals) throws -> [Diagnostic] {
    let versions = VersionPublisher(store)
    let unreadable = try plan.publishes.flatMap { try seals.findings(of: $0) }
    // Decisions that do not count, where a gate asks for them.
    let reviewed = Set(plan.gates.map(\.deliverable)).sorted()
    let ignored = try reviewed.flatMap { name in
      try versions.versions(of: VersionLine(.deliverable, programme: pipeline.programme, name: name)).versions
        .flatMap { try versions.decisions(on: $0).findings }
    }
    return (unreadable + ignored).map { finding in
      var warning = finding
      warning.severity = .warning
      return warning
    }
  }

  /// Probes files together, and those of a batch that broke down one by one: a file that kills its worker takes
  /// no other with it.
  ///
  /// - Returns: the tasks, and what is wrong with files.
  private func probe(_ files: [ScannedFile], _ engine: Coordinator) async throws -> ([TaskNode], [Diagnostic])
  {
    let batches = try ScannedFile.probes(of: files)
    let outcome = try await engine.run(try Plan(batches), options: RunOptions(purpose: purpose(.probe))) {
      _ in
    }
    if outcome.isCancelled { throw CancelledRun() }
    let failures = try failures(batches.map(\.key))
    let diagnostics = failures.flatMap(\.failure.diagnostics)
    let told = Set(failures.map(\.failure.key))
    let left = files.filter { !told.contains($0.probeKey) && !store.hasResult($0.probeKey) }
    guard !left.isEmpty else { return (batches, diagnostics) }
    let single = try left.map { try $0.probe() }
    let alone = try await engine.run(try Plan(single), options: RunOptions(purpose: purpose(.probe))) { _ in }
    if alone.isCancelled { throw CancelledRun() }
    return (batches + single, diagnostics + alone.failures.flatMap(\.diagnostics))
  }

  /// What batches of probes that have run say of files that are no media.
  private func failures(_ batches: [TaskKey]) throws -> [(batch: TaskKey, failure: ProbeFilesTask.Failure)] {
    try batches.flatMap { batch in
      (try store.result(batch, as: ProbeFilesTask.Output.self)?.output.failures ?? []).map { (batch, $0) }
    }
  }

  /// What is known to be wrong with some files; reading one again would find the same.
  private func knownFailures(
    of files: [ScannedFile]
  ) throws -> [(batch: TaskKey, failure: ProbeFilesTask.Failure)] {
    let alone = try failures(
      files.map { ProbeFilesTask.key([ProbeFilesTask.File(media: $0.location, key: $0.probeKey)]) })
    let told = Set(alone.map(\.failure.key))
    // Of former programs there are only batches.
    let rest = files.filter { !told.contains($0.probeKey) }
    return alone + (try failures(try ScannedFile.probes(of: rest).map(\.key)))
  }

  /// The media of the roots.
  private struct ProbedMedia {
    var files: [ProbedFile]
    var probes: [TaskKey]
    /// The tasks that read some of it just now.
    var prepared: [TaskNode]
    /// What is wrong with files.
    var diagnostics: [Diagnostic]
  }

  /// The facts of every media file below the roots; files that cannot be read are reported, not fatal by
  /// themselves: a cut that needs one of them fails to relink.
  private func probedFiles(_ engine: Coordinator?) async throws -> ProbedMedia {
    var prepared: [TaskNode] = []
    var (scanned, diagnostics) = MediaScan.scan(pipeline.timeline.mediaRoots)
    var missing = scanned.filter { !store.hasResult($0.probeKey) }
    let known = Set(scanned.map(\.probeKey)).subtracting(missing.map(\.probeKey))
    var files = try await read(scanned)
    // A result that was there and cannot be read was damaged: it is in quarantine, and the file is probed again.
    missing += scanned.filter { known.contains($0.probeKey) && !store.hasResult($0.probeKey) }
    // Hard links of one file share a probe.
    var seen: Set<TaskKey> = []
    missing = missing.filter { seen.insert($0.probeKey).inserted }
    var failures = try knownFailures(of: missing)
    var told = Set(failures.map(\.failure.key))
    var faults = failures.flatMap(\.failure.diagnostics)
    let new = missing.filter { !told.contains($0.probeKey) }
    if !new.isEmpty {
      guard let engine else { throw ProbesMissing() }
      let probed = try await probe(new, engine)
      prepared = probed.0
      faults += probed.1
      failures = try knownFailures(of: missing)
      told = Set(failures.map(\.failure.key))
      files = try await read(scanned)
    }
    diagnostics += faults.map { diagnostic in
      var warning = diagnostic
      warning.severity = .warning
      warning.family = .inputMissing
      return warning
    }
    // What a plan rests on is there.
    let probes = scanned.map(\.probeKey).filter { !told.contains($0) } + failures.map(\.batch)
    return ProbedMedia(
      files: NumberedStills.joined(files, rate: pipeline.timeline.rate), probes: probes, prepared: prepared,
      diagnostics: diagnostics)
  }

  /// What the probes of the files found, in their order; thousands of results are read on every core.
  private func read(_ scanned: [ScannedFile]) async throws -> [ProbedFile] {
    let store = store
    @concurrent @Sendable func read(_ part: ArraySlice<ScannedFile>) async throws -> [ProbedFile] {
      try part.compactMap { file in
        guard let result = try store.result(file.probeKey, as: ProbeTask.Output.self),
          let identity = Digest(hex: result.output.facts.identity)
        else { return nil }
        return ProbedFile(location: file.location, facts: result.output.facts, identity: identity)
      }
    }
    let width = max(1, min(ProcessInfo.processInfo.activeProcessorCount, scanned.count / 64))
    let length = max(1, (scanned.count + width - 1) / width)
    return try await withThrowingTaskGroup(of: (start: Int, files: [ProbedFile]).self) { group in
      for start in stride(from: 0, to: scanned.count, by: length) {
        let part = scanned[start..<min(start + length, scanned.count)]
        group.addTask { (start, try await read(part)) }
      }
      var parts: [Int: [ProbedFile]] = [:]
      for try await part in group { parts[part.start] = part.files }
      return parts.sorted { $0.key < $1.key }.flatMap(\.value)
    }
  }
}

/// Media has to be probed first, and nobody is here to do it.
struct ProbesMissing: Error, CustomStringConvertible {
  var description: String { "media is new or changed; `interlock run` or `interlock plan` probes it" }

  /// For those who may not probe.
  static func diagnostic(_ pipeline: String) -> Diagnostic {
    Diagnostic(
      severity: .error, family: .inputMissing, code: "planning.notProbed",
      location: SourceLocation(file: pipeline),
      message: "media is new or changed, and nobody has probed it yet",
      remedy: "`interlock run` or `interlock plan` probes it.")
  }
}

/// The user or the system asked the run to stop.
struct CancelledRun: Error {}
