import Foundation
import TestSupport
import Testing

/// Cinema and UHD-2 rasters: the right frames, in memory that the raster bounds and the number of frames does not.
@Suite(.serialized) struct `Large frames` {
  @Test(arguments: [(4096, 2160), (7680, 4320)])
  func `large frames are dissolved, graded and delivered in bounded memory`(width: Int, height: Int) throws {
    let fixture = try Fixture()
    for (reel, first) in [("A001", 0), ("B001", 1000)] {
      try fixture.clip(
        reel, frames: 12, firstNumber: first, timecode: "01:00:00:00",
        codec: [
          "-vf",
          "scale=\(width):\(height):flags=neighbor:in_range=full:out_range=tv:out_color_matrix=bt709,"
            + "setparams=range=tv:color_primaries=bt709:color_trc=bt709:colorspace=bt709",
        ] + Fixture.prores)
    }
    _ = try fixture.folder.write(
      """
      profile: large
      container: mov
      extension: mov
      picture: {codec: prores_ks, profile: 3, tag: apch, pixel-format: yuv422p10le, control: size, lowest-psnr: 30}
      colour: {primaries: bt709, transfer: bt709, matrix: bt709, range: tv}
      """, to: "profiles/large.yaml")
    /// - Parameter more: frames after the first two, and two of a dissolve.
    func cut(_ more: Int) -> String {
      func label(_ frame: Int) -> String { "01:00:00:" + String(format: "%02d", frame) }
      return """
        TITLE: LARGE
        FCM: NON-DROP FRAME

        001  A001     V     C        01:00:00:00 01:00:00:02 01:00:00:00 01:00:00:02
        * ASC_SOP (1.1 1 0.95)(0 0.01 0)(1 1.05 1)
        002  A001     V     C        01:00:00:02 01:00:00:02 01:00:00:02 01:00:00:02
        002  B001     V     D    002 01:00:00:00 \(label(2 + more)) 01:00:00:02 \(label(4 + more))
        * ASC_SOP (0.9 1 1.05)(0 0 0)(1 1 1)

        """
    }
    struct Event: Decodable {
      var event: String
      var kind: String?
      var peakMemoryBytes: Int?
    }
    /// - Returns: of the tasks of each kind the largest peak in bytes, as the kernel counts it.
    func run(_ name: String, more: Int) throws -> (peaks: [String: Int], production: String) {
      _ = try fixture.folder.write(cut(more), to: "\(name).edl")
      let pipeline = try fixture.pipeline(
        "\(name).yaml", cut: "\(name).edl", raster: "\(width)x\(height)", profile: "large")
      let finished = try fixture.interlock(["run", pipeline, "--production", name, "--workers", "1"])
      #expect(finished.status == 0, "\(finished.errors)")
      let runs = "\(fixture.path)/\(name)/.interlock/runs"
      var peaks: [String: Int] = [:]
      for file in try FileManager.default.subpathsOfDirectory(atPath: runs)
      where file.hasSuffix("/events.jsonl") {
        for line in try String(contentsOfFile: "\(runs)/\(file)", encoding: .utf8).split(separator: "\n") {
          let event = try JSONDecoder().decode(Event.self, from: Data(line.utf8))
          guard event.event == "attemptEnded", let kind = event.kind else { continue }
          peaks[kind] = max(peaks[kind] ?? 0, event.peakMemoryBytes ?? 0)
        }
      }
      return (peaks, "\(fixture.path)/\(name)")
    }
    let short = try run("short", more: 0)
    let long = try run("long", more: 8)
    let pixels = width * height
    // In bytes a pixel: a picture of 4:2:2 at 10 bits has 4. An assembly decodes two at once, and to open the file takes
    // more; a dissolve has two that are decoded, graded and mixed in float.
    for (kind, most) in [("assemble", 20), ("render", 64)] {
      let (before, after) = (try #require(short.peaks[kind]), try #require(long.peaks[kind]))
      print(
        "memory: \(width)x\(height), \(kind), \(before >> 20) MiB for 4 frames, \(after >> 20) MiB for 12")
      #expect(after <= pixels * most + (200 << 20), "\(kind)")
      // What happens beside each other in one moment differs from run to run; eight pictures more would show.
      #expect(after - before < pixels * 4 * 2, "\(kind)")
    }
    let file = "\(long.production)/Deliverables/test/master/v001/test_master_v001.mov"
    let numbers = try NumberedClip.read(file)
    // What a dissolve of two numbers shows is neither.
    #expect(numbers.count == 12 && numbers[..<2] == [0, 1] && Array(numbers[4...]) == Array(1002...1009))
    let probed = try Programs.run(
      "ffprobe",
      [
        "-v", "error", "-select_streams", "v", "-show_entries", "stream=width,height,codec_tag_string", "-of",
        "csv=p=0", file,
      ])
    #expect(probed.text.contains("\(width),\(height)"), "\(probed.text)")
  }
}
