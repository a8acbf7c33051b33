import ColorGrading
import Colour
import Diagnostics
import Foundation
import TestSupport
import Testing

@Suite struct CubeFileTests {
  private func read(_ text: String) throws -> CubeFile {
    try CubeFile.read(path: "show.cube", bytes: Array(text.utf8))
  }

  private func faults(_ text: String) -> String {
    do {
      _ = try read(text)
      return "none"
    } catch {
      return "\(error)"
    }
  }

  private static let corners = "0 0 0\n1 0 0\n0 1 0\n1 1 0\n0 0 1\n1 0 1\n0 1 1\n1 1 1\n"

  @Test func `a cube with title, comments and domain is read as written`() throws {
    let file = try read(
      "\u{FEFF}# made by hand\r\nTITLE \"Show LUT – day\"\r\nlut_3d_size 2\r\nDOMAIN_MIN -.5 0 0\r\n"
        + "DOMAIN_MAX 1.5 1 1e0 # wide\r\n\r\n" + Self.corners.replacing("\n", with: "\r\n"))
    #expect(file.title == "Show LUT – day")
    #expect(file.shaper == nil)
    let cube = try #require(file.cube)
    #expect(cube.size == 2 && cube.values.count == 24)
    #expect(cube.values[3..<6] == [1, 0, 0] && cube.values[12..<15] == [0, 0, 1])
    #expect(cube.minimum == [-0.5, 0, 0] && cube.maximum == [1.5, 1, 1])
  }

  @Test func `a Resolve file has a shaper and a cube with their own ranges`() throws {
    let file = try read(
      "LUT_1D_SIZE 2\nLUT_1D_INPUT_RANGE -1 3\nLUT_3D_SIZE 2\nLUT_3D_INPUT_RANGE 0 4\n9 8 7\n6 5 4\n"
        + Self.corners)
    #expect(file.shaper == CubeFile.Table(of: 2, [9, 8, 7, 6, 5, 4], -1, 3))
    #expect(file.cube?.values.count == 24)
    #expect(file.cube?.minimum == [0, 0, 0] && file.cube?.maximum == [4, 4, 4])
  }

  @Test func `equal tables have equal canonical bytes whatever their spelling`() throws {
    let plain = try read("LUT_3D_SIZE 2\n" + Self.corners)
    let dressed = try read(
      "TITLE other\nLUT_3D_SIZE 2\nDOMAIN_MIN 0 0 0\n" + Self.corners.replacing("1 1 1", with: "1.0 10e-1 +1")
    )
    let moved = try read("LUT_3D_SIZE 2\n" + Self.corners.replacing("1 1 1", with: "1 1 1.0000001"))
    let widened = try read("LUT_3D_SIZE 2\nDOMAIN_MAX 2 1 1\n" + Self.corners)
    #expect(plain.canonicalBytes() == dressed.canonicalBytes())
    #expect(plain.canonicalBytes() != moved.canonicalBytes())
    #expect(plain.canonicalBytes() != widened.canonicalBytes())
  }

