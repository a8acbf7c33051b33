package import Diagnostics
import Editorial
import ImageGraph
import MediaTime
import TaskGraph

/// Reads and checks pipeline files.
package enum PipelineLoader {
  static let topKeys: [KeySpec] =
    [
      KeySpec("interlock", .integer(1...1), isRequired: true, "version of this format, 1"),
      KeySpec(
        "programme", .text, isRequired: true, "name of the programme; it starts the name of every file made"),
      KeySpec("timeline", .text, isRequired: true, "the cut and where its media is"),
      KeySpec(
        "colour", .mapping(ColourManagement.keys),
        "what the numbers of pictures mean, by OpenColorIO; without it all of them are display-coded Rec.709"),
      KeySpec("raster", .raster, isRequired: true, "size of the picture, WIDTHxHEIGHT, both even"),
      KeySpec(
        "matte", .text,
        "shape of what is seen, e.g. 2.39 or 16:9: the rest of the raster is black in every deliverable that does not "
          + "leave the matte out"),
      KeySpec("stages", .text, isRequired: true, "the stages, by name"),
      KeySpec("cost", .text, "what computing costs, for reports, e.g. 0.12 EUR/core-hour (or /worker-hour)"),
      KeySpec(
        "farm", .mapping(FarmKeys.keys), "where and how a farm runs the tasks (`run --executor slurm`)"),
    ] + ResourceKeys.pipeline

  static let timelineKeys: [KeySpec] =
    [
      KeySpec("cut", .paths, isRequired: true, "the cut: one list or several (tracks, reels)"),
      KeySpec("sequence", .text, "which of several timelines in the cut's file, by name"),
      KeySpec(
        "rate", .rate, "frame rate of the timeline; without it the unanimous rate of the matched media"),
      KeySpec("start", .timecode, "timecode of the first frame; without it the cut's own"),
      KeySpec("media", .paths, isRequired: true, "folders that hold the camera and sound files"),
      KeySpec(
        "handles", .integer(0...1000), "frames wanted beyond each end of a shot, reported where missing"),
      KeySpec(
        "reference", .mapping(OfflineReference.keys),
        "the editor's offline movie, to prove the conform against"
      ),
      KeySpec(
        "logs", .paths,
        "ALE or CSV logs of camera and sound: they give media a source reel, and events without a grade the CDL of "
          + "their source"),
    ] + RelinkKeys.keys

  /// - Parameters:
  ///   - path: as the user typed it.
  ///   - overrides: `--set` values as key path and text, e.g. `timeline.cut` and a path.
  /// - Throws: every fault of the file at once.
  package static func load(_ path: String, overrides: [(key: String, value: String)] = [])
    throws(DiagnosticList) -> Pipeline
  {
    let absolute = FilePaths.resolve(path, from: FilePaths.current)
    let bytes: [UInt8]
    do {
      bytes = try FilePaths.read(absolute, limit: 16 << 20)
    } catch {
      throw DiagnosticList([
        Diagnostic(
          severity: .error, family: .usage, code: "pipeline.unreadable", location: SourceLocation(file: path),
          message: "cannot read the pipeline file: \(error.reason)",
          remedy: "Name a pipeline file, for instance Pipelines/short-film.yaml.")
      ])
    }
    return try parse(
      String(decoding: bytes, as: UTF8.self), path: path, absolute: absolute, overrides: overrides)
  }

  /// Reads a pipeline from text, as `load` does from a file.
  package static func parse(
    _ text: String, path: String, absolute: String, overrides: [(key: String, value: String)] = []
  ) throws(DiagnosticList) -> Pipeline {
    let folder = FilePaths.folder(of: absolute)
    var root = try PipelineValue.parse(text, file: path, folder: folder)
    for override in overrides {
      root.set(
        path: override.key.split(separator: ".").map(String.init), to: override.value,
        folder: FilePaths.current,
        source: SourceLocation(file: "--set \(override.key)"))
    }
    return try check(root, path: path, folder: folder)
  }

  /// Checks a pipeline whose values are read.
  static func check(_ root: PipelineValue, path: String, folder: String) throws(DiagnosticList) -> Pipeline {
    let findings = Findings()
    let reader = KeyReader(root, keys: topKeys, owner: "the pipeline", findings: findings)
    _ = reader.integer("interlock", in: 1...1)
    let programme = name(reader, "programme")
    let raster = raster(reader)
    let matte = raster.flatMap { Self.matte(reader, in: $0) }
    let timeline = reader["timeline"].flatMap { timelineSettings($0, findings: findings) }
    let colour = reader["colour"].flatMap { ColourManagement($0, findings: findings) }
    let context = LoadingContext(
      pipelineFolder: folder, mediaRoots: timeline?.mediaRoots ?? [], colour: colour,
      isManaged: reader["colour"] != nil)
    let resources = ResourceKeys(reader)
    let stages =
      reader["stages"].map { stageList($0, resources, context: context, findings: findings) } ?? []
    let cost = costRate(reader)
    let farm = reader["farm"].map { FarmKeys.read($0, owner: "`farm`", findings: findings) }
    try findings.throwIfErrors()
    guard let programme, let raster, let timeline else {
      preconditionFailure("a pipeline without errors has its required keys")
    }
    var pipeline = Pipeline(
      path: path, programme: programme, timeline: timeline, raster: raster, stages: stages,
      tokens: resources.tokens, warnings: findings.diagnostics)
    pipeline.cost = cost
    pipeline.farm = farm ?? FarmSettings()
    pipeline.matte = matte
    pipeline.colour = colour
    return pipeline
  }

  private static func costRate(_ reader: KeyReader) -> CostRate? {
    guard let text = reader.text("cost"), let value = reader["cost"] else { return nil }
    if let rate = CostRate(parsing: text) { return rate }
    reader.findings.add(
      value.error("pipeline.badCost", "`\(text)` is not what computing costs", remedy: CostRate.form))
    return nil
  }

  private static func name(_ reader: KeyReader, _ key: String) -> String? {
    guard let text = reader.text(key) else { return nil }
    if isSafeName(text) { return text }
    if let value = reader[key] {
      findingsAdd(reader, value, "pipeline.badName", "`\(text)` cannot be a name on disk")
    }
    return nil
  }

  private static func findingsAdd(
    _ reader: KeyReader, _ value: PipelineValue, _ code: String, _ message: String
  ) {
    reader.findings.add(
      value.error(code, message, remedy: "Use letters, digits, dot, dash and underscore, at most 64."))
  }

  /// Names on disk come from `[A-Za-z0-9._-]` only and start with a letter or a digit.
  static func isSafeName(_ text: String) -> Bool {
    !text.isEmpty && text.utf8.count <= 64 && !".-_".contains(text.first ?? ".")
      && text.utf8.allSatisfy { byte in
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
          UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"):
          true
        default: false
        }
      }
  }

  static func raster(_ reader: KeyReader) -> Raster? {
    guard let text = reader.text("raster"), let value = reader["raster"] else { return nil }
    let parts = text.split(separator: "x").compactMap { Int($0) }
    guard parts.count == 2, parts.allSatisfy({ (16...8192).contains($0) && $0 % 2 == 0 }) else {
      reader.findings.add(
        value.error(
          "pipeline.badRaster", "`\(text)` is not a raster",
          remedy: "Write it as 1280x720; both numbers even, from 16 to 8192."))
      return nil
    }
    return Raster(width: parts[0], height: parts[1])
  }

  private static func matte(_ reader: KeyReader, in raster: Raster) -> Matte? {
    guard let text = reader.text("matte"), let value = reader["matte"] else { return nil }
    let parts = text.split(separator: ":", omittingEmptySubsequences: false).map(Self.decimal)
    let aspect: (numerator: Int64, denominator: Int64)? =
      switch (parts.count, parts.first ?? nil, parts.last ?? nil) {
      case (1, let width?, _): (width, 10_000)
      case (2, let width?, let height?): (width, height)
      default: nil
      }
    guard let aspect, aspect.numerator > 0, aspect.denominator > 0,
      (aspect.denominator / 4...aspect.denominator * 4).contains(aspect.numerator)
    else {
      reader.findings.add(
        value.error(
          "pipeline.badMatte", "`\(text)` is not a shape of a picture",
          remedy: "Write width over height, from 0.25 to 4, as 2.39 or as 16:9."))
      return nil
    }
    return Matte(raster: raster, aspect: aspect)
  }

  /// A decimal of up to four places in ten-thousandths.
  private static func decimal(_ text: Substring) -> Int64? {
    let parts = text.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count <= 2, let whole = Int64(parts[0]), (0...10_000).contains(whole) else { return nil }
    guard parts.count == 2 else { return whole * 10_000 }
    guard (1...4).contains(parts[1].count), parts[1].allSatisfy(\.isNumber), let rest = Int64(parts[1]) else {
      return nil
    }
    return whole * 10_000 + (0..<4 - parts[1].count).reduce(rest) { number, _ in number * 10 }
  }

  private static func timelineSettings(_ value: PipelineValue, findings: Findings) -> Pipeline
    .TimelineSettings?
  {
    let reader = KeyReader(value, keys: timelineKeys, owner: "`timeline`", findings: findings)
    let cuts = inputFiles(reader.paths("cut"), what: "the cut", isCut: true, findings: findings)
    let roots = reader.paths("media").compactMap { path -> Pipeline.MediaRoot? in
      guard let real = FilePaths.real(path.path), FilePaths.isFolder(real) else {
        findings.add(
          path.error(
            "pipeline.missingMedia", "there is no media folder `\(path.typed)`", family: .inputMissing,
            remedy: "Mount it, or correct the path; it is relative to \(path.value.folder)."))
        return nil
      }
      return Pipeline.MediaRoot(path: real, typed: path.typed)
    }
    var start = reader.text("start")
    if let text = start, TimecodeLabel(parsing: text) == nil, let value = reader["start"] {
      findings.add(
        value.error(
          "pipeline.badTimecode", "`\(text)` is not a timecode",
          remedy: "Write it in quotes as \"01:00:00:00\", or \"01:00:00;00\" for drop-frame."))
      start = nil
    }
    let rate = reader.rate("rate")
    if let text = start, let rate, let value = reader["start"] {
      do throws(MediaTimeError) {
        _ = try Timecode(parsing: text, rate: rate)
      } catch {
        findings.add(
          value.error("pipeline.badTimecode", "`\(text)` is not a timecode at \(rate): \(error.message)"))
      }
    }
    var settings = Pipeline.TimelineSettings(
      cuts: cuts, rate: rate, start: start, mediaRoots: roots,
      handles: reader.integer("handles", in: 0...1000) ?? 0,
      relink: RelinkKeys.read(reader), sequence: reader.text("sequence"),
      reference: reader["reference"].flatMap { OfflineReference.read($0, findings: findings) })
    settings.logs = logs(reader, findings: findings)
    return settings
  }

  /// Logs only add to what is known of the media: a row that cannot be read is a warning, and is left out.
  private static func logs(_ reader: KeyReader, findings: Findings) -> [SourceLog] {
    inputFiles(reader.paths("logs"), what: "the log", findings: findings).compactMap { file in
      do throws(DiagnosticList) {
        let log = try SourceLog.read(path: file.typed, bytes: file.bytes)
        for fault in log.faults {
          var warning = fault
          if fault.severity == .error { warning.severity = .warning }
          findings.add(warning)
        }
        return log
      } catch {
        for diagnostic in error.diagnostics { findings.add(diagnostic) }
        return nil
      }
    }
  }

  /// Reads the files that keys name; reports those that cannot be read.
  static func inputFiles(_ paths: [LocatedPath], what: String, isCut: Bool = false, findings: Findings)
    -> [InputFile]
  {
    paths.compactMap { path -> InputFile? in
      // Final Cut exports a folder whose `Info.fcpxml` is the cut.
      let isBundle = FilePaths.isFolder(path.path) && FilePaths.fileExtension(of: path.path) == "fcpxmld"
      let inside = isBundle ? "/Info.fcpxml" : ""
      let typed = isBundle && path.typed.hasSuffix("/") ? String(path.typed.dropLast()) : path.typed
      do throws(FileReadError) {
        // With embedded media it may have any size; whoever converts it does not read it here.
        if isCut, ConvertedFormat.isConverted(path.path) {
          try FilePaths.checkReadable(path.path)
          return InputFile(typed: path.typed, path: path.path, bytes: [])
        }
        return InputFile(
          typed: typed + inside, path: path.path + inside,
          bytes: try FilePaths.read(path.path + inside, limit: 64 << 20))
      } catch {
        findings.add(
          path.error(
            "pipeline.unreadableInput", "cannot read \(what) `\(path.typed)`: \(error.reason)",
            family: .inputMissing, remedy: "Paths are relative to \(path.value.folder)."))
        return nil
      }
    }
  }

  private static func stageList(
    _ value: PipelineValue, _ resources: ResourceKeys, context: LoadingContext, findings: Findings
  ) -> [any Stage] {
    guard let entries = value.entries, !entries.isEmpty else {
      findings.add(
        value.error(
          "pipeline.noStages", "`stages` must be a mapping of names to stages",
          remedy: "For instance: edit: {kind: editing}"))
      return []
    }
    var kinds: [String: any ReadableStage.Type] = [:]
    for entry in entries {
      if let kind = kind(of: entry, findings: findings) { kinds[entry.key] = kind }
    }
    let wiring = StageWiring(entries: entries, kinds: kinds, findings: findings)
    var stages: [any Stage] = []
    for entry in wiring.order {
      guard let kind = kinds[entry.key] else { continue }
      let keys = [KeySpec("kind", .choice([]), "what the stage does")] + ResourceKeys.keys(of: kind)
      let reader = KeyReader(
        entry.value, keys: keys, owner: "stage `\(entry.key)` (\(kind.kind))", findings: findings)
      let declaration = StageDeclaration(
        name: entry.key, location: entry.keyLocation, wires: wiring.wires[entry.key] ?? [:],
        lists: wiring.lists[entry.key] ?? [:],
        priority: reader.integer("priority", in: -1000...1000) ?? 0,
        tokens: resources.tokens(of: entry.key, reader, kind: kind))
      if let stage = kind.init(declaration, keys: reader, context: context) { stages.append(stage) }
    }
    StageWiring.checkPorts(of: stages, entries: entries, findings: findings)
    ColourWiring.check(stages, isManaged: context.isManaged, findings: findings)
    return stages
  }

  private static func kind(of entry: PipelineValue.Entry, findings: Findings) -> (any ReadableStage.Type)? {
    if !isSafeName(entry.key) {
      findings.add(
        Diagnostic(
          severity: .error, family: .usage, code: "pipeline.badName", location: entry.keyLocation,
          message: "`\(entry.key)` cannot be the name of a stage",
          remedy: "Use letters, digits, dot, dash and underscore, at most 64.", excerpt: entry.keyExcerpt))
    }
    guard let value = entry.value["kind"], let name = value.scalar else {
      findings.add(
        entry.value.error(
          "pipeline.missingKind", "stage `\(entry.key)` does not say its kind",
          remedy: "Its kind is one of \(StageRegistry.all.map { $0.kind }.joined(separator: ", "))."))
      return nil
    }
    if let kind = StageRegistry.readable.first(where: { $0.kind == name }) { return kind }
    let names = StageRegistry.all.map { $0.kind }
    let suggestion = nearest(name, among: names).map { "Did you mean `\($0)`?" }
    findings.add(
      value.error(
        "pipeline.unknownKind", "there is no kind of stage `\(name)`",
        remedy: suggestion ?? "The kinds are \(names.joined(separator: ", "))."))
    return nil
  }
}
