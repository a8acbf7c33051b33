import Foundation
import TestSupport
import Testing

/// Lines of black and white that become grey when they are made smaller: of the mean code, or of the mean light.
@Suite struct `Scaling` {
  /// A lossless clip of one column black and one column white in turn.
  private func fixture() throws -> Fixture {
    let fixture = try Fixture()
    var raw = Data()
    for plane in 0..<3 {
      for index in 0..<128 * 64 {
        let code = plane > 0 ? 512 : index % 2 == 0 ? 64 : 940
        raw.append(contentsOf: [UInt8(code & 255), UInt8(code >> 8)])
      }
    }
    let made = try Programs.run(
      "ffmpeg",
      [
        "-v", "error", "-f", "rawvideo", "-pix_fmt", "yuv444p10le", "-s", "128x64", "-r", "24000/1001", "-i",
        "-",
        "-c:v", "ffv1", "-g", "1", "-color_range", "tv", "-colorspace", "bt709", "-color_primaries", "bt709",
        "-color_trc", "bt709", "-timecode", "01:00:00:00", "\(fixture.path)/rushes/A001.mov",
      ], input: raw)
    #expect(made.status == 0, "\(made.errors)")
    _ = try fixture.folder.write(
      ListWriter.edl([.init(reel: "A001", source: 86_400, count: 1)], base: 24, recordStart: 86_400),
      to: "cut.edl")
    return fixture
  }

  /// Red of a pixel well inside the picture, 0…1.
  private func grey(_ scaling: String, colour: String = "", output: String = "", raster: String = "32x16")
    throws
    -> Double
  {
    let fixture = try fixture()
    let name = try fixture.folder.write(
      """
      interlock: 1
      programme: test
      timeline: {cut: cut.edl, rate: 24000/1001, start: "01:00:00:00", media: [rushes]}
      raster: \(raster)
      \(colour)
      stages:
        edit: {kind: editing, scaling: \(scaling)}
        master: {kind: delivery, picture: edit, profile: stills-16bit\(output)}

      """, to: "p.yaml")
    let report = try fixture.run(name)
    let folder = fixture.path + "/" + report.master.folder
    let still = try #require(
      try FileManager.default.contentsOfDirectory(atPath: folder).first { $0.hasSuffix(".png") })
    let decoded = try Programs.run(
      "ffmpeg", ["-v", "error", "-i", "\(folder)/\(still)", "-f", "rawvideo", "-pix_fmt", "rgb48le", "-"])
    let size = raster.split(separator: "x").compactMap { Int($0) }
    let pixel = 6 * (size[1] / 2 * size[0] + size[0] / 2)
    let bytes = [UInt8](decoded.output)
    return Double(Int(bytes[pixel]) | Int(bytes[pixel + 1]) << 8) / 65_535
  }

  @Test func `codes are scaled as they are unless light is asked for`() throws {
    #expect(abs(try grey("coded") - 0.5) < 0.01)
    // Half the light of a display of the power 2.4.
    #expect(abs(try grey("linear-light") - pow(0.5, 1 / 2.4)) < 0.01)
  }

  @Test func `managed pictures are scaled in the light of their own curve`() throws {
    let colour = "colour: {config: aces}"
    let output = ", output: {space: Camera Rec.709}"
    #expect(abs(try grey("coded", colour: colour, output: output) - 0.5) < 0.01)
    // ITU-R BT.709, half the light of white.
    let wanted = 1.099 * pow(0.5, 0.45) - 0.099
    let found = try grey("linear-light", colour: colour, output: output)
    #expect(abs(found - wanted) < 0.01, "\(found), not \(wanted)")
  }

  @Test func `what is not scaled is the same in any light`() throws {
    let (coded, light) = (
      try grey("coded", raster: "128x64"), try grey("linear-light", raster: "128x64")
    )
    #expect(coded == light)
  }
}