  @Test func `all faults are reported at once with line, column and excerpt`() {
    let text =
      "LUT_3D_SIZ 2\nLUT_3D_SIZE two\nDOMAIN_MIN 0 0\n0 0 0\n1 nan 0\n1 0\nTITEL x\nDOMAIN_MAX 1 1 1\n"
    #expect(
      faults(text) == """
        show.cube:1:1: error: unknown keyword LUT_3D_SIZ
          LUT_3D_SIZ 2
          ^
          Did you mean LUT_3D_SIZE?
        show.cube:2:13: error: `two` is not a finite decimal number
          LUT_3D_SIZE two
                      ^
        show.cube:3:12: error: DOMAIN_MIN takes 3 numbers, this one has 2
          DOMAIN_MIN 0 0
                     ^
        show.cube:5:3: error: `nan` is not a finite decimal number
          1 nan 0
            ^
        show.cube:6:1: error: a row has three numbers, this one has 2
          1 0
          ^
          Write red, green and blue of one sample.
        show.cube:7:1: error: unknown keyword TITEL
          TITEL x
          ^
          Did you mean TITLE?
        show.cube:8:1: error: DOMAIN_MAX stands behind rows of numbers
          DOMAIN_MAX 1 1 1
          ^
          Write all keywords before the first row.
        """)
  }

  @Test(arguments: [
    ("LUT_3D_SIZE 2\n0 0 0\n", "LUT_3D_SIZE 2 wants 8 rows, the file has 1"),
    ("LUT_3D_SIZE 2\n" + corners + "0 0 0\n1 1 1\n", "LUT_3D_SIZE 2 wants 8 rows, the file has 10"),
    (
      "LUT_1D_SIZE 2\nLUT_3D_SIZE 2\n" + corners,
      "LUT_1D_SIZE 2 and LUT_3D_SIZE 2 want 10 rows, the file has 8"
    ),
    ("LUT_3D_SIZE 257\n", "LUT_3D_SIZE 257 is not a whole number from 2 to 256"),
    ("LUT_1D_SIZE 1\n0 0 0\n", "LUT_1D_SIZE 1 is not a whole number from 2 to 65536"),
    ("LUT_3D_SIZE 2.5\n", "LUT_3D_SIZE 2.5 is not a whole number from 2 to 256"),
    ("LUT_2D_SIZE 2\n0 0 0\n", "unknown keyword LUT_2D_SIZE"),
    ("LUT_3D_SIZE 2\nLUT_3D_SIZE 2\n" + corners, "LUT_3D_SIZE is given again, first in line 1"),
    (
      "LUT_3D_SIZE 2\nDOMAIN_MIN 0 1 0\n" + corners, "the domain of green, 1.0 to 1.0, is empty"
    ),
    ("LUT_3D_SIZE 2\nLUT_3D_INPUT_RANGE 1 0\n" + corners, "the domain of red, 1.0 to 0.0, is empty"),
    (
      "LUT_3D_SIZE 2\nLUT_3D_INPUT_RANGE 0 1\nDOMAIN_MIN 0 0 0\n" + corners,
      "DOMAIN_MIN belongs to the Iridas dialect, an input range to Resolve's"
    ),
    ("LUT_3D_SIZE 2\nLUT_1D_INPUT_RANGE 0 1\n" + corners, "LUT_1D_INPUT_RANGE stands without LUT_1D_SIZE"),
    ("0 0 0\n", "neither LUT_1D_SIZE nor LUT_3D_SIZE stands before the rows"),
    ("", "neither LUT_1D_SIZE nor LUT_3D_SIZE stands before the rows"),
    ("LUT_3D_SIZE 2\0", "the file is not text"),
    ("LUT_1D_SIZE 2\n0 0 0\n1 0x1p0 1e99\n", "`0x1p0` is not a finite decimal number"),
  ])
  func `a broken file is refused with the reason`(text: String, message: String) throws {
    let error = #expect(throws: DiagnosticList.self) { try read(text) }
    #expect(error?.diagnostics.first?.message == message)
    #expect(error?.exitCode == 2)
  }

  @Test func `a file that is something else does not make a thousand faults`() {
    let text = String(repeating: "<key>value</key>\n", count: 5000)
    let error = #expect(throws: DiagnosticList.self) { try read(text) }
    #expect(error?.diagnostics.count == 101)
    #expect(error?.diagnostics.last?.message == "4901 more faults are not listed")
  }

  @Test func `printing and parsing keep every value`() throws {
    var random = SplitMix64(seed: 9)
    let values = (0..<17 * 17 * 17 * 3).map { _ in Float.random(in: -2...2, using: &random) }
    var text = "LUT_3D_SIZE 17\n"
    for row in stride(from: 0, to: values.count, by: 3) {
      text += "\(values[row]) \(values[row + 1]) \(values[row + 2])\n"
    }
    #expect(try read(text).cube?.values == values)
  }

  // MARK: - Real files

  private static let inputs: [[Double]] = [
    [0, 0, 0], [0.18, 0.18, 0.18], [0.5, 0.5, 0.5], [1, 1, 1], [0.2, 0.5, 0.8], [0.9, 0.4, 0.1],
  ]

  /// What OpenColorIO computes, tetrahedral. Source: samples/README.md.
  @Test(arguments: [
    (
      "iridas_1d",
      "0.4/-2/-3 0.472/-2/-0.696 0.6/-2/0.6 0.8/-2/3.2 0.48/-2/1.44 0.76/-2/-1.72"
    ),
    ("iridas_3d", "0/0/0 0.18/0/0.36 0.5/0/1 1/0/2 0.2/0/1.6 0.9/0/0.2"),
    (
      "resolve_1d3d",
      "0.3/0.275/0.25 0.345/0.32/0.295 0.425/0.4/0.375 0.4625/0.4625/0.45 0.35/0.4/0.425 0.45938/0.375/0.275"
    ),
    (
      "ACES_Proxy_10_to_ACES",
      "0.00049/0.00049/0.00049 0.00643/0.00643/0.00643 0.6018/0.6018/0.6018 704.3/704.3/704.3 "
        + "0.00848/0.6018/41.928 171.95/0.14574/0.00204"
    ),
    (
      "Colour_Correct",
      "0/0/0 0.22499/0.22499/0.22499 0.62498/0.62498/0.62498 1.24997/1.24997/1.24997 0.21343/0.48927/0.78426 "
        + "0.9085/0.37582/0.07198"
    ),
    ("Three_Dimensional_Table", "0/0/0 0.18/0.18/0.18 0.5/0.5/0.5 1/1/1 0.2/0.575/0.8 0.9/0.325/0.1"),
  ])
  func `real files give what OpenColorIO computes`(name: String, facts: String) throws {
    guard let file = try sample(name) else { return }
    let results = try graded(Self.inputs, file.grade())
    let expected = facts.split(separator: " ").map { $0.split(separator: "/").map { Double($0) ?? .nan } }
    #expect(expected.count == 6)
    for (result, wanted) in zip(results, expected) {
      for (value, fact) in zip(result, wanted) {
        // The facts have five significant digits.
        #expect(abs(value - fact) <= 1e-5 + 1e-4 * abs(fact), "\(result) \(wanted)")
      }
    }
  }

  @Test func `a Resolve file that OpenColorIO refuses is read as colour-science reads it`() throws {
    guard let file = try sample("LogC_Video") else { return }
    #expect(file.title == "AlexaV3 K1S1 LogC to Video Rec709")
    #expect(file.shaper?.size == 16 && file.cube?.size == 4)
    // colour-science interpolates trilinearly; the kernels agree with it only on the nodes.
    let facts = [
      [0, 0, 0], [0.11218, 0.10669, 0.10311], [0.57187, 0.57213, 0.59959], [1, 1, 1],
      [0.0045875, 0.45358, 0.97658],
      [0.99356, 0.40693, 0.054172],
    ]
    for (input, fact) in zip(Self.inputs, facts) {
      let result = file.trilinear(input)
      for (value, wanted) in zip(result, fact) { #expect(abs(value - wanted) <= 1e-5) }
    }
    #expect(try graded([[0, 0, 0], [1, 1, 1]], file.grade()) == [[0, 0, 0], [1, 1, 1]])
  }

  private func sample(_ name: String) throws -> CubeFile? {
    guard let data = try Shared.data("samples/color/cube/\(name).cube") else { return nil }
    return try CubeFile.read(path: "\(name).cube", bytes: Array(data))
  }
}

