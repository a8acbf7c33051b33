import Foundation

/// Interlock beside other ways to make one master: a long cut of graded pictures, everything in one run.
struct PictureBenchmark {
  let repository: String
  let folder: String
  let samples: Int
  let framesOfShot: Int
  let rows: Set<PictureRow>

  private let cores = Double(ProcessInfo.processInfo.activeProcessorCount)

  func measure() throws -> PictureResult? {
    guard let ffmpeg = Programs.installed("ffmpeg"), let ffprobe = Programs.installed("ffprobe") else {
      Progress.say("FFmpeg is not installed (Debian: ffmpeg); pictures are not measured.")
      return nil
    }
    let material = try material(
      in: folder, framesOfShot: rows == [.recut] ? longFrames : framesOfShot, ffmpeg)
    var result = PictureResult(shots: material.shotCount, frames: material.frameCount, samples: samples)
    let runs = InterlockRuns(material: material, interlock: try Programs.sibling("interlock"))
    let rivals = CutRivals(material: material, ffmpeg: ffmpeg, repository: repository)
    let cut = FFmpegCut(material: material)
    let movie = "\(folder)/ffmpeg.mov"

    /// The median of a command; what it writes is removed.
    func command(_ name: String, _ body: () throws -> Cost) throws -> Cost {
      Cost(
        medianOf: try (1...samples).map { sample in
          Progress.say("\(name), \(sample) of \(samples) …")
          return try body()
        })
    }
    func ffmpegCut(_ encoder: [String], _ format: String = "yuv422p10le", to output: String? = nil) throws
      -> Cost
    {
      let output = output ?? movie
      defer { try? FileManager.default.removeItem(atPath: output) }
      return try ChildProcess.run(
        ffmpeg, cut.arguments(encoder: encoder, format: format, to: output), logFolder: folder,
        watchesMemory: true
      ).cost
    }
    func interlock(_ name: String, _ profile: String) throws -> InterlockRuns.Run {
      try runs.cold(name, profile: profile, samples: samples)
    }

    let wantsReference = !rows.isDisjoint(with: [.sameSettings, .master, .snakemake])
    let reference =
      wantsReference
      ? try command("ffmpeg, default prores_ks") { try ffmpegCut(FFmpegCut.ownControl) } : nil
    if let reference { result.add("ffmpeg, default prores_ks", reference) }

    if rows.contains(.sameSettings) || rows.contains(.snakemake) {
      let plain = try interlock("interlock, same settings, not verified", "own-control-unverified")
      result.add(plain, cores)
      if rows.contains(.sameSettings), let reference {
        result.compare(
          "cold wall, not verified", plain.cost.seconds / reference.seconds, .atMost, 0.97, "of ffmpeg's")
        result.compare(
          "CPU, not verified", plain.cost.cpuSeconds / reference.cpuSeconds, .atMost, 1, "of ffmpeg's")
        result.compare(
          "peak memory", Double(plain.cost.totalPeakBytes) / Double(reference.totalPeakBytes), .atMost, 0.5,
          "of ffmpeg's")
      }
      if rows.contains(.snakemake), let snakemake = try rivals.snakemake(folder) {
        let cost = try command("snakemake", snakemake)
        result.add("snakemake, default prores_ks", cost)
        result.compare(
          "cold wall, not verified", plain.cost.seconds / cost.seconds, .atMost, 0.97, "of snakemake's")
      }
    }
    var ownControl: InterlockRuns.Run?
    if rows.contains(.sameSettings) || rows.contains(.master) {
      let verified = try interlock("interlock, same settings, verified", "own-control")
      ownControl = verified
      result.add(verified, cores)
      if let reference {
        result.compare(
          "cold wall, every frame verified", verified.cost.seconds / reference.seconds, .atMost, 1.05,
          "of ffmpeg's")
      }
    }
    if rows.contains(.sameSettings) {
      let other = try command("ffmpeg, fixed quantiser") { try ffmpegCut(FFmpegCut.fixed) }
      result.add("ffmpeg, fixed quantiser", other)
      let plain = try interlock("interlock, fixed quantiser, not verified", "fixed-unverified")
      let verified = try interlock("interlock, fixed quantiser, verified", "fixed")
      for run in [plain, verified] {
        result.add(run, cores)
        result.compare(
          "cold wall, \(run.name.dropFirst(11))", run.cost.seconds / other.seconds, nil, nil, "of ffmpeg's")
      }
    }

    var master: InterlockRuns.Run?
    if !rows.isDisjoint(with: [.master, .melt, .review]) {
      let made = try interlock("interlock, master profile, verified", "by-size")
      master = made
      result.add(made, cores)
      if rows.contains(.master), let reference {
        result.compare(
          "cold wall, master profile", made.cost.seconds / reference.seconds, .atMost, 0.35,
          "of ffmpeg's with default prores_ks")
      }
    }
    if rows.contains(.master), let ownControl, let master {
      Progress.say("Comparing size and quality …")
      let quality = MasterQuality(ffmpeg: ffmpeg, ffprobe: ffprobe, folder: folder)
      let lossless = try runs.cold("lossless", profile: "lossless", samples: 1)
      let own = try quality.facts(ownControl.movie, of: lossless.movie)
      let ours = try quality.facts(master.movie, of: lossless.movie)
      let size = Double(ours.bytes) / Double(own.bytes)
      result.compare("size, master profile", size, .atMost, 1.03, "of default prores_ks; at least 0.97")
      result.compare("size, master profile", size, .atLeast, 0.97, "of default prores_ks")
      result.compare(
        "PSNR, master profile", ours.psnr - own.psnr, .atLeast, -0.1, "dB beyond default prores_ks",
        unit: "dB")
      result.compare(
        "largest frame", Double(ours.largest) / Double(MasterQuality.limit), .atMost, 1,
        "of the profile's limit")
    }
    if rows.contains(.melt), let melt = try rivals.melt(folder), let master {
      let cost = try command("melt, default prores_ks, no grade", melt)
      result.add("melt, default prores_ks, no grade", cost)
      result.compare(
        "cold wall, master profile", master.cost.seconds / cost.seconds, .atMost, 0.4, "of melt's")
    }
    if rows.contains(.recut) {
      let isLong = material.framesOfShot == longFrames
      let long =
        isLong
        ? runs
        : InterlockRuns(
          material: try self.material(in: "\(folder)/long", framesOfShot: longFrames, ffmpeg),
          interlock: runs.interlock)
      defer { if !isLong { try? FileManager.default.removeItem(atPath: long.material.folder) } }
      let cold: InterlockRuns.Run
      if isLong, let master {
        cold = master
      } else {
        let name = "interlock, master profile, shots of \(longFrames) frames"
        cold = try long.cold(name, profile: "by-size", samples: samples)
        result.add(cold, cores)
      }
      let again = try long.recut(cold, samples: samples)
      result.add(again, cores)
      result.compare(
        "re-cut, 1 of \(material.shotCount) shots", again.cost.seconds / cold.cost.seconds, .atMost, 0.06,
        "of its own cold run, \(long.material.frameCount) frames")
    }
    if rows.contains(.review), let master {
      let other = try command("ffmpeg, review H.264 from sources") {
        try ffmpegCut(FFmpegCut.review, "yuv420p", to: "\(folder)/review.mp4")
      }
      result.add("ffmpeg, review H.264 from sources", other)
      let graph = try runs.review(after: master, samples: samples, fromMaster: false)
      result.add(graph, cores)
      result.compare(
        "review H.264 from the graph", graph.cost.seconds / other.seconds, .atMost, 1, "of ffmpeg's")
      let stored = try runs.review(after: master, samples: samples, fromMaster: true)
      result.add(stored, cores)
      result.compare(
        "review H.264 from stored master frames", stored.cost.seconds / other.seconds, nil, nil, "of ffmpeg's"
      )
    }
    if rows.contains(.colour) {
      result.figures += try ColourBenchmark(material: material, ffmpeg: ffmpeg, samples: samples).measure()
    }
    return result
  }

  /// Frames of a shot of a common length: of shorter ones to start and to plan is most of a re-cut.
  private var longFrames: Int { max(48, framesOfShot) }

  private func material(
    in folder: String, framesOfShot: Int, _ ffmpeg: String
  ) throws -> PictureMaterial {
    let material = PictureMaterial(folder: folder, framesOfShot: framesOfShot)
    Progress.say("Making \(material.shotCount) sources of \(framesOfShot) frames …")
    try material.make(ffmpeg: ffmpeg)
    return material
  }
}

/// What can be measured of pictures by itself.
enum PictureRow: String, CaseIterable {
  /// The fastest ffmpeg command with the same encoder settings.
  case sameSettings = "same-settings"
  /// The master profile against the encoder's own control.
  case master
  case snakemake
  case melt
  case recut = "re-cut"
  case review
  case colour
}
