import Delivery
import Digests
import Media
import MediaTime
import TaskKinds

/// Closes the loop: a finished file is opened again and compared with what was asked for.
struct MovieProof {
  let input: AssembleTask.Input
  let container: MovieWriter.Container
  let mixes: [TrackMix]
  let written: WrittenMovie
  let joins: Joins
  let clock: WorkClock
  let reporter: any Reporter

  /// - Parameter early: frames that are decoded before the file is there.
  /// - Returns: what was checked, and where the packet of each frame begins in the file.
  func evidence(
    _ path: String, early: Beside<Joins.Rasters>
  ) throws -> (evidence: AssembleTask.Evidence, positions: [Int64]) {
    let found = Result { try inFile(path) }
    let decoded = early.wait(for: .verify, on: clock)
    try decoded.throwLoss()
    var (checks, positions, rasters) = try found.get()
    rasters.merge(try decoded.get()) { $1 }
    checks += joins.frames.map {
      check("frame \($0) decodes", "\(input.encoding.width)x\(input.encoding.height)", rasters[$0] ?? "none")
    }
    try requireAll(checks)
    let evidence = AssembleTask.Evidence(
      proof: "structure, packet digests and decoded joins"
        + (joins.former.count == 0 ? "; " : " (\(joins.former.words)); ")
        + (input.encoding.isVerified == false
          ? "frames were not decoded when they were made" : "every frame was decoded when it was made"),
      checks: checks,
      framesDecoded: joins.frames)
    return (evidence, positions)
  }

  private func inFile(_ path: String) throws -> (
    checks: [AssembleTask.Evidence.Check], positions: [Int64], rasters: Joins.Rasters
  ) {
    let inspector = try MovieInspector(path: path)
    var checks = try picture(inspector) + structure(inspector) + sound(inspector)
    let packets = try packets(inspector)
    checks += packets.checks
    try requireAll(checks)
    return (checks, packets.positions, try joins.decode(in: inspector))
  }

  private func requireAll(_ checks: [AssembleTask.Evidence.Check]) throws {
    guard let failed = checks.first(where: { !$0.isMet }) else { return }
    throw WorkerFailure(
      verification:
        "the assembled file is not what it should be: \(failed.name): expected \(failed.expected), found \(failed.found)"
    )
  }

  private func picture(_ inspector: MovieInspector) -> [AssembleTask.Evidence.Check] {
    let video = inspector.facts.video
    let tags = input.encoding.tags
    var checks = [
      check("frames", written.digests.count, Int(video?.frameCount ?? -1)),
      check(
        "raster", "\(input.encoding.width)x\(input.encoding.height)",
        "\(video?.width ?? 0)x\(video?.height ?? 0)"),
      check("rate", input.encoding.rate.description, video?.rate.description ?? "none"),
      check("timecode", input.startTimecode, Self.label(inspector.facts.timecodeStart)),
      check("primaries", tags.primaries, video?.primaries ?? "none"),
      check("transfer", tags.transfer, video?.transfer ?? "none"),
      check("matrix", tags.matrix, video?.matrix ?? "none"),
    ]
    let range = video?.range ?? "none"
    // A MOV of FFV1 has no place for it: Y'CbCr is then read as legal and R'G'B' as full, which is all that profiles
    // allow.
    if input.encoding.codec != "ffv1" || range != "unknown" {
      checks.append(check("range", tags.range, range))
    }
    if let chroma = input.encoding.chroma {
      checks.append(check("chroma", chroma, video?.chromaLocation ?? "none"))
    }
    if let tag = input.profile.picture.codecTag {
      checks.append(check("codec tag", tag, video?.codecTag ?? "none"))
    }
    return checks
  }

  /// Readers print frames with three digits where a second has more than a hundred.
  private static func label(_ found: String?) -> String {
    guard let found else { return "none" }
    return TimecodeLabel(parsing: found)?.description ?? found
  }

  private func structure(_ inspector: MovieInspector) throws -> [AssembleTask.Evidence.Check] {
    var checks: [AssembleTask.Evidence.Check] = []
    if let mastering = input.profile.mastering {
      let found = inspector.mastering()?.map { "\($0)" }.joined(separator: " ")
      checks.append(check("mastering display and content light", mastering.words, found ?? "none"))
    }
    if container == .mp4 { checks.append(check("index in front", true, try inspector.isIndexInFront())) }
    if let chapters = input.chapters {
      checks.append(
        check(
          "chapters", chapters.chapters.map { "\($0.start) \($0.title)" }.joined(separator: ", "),
          inspector.chapters().map { "\($0.start) \($0.title)" }.joined(separator: ", ")))
    }
    return checks
  }

  private func sound(_ inspector: MovieInspector) throws -> [AssembleTask.Evidence.Check] {
    let tracks = inspector.soundTracks()
    var checks = [check("sound tracks", mixes.count, tracks.count)]
    for (number, (mix, track)) in zip(mixes, tracks).enumerated() {
      let name = "sound \(number + 1)"
      checks.append(check("\(name) layout", mix.format.layout, track.layout))
      checks.append(check("\(name) channels", mix.format.channels, track.channels))
      checks.append(check("\(name) rate", mix.format.sampleRate, track.sampleRate))
      checks.append(check("\(name) title", mix.format.title ?? "none", track.title ?? "none"))
      checks.append(check("\(name) samples", mix.sampleCount, track.sampleCount))
      checks.append(check("\(name) samples of the pictures", mix.sampleCount, written.sampleCount))
      guard case .aac = mix.format.codec else { continue }
      // The last packet of a codec is whole, so up to a packet more than is heard comes out of it.
      let decoded = try inspector.decodedSampleCount(track: number)
      let isWhole = (mix.sampleCount..<mix.sampleCount + 1024).contains(decoded)
      checks.append(check("\(name) decodes in full", true, isWhole))
    }
    return checks
  }

  private func packets(_ inspector: MovieInspector) throws -> (
    checks: [AssembleTask.Evidence.Check], positions: [Int64]
  ) {
    var positions: [Int64] = []
    var matching = 0
    var count = 0
    var keys = 0
    var sounds = mixes.map { _ in StreamingDigest() }
    var progress = FrameProgress(of: written.digests.count, pass: 2, of: 2, to: reporter)
    try unsafe inspector.forEachPacket(
      video: { index, isKey, position, bytes in
        try StopRequest.check()
        positions.append(position)
        progress.reached(Int(index))
        var whole = StreamingDigest()
        unsafe whole.update(bytes)
        let digest = whole.finalize().hex
        if written.digests.indices.contains(Int(index)), digest.hasPrefix(written.digests[Int(index)]) {
          matching += 1
        }
        count += 1
        if isKey { keys += 1 }
      },
      sound: { track, bytes in
        if sounds.indices.contains(track) { unsafe sounds[track].update(bytes) }
      })
    var checks = [
      check("picture packets equal to their segments'", written.digests.count, matching),
      check("picture packets", written.digests.count, count),
      check("frames that stand alone", written.keyFrames, keys),
    ]
    for track in sounds.indices {
      checks.append(
        check(
          "sound \(track + 1) packets, SHA-256", written.sounds[track].hex, sounds[track].finalize().hex))
    }
    return (checks, positions)
  }

  private func check(
    _ name: String, _ expected: some CustomStringConvertible, _ found: some CustomStringConvertible
  ) -> AssembleTask.Evidence.Check {
    AssembleTask.Evidence.Check(name: name, expected: expected.description, found: found.description)
  }
}
