import Foundation

/// Other ways to make the cut: a Snakemake file, and `melt`.
struct CutRivals {
  let material: PictureMaterial
  let ffmpeg: String
  /// The checkout, in which `make bench` installs what Debian does not have.
  let repository: String

  /// - Returns: nil, and says so, when it is not installed.
  func snakemake(_ folder: String) throws -> (() throws -> Cost)? {
    let own = "\(repository)/.build/snakemake/bin/snakemake"
    let found = FileManager.default.isExecutableFile(atPath: own) ? own : Programs.installed("snakemake")
    guard let program = found else {
      Progress.say("Snakemake is not installed (`make bench` installs it from PyPI); leaving it out.")
      return nil
    }
    let names = (0..<material.shotCount).map(PictureMaterial.reel)
    let cut = FFmpegCut(material: material)
    // One command for each shot, by its name; a string of JSON is one of Python's, but for slashes with a backslash.
    let encoder = JSONEncoder()
    encoder.outputFormatting = .withoutEscapingSlashes
    let commands = try (0..<material.shotCount).map { shot in
      let command = [ffmpeg] + cut.arguments(shot: shot, encoder: FFmpegCut.ownControl, to: "")
      return try encoder.encode(command.dropLast().map { "'\($0)'" }.joined(separator: " "))
    }
    let table = zip(names, commands).map { "  \"\($0)\": \(String(decoding: $1, as: UTF8.self))," }
    let file = """
      COMMANDS = {
      \(table.joined(separator: "\n"))
      }
      SHOTS = list(COMMANDS)

      rule master:
          input: expand("shots/{shot}.mov", shot=SHOTS)
          output: "master.mov"
          run:
              with open("list.txt", "w") as listing:
                  for path in input: listing.write(f"file '{path}'\\n")
              shell("'\(ffmpeg)' -v error -y -f concat -safe 0 -i list.txt -c copy {output}")

      rule shot:
          output: "shots/{shot}.mov"
          params: command=lambda wildcards: COMMANDS[wildcards.shot]
          shell: "{params.command} {output}"

      """
    let cores = ProcessInfo.processInfo.activeProcessorCount
    var number = 0
    return {
      number += 1
      let place = "\(folder)/snakemake-\(number)"
      try FileManager.default.createDirectory(atPath: place, withIntermediateDirectories: true)
      defer { try? FileManager.default.removeItem(atPath: place) }
      try material.write(file, to: "\(place)/Snakefile")
      return try ChildProcess.run(
        program,
        ["--directory", place, "--snakefile", "\(place)/Snakefile", "--cores", "\(cores)", "--quiet"],
        logFolder: folder
      ).cost
    }
  }

  /// Without the grade, which it would do in 8 bits.
  ///
  /// - Returns: nil, and says so, when it is not installed.
  func melt(_ folder: String) throws -> (() throws -> Cost)? {
    guard let program = Programs.installed("melt") else {
      Progress.say("melt is not installed (Debian: melt); leaving it out.")
      return nil
    }
    let clips = (0..<material.shotCount).flatMap { shot in
      [
        material.source(shot), "in=\(PictureMaterial.handle)",
        "out=\(PictureMaterial.handle + material.framesOfShot - 1)",
      ]
    }
    let output = "\(folder)/melt.mov"
    let cores = ProcessInfo.processInfo.activeProcessorCount
    return {
      let cost = try ChildProcess.run(
        program,
        ["-profile", "atsc_1080p_24"] + clips + [
          "-consumer", "avformat:\(output)", "vcodec=prores_ks", "vprofile=3", "pix_fmt=yuv422p10le", "an=1",
          "real_time=-\(cores)", "threads=\(cores)",
        ], logFolder: folder
      ).cost
      try? FileManager.default.removeItem(atPath: output)
      return cost
    }
  }
}