extension CubeFile.Table {
  fileprivate init(of size: Int, _ values: [Float], _ minimum: Double, _ maximum: Double) {
    var table = CubeFile.Table.blank
    table.size = size
    table.values = values
    table.minimum = [Double](repeating: minimum, count: 3)
    table.maximum = [Double](repeating: maximum, count: 3)
    self = table
  }

  /// Tables are only made by the reader.
  private static var blank: CubeFile.Table {
    let bytes = Array("LUT_1D_SIZE 2\n0 0 0\n1 1 1\n".utf8)
    guard let table = try? CubeFile.read(path: "blank.cube", bytes: bytes).shaper else {
      preconditionFailure("the reader refuses the smallest file")
    }
    return table
  }
}

extension CubeFile {
  fileprivate func grade() throws -> GradeKernel {
    func domain(_ table: Table) -> LookTable.Domain {
      LookTable.Domain(minimum: SIMD3(table.minimum), maximum: SIMD3(table.maximum))
    }
    let look = try LookTable(
      shaper: shaper.map { LookTable.Shaper(size: $0.size, values: $0.values, domain: domain($0)) },
      cube: cube.map { LookTable.Cube(size: $0.size, values: $0.values, domain: domain($0)) })
    return GradeKernel(decision: nil, look: look)
  }

  fileprivate func trilinear(_ colour: [Double]) -> [Double] {
    func place(_ table: Table, _ x: Double, _ channel: Int) -> (cell: Int, fraction: Double) {
      let whole = (x - table.minimum[channel]) / (table.maximum[channel] - table.minimum[channel])
      let p = min(max(whole, 0), 1) * Double(table.size - 1)
      let cell = min(Int(p), table.size - 2)
      return (cell, p - Double(cell))
    }
    var colour = colour
    if let shaper {
      for channel in 0..<3 {
        let (cell, fraction) = place(shaper, colour[channel], channel)
        let (low, high) = (shaper.values[3 * cell + channel], shaper.values[3 * cell + 3 + channel])
        colour[channel] = Double(low) * (1 - fraction) + Double(high) * fraction
      }
    }
    guard let cube else { return colour }
    let places = (0..<3).map { place(cube, colour[$0], $0) }
    var result = [0.0, 0, 0]
    for corner in 0..<8 {
      var weight = 1.0
      var node = 0
      for axis in [2, 1, 0] {
        let isFar = corner >> axis & 1
        weight *= isFar == 1 ? places[axis].fraction : 1 - places[axis].fraction
        node = node * cube.size + places[axis].cell + isFar
      }
      for channel in 0..<3 { result[channel] += weight * Double(cube.values[3 * node + channel]) }
    }
    return result
  }
}
