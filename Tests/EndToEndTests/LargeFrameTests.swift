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
        reel, frames: 8, firstNumber: first, timecode: "01:00:00:00",
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
      """
      TITLE: LARGE
      FCM: NON-DROP FRAME

      001  A001     V     C        01:00:00:00 01:00:00:02 01:00:00:00 01:00:00:02
      * ASC_SOP (1.1 1 0.95)(0 0.01 0)(1 1.05 1)
      002  A001     V     C        01:00:00:02 01:00:00:02 01:00:00:02 01:00:00:02
      002  B001     V     D    002 01:00:00:00 01:00:00:0\(2 + more) 01:00:00:02 01:00:00:0\(4 + more)
      * ASC_SOP (0.9 1 1.05)(0 0 0)(1 1 1)

      """
    }
    func run(_ name: String, more: Int) throws -> (peak: Int, production: String) {
      _ = try fixture.folder.write(cut(more), to: "\(name).edl")
      let pipeline = try fixture.pipeline(
        "\(name).yaml", cut: "\(name).edl", raster: "\(width)x\(height)", profile: "large")
      // The largest process of the run, workers included, as the kernel counts it.
      let finished = try Programs.run(
        "/usr/bin/time",
        [
          "-f", "%M", Repository.product("interlock"), "run", pipeline, "--production", name, "--workers",
          "1",
        ],
        folder: fixture.path)
      #expect(finished.status == 0, "\(finished.errors)")
      let last = finished.errors.split(separator: "\n").last.map(String.init) ?? ""
      return (try #require(Int(last)), "\(fixture.path)/\(name)")
    }
    let short = try run("short", more: 0)
    let long = try run("long", more: 4)
    print("memory: \(width)x\(height), \(short.peak) KiB for 4 frames, \(long.peak) KiB for 8")
    // Not one picture more of the four that it is longer by.
    let pixels = width * height
    #expect(long.peak - short.peak < pixels * 4 / 1024)
    // A picture of 4:2:2 at 10 bits has 4 bytes a pixel: a few of them, and the program.
    #expect(long.peak <= pixels * 16 / 1024 + 200 * 1024)
    let file = "\(long.production)/Deliverables/test/master/v001/test_master_v001.mov"
    let numbers = try NumberedClip.read(file)
    // What a dissolve of two numbers shows is neither.
    #expect(numbers.count == 8 && numbers[..<2] == [0, 1] && numbers[4...] == [1002, 1003, 1004, 1005])
    let probed = try Programs.run(
      "ffprobe",
      [
        "-v", "error", "-select_streams", "v", "-show_entries", "stream=width,height,codec_tag_string", "-of",
        "csv=p=0", file,
      ])
    #expect(probed.text.contains("\(width),\(height)"), "\(probed.text)")
  }
}
