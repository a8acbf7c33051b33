import Foundation
import TestSupport
import Testing

/// The grade of unscaled flat patches, through decode, kernels and a 16-bit still.
@Suite struct `Grade accuracy` {
  struct Patch {
    var code: (y: Int, cb: Int, cr: Int)
  }

  /// Legal 10-bit codes from a seed: grey steps, then colours well inside R'G'B' 0…1.
  private func patches() -> [Patch] {
    var random = SplitMix64(seed: 11)
    let greys = stride(from: 64, through: 940, by: 73).map { Patch(code: ($0, 512, 512)) }
    let colours = (0..<19).map { _ in
      Patch(
        code: (
          Int.random(in: 300...700, using: &random), Int.random(in: 420...600, using: &random),
          Int.random(in: 420...600, using: &random)
        ))
    }
    return greys + colours
  }

  @Test func `stills lie within 1 code at 10 bits of the chain in double precision`() throws {
    let fixture = try Fixture()
    let patches = patches()
    let size = 32
    let width = patches.count * size
    let height = 32
    var raw = Data()
    func append(_ code: Int, _ count: Int) {
      for _ in 0..<count { raw.append(contentsOf: [UInt8(code & 255), UInt8(code >> 8)]) }
    }
    for _ in 0..<height { for patch in patches { append(patch.code.y, size) } }
    for _ in 0..<height { for patch in patches { append(patch.code.cb, size / 2) } }
    for _ in 0..<height { for patch in patches { append(patch.code.cr, size / 2) } }
    // Lossless: what is measured is the grade, not a codec.
    let made = try Programs.run(
      "ffmpeg",
      [
        "-v", "error", "-f", "rawvideo", "-pix_fmt", "yuv422p10le", "-s", "\(width)x\(height)", "-r",
        "24000/1001", "-i", "-",
        "-c:v", "ffv1", "-g", "1", "-color_range", "tv", "-colorspace", "bt709", "-color_primaries", "bt709",
        "-color_trc",
        "bt709", "-timecode", "01:00:00:00", "\(fixture.path)/rushes/A001.mov",
      ], input: raw)
    #expect(made.status == 0, "\(made.errors)")
    _ = try fixture.folder.write(cube(), to: "look.cube")
    _ = try fixture.folder.write(
      """
      TITLE: PATCHES
      FCM: NON-DROP FRAME

      001  A001     V     C        01:00:00:00 01:00:00:01 01:00:00:00 01:00:00:01
      * FROM CLIP NAME: A001
      * ASC_SOP (1.12 0.93 1.05)(-0.03 0.02 0.01)(0.88 1.15 1.02)
      * ASC_SAT 0.82

      """, to: "cut.edl")
    let report = try fixture.run(
      try fixture.pipeline(
        "p.yaml", cut: "cut.edl", raster: "\(width)x\(height)", profile: "stills-16bit",
        gradeKeys: ", look: look.cube"))
    let decoded = try Programs.run(
      "ffmpeg",
      [
        "-v", "error", "-i", "\(fixture.path)/\(report.master.path)", "-f", "rawvideo", "-pix_fmt", "rgb48le",
        "-",
      ])
    let pixels = [UInt8](decoded.output)
    var worst = 0.0
    for (index, patch) in patches.enumerated() {
      let expected = reference(patch)
      // The middle of the patch: chroma is interpolated at its edges.
      let pixel = (height / 2 * width + index * size + size / 2) * 6
      for channel in 0..<3 {
        let code = Int(pixels[pixel + channel * 2]) | Int(pixels[pixel + channel * 2 + 1]) << 8
        let found = Double(code) / 65_535 * 1_023
        worst = max(worst, abs(found - expected[channel] * 1_023))
        #expect(abs(found - expected[channel] * 1_023) <= 1, "patch \(patch.code) channel \(channel)")
      }
    }
    print("grade: largest difference \(worst) code values at 10 bits")
  }

  // The chain in double precision, written from the documents and sharing no code with the program.
  // Sources: ITU-R BT.709 (legal codes), ASC CDL v1.2, tetrahedral interpolation of a 3D LUT.
  private func reference(_ patch: Patch) -> [Double] {
    let y = (Double(patch.code.y) - 64) / 876
    let cb = (Double(patch.code.cb) - 512) / 896
    let cr = (Double(patch.code.cr) - 512) / 896
    let kr = 0.2126
    let kb = 0.0722
    let red = y + 2 * (1 - kr) * cr
    let blue = y + 2 * (1 - kb) * cb
    let green = (y - kr * red - kb * blue) / (1 - kr - kb)
    let slope = [1.12, 0.93, 1.05]
    let offset = [-0.03, 0.02, 0.01]
    let power = [0.88, 1.15, 1.02]
    var rgb = [red, green, blue].enumerated().map { index, value in
      pow(min(max(value * slope[index] + offset[index], 0), 1), power[index])
    }
    let luma = 0.2126 * rgb[0] + 0.7152 * rgb[1] + 0.0722 * rgb[2]
    rgb = rgb.map { min(max(luma + 0.82 * ($0 - luma), 0), 1) }
    return tetrahedral(rgb)
  }

  private static let cubeSize = 9

  private func look(_ red: Double, _ green: Double, _ blue: Double) -> [Double] {
    [
      0.02 + 0.9 * red * red + 0.05 * green, 0.95 * green + 0.03 * blue * red,
      0.1 + 0.8 * blue - 0.05 * red * green,
    ]
  }

  private func cube() -> String {
    let size = Self.cubeSize
    var text = "TITLE \"test\"\nLUT_3D_SIZE \(size)\n"
    for blue in 0..<size {
      for green in 0..<size {
        for red in 0..<size {
          let values = look(
            Double(red) / Double(size - 1), Double(green) / Double(size - 1), Double(blue) / Double(size - 1))
          text += values.map { String(format: "%.9f", $0) }.joined(separator: " ") + "\n"
        }
      }
    }
    return text
  }

  private func tetrahedral(_ rgb: [Double]) -> [Double] {
    let scale = Double(Self.cubeSize - 1)
    let positions = rgb.map { min(max($0, 0), 1) * scale }
    let corner = positions.map { min($0.rounded(.down), scale - 1) }
    let fractions = zip(positions, corner).map { $0 - $1 }
    func value(_ steps: [Double]) -> [Double] {
      look((corner[0] + steps[0]) / scale, (corner[1] + steps[1]) / scale, (corner[2] + steps[2]) / scale)
    }
    let order = [0, 1, 2].sorted { fractions[$0] > fractions[$1] }
    var steps = [0.0, 0.0, 0.0]
    var result = value(steps).map { $0 * (1 - fractions[order[0]]) }
    for (index, axis) in order.enumerated() {
      steps[axis] = 1
      let weight = fractions[axis] - (index < 2 ? fractions[order[index + 1]] : 0)
      result = zip(result, value(steps)).map { $0 + weight * $1 }
    }
    return result
  }
}
