import Colour
import Foundation
import Glibc
import TestSupport
import Testing

@Suite struct GradeKernelTests {
  private func decision(
    slope: SIMD3<Double> = .one, offset: SIMD3<Double> = .zero, power: SIMD3<Double> = .one,
    saturation: Double = 1
  ) throws -> GradeKernel.Decision {
    try GradeKernel.Decision(slope: slope, offset: offset, power: power, saturation: saturation)
  }

  /// A contrasty look with values outside 0…1, curved along every axis.
  private func steepLook(size: Int, domain: LookTable.Domain = .unit) throws -> LookTable {
    var values: [Float] = []
    for blue in 0..<size {
      for green in 0..<size {
        for red in 0..<size {
          let (r, g, b) = (
            Double(red) / Double(size - 1), Double(green) / Double(size - 1), Double(blue) / Double(size - 1)
          )
          values.append(Float(1.2 / (1 + exp(-9 * (r - 0.5))) - 0.1 + 0.05 * sin(7 * g)))
          values.append(Float(g * g * (3 - 2 * g) + 0.1 * (b - r)))
          values.append(Float(pow(b, 0.45) - 0.08 * g * r))
        }
      }
    }
    return try LookTable(cube: LookTable.Cube(size: size, values: values, domain: domain))
  }

  private func randomDecision(_ random: inout SplitMix64) throws -> GradeKernel.Decision {
    func triple(_ range: ClosedRange<Double>) -> SIMD3<Double> {
      SIMD3(
        .random(in: range, using: &random), .random(in: range, using: &random),
        .random(in: range, using: &random))
    }
    return try decision(
      slope: triple(0...3), offset: triple(-0.4...0.4), power: triple(0.2...4),
      saturation: .random(in: 0...2.5, using: &random))
  }

  @Test(arguments: KernelPath.available)
  func `the CDL vectors of the specification are met`(path: KernelPath) throws {
    struct Vectors: Decodable {
      struct Case: Decodable {
        var style: String
        var slope: [Double]
        var offset: [Double]
        var power: [Double]
        var sat: Double
        var `in`: [Double]
        var out: [Double]
      }
      var cdl: [Case]
    }
    guard let data = try Shared.data("specs/color-vectors.json") else { return }
    let cases = try JSONDecoder().decode(Vectors.self, from: data).cdl.filter { $0.style == "ASC_v1.2_clamp" }
    #expect(cases.count >= 20)
    for vector in cases {
      let cdl = try decision(
        slope: SIMD3(vector.slope), offset: SIMD3(vector.offset), power: SIMD3(vector.power),
        saturation: vector.sat)
      let result = try graded([vector.in], GradeKernel(decision: cdl, look: nil), path: path)[0]
      // The vectors are printed to 8 or 9 digits; float32 adds a few 6e-8.
      for (value, expected) in zip(result, vector.out) { #expect(abs(value - expected) < 5e-7) }
    }
  }

  @Test(arguments: KernelPath.available)
  func `the LUT vectors of the specification are met`(path: KernelPath) throws {
    struct Vectors: Decodable {
      struct Tables: Decodable {
        struct Two: Decodable {
          var rows: [[Double]]
          enum CodingKeys: String, CodingKey { case rows = "table_r_fastest" }
        }
        struct One: Decodable { var rows: [[Double]] }
        struct Vector: Decodable {
          var lut: String
          var interp: String
          var `in`: [Double]
          var out: [Double]
        }
        var two: Two
        var one: One
        var vectors: [Vector]
        enum CodingKeys: String, CodingKey {
          case two = "two.cube"
          case one = "oned.cube"
          case vectors
        }
      }
      var lut: Tables
    }
    guard let data = try Shared.data("specs/color-vectors.json") else { return }
    let tables = try JSONDecoder().decode(Vectors.self, from: data).lut
    let cubeValues = tables.two.rows.flatMap { $0.map { Float($0) } }
    let wide = LookTable.Domain(minimum: SIMD3(repeating: -0.5), maximum: SIMD3(repeating: 1.5))
    let looks = [
      "two.cube": try LookTable(cube: LookTable.Cube(size: 2, values: cubeValues)),
      "twod.cube": try LookTable(cube: LookTable.Cube(size: 2, values: cubeValues, domain: wide)),
      "oned.cube": try LookTable(
        shaper: LookTable.Shaper(size: 3, values: tables.one.rows.flatMap { $0.map { Float($0) } }), cube: nil
      ),
    ]
    var checked = 0
    for vector in tables.vectors where vector.interp != "trilinear" {
      let look = try #require(looks[vector.lut])
      let result = try graded([vector.in], GradeKernel(decision: nil, look: look), path: path)[0]
      for (value, expected) in zip(result, vector.out) { #expect(abs(value - expected) < 5e-7) }
      checked += 1
    }
    #expect(checked == 24)
  }

  @Test(arguments: [0.05, 0.2, 0.45, 0.9, 1.1, 1.25, 2.2, 2.4, 3.7, 8.0, 20.0])
  func `power is within a few 1e-7 of the double result`(power: Double) throws {
    var random = SplitMix64(seed: power.bitPattern)
    // Evenly over the signal, then over 60 binary orders of magnitude.
    var inputs = (0...4095).map { Double($0) / 4095 }
    inputs += (0..<20_000).map { _ in exp2(Double.random(in: -60...0, using: &random)) }
    inputs += (0..<2000).map { 1 - Double($0) * 0x1p-24 }
    inputs = inputs.map { Double(Float($0)) }
    let cdl = try decision(power: SIMD3(repeating: power))
    let results = try graded(inputs.map { [$0, $0, $0] }, GradeKernel(decision: cdl, look: nil))
    var worst = 0.0
    var worstShare = 0.0
    for (x, result) in zip(inputs, results) {
      let exact = pow(x, power)
      worst = max(worst, abs(result[0] - exact))
      // A code of 16 bits is 2^-16.
      if exact > 0x1p-20 { worstShare = max(worstShare, abs(result[0] - exact) / exact) }
    }
    #expect(worst < 3e-7)
    #expect(worstShare < 3e-6)
    #expect(results[0] == [0, 0, 0] && results[4095] == [1, 1, 1])
  }

  @Test(arguments: UInt64(0)..<6)
  func `CDL and look stay within 0.05 code at 10 bits of the double reference`(seed: UInt64) throws {
    var random = SplitMix64(seed: seed)
    let domain =
      seed % 2 == 0
      ? LookTable.Domain.unit : LookTable.Domain(minimum: SIMD3(-0.25, 0, -0.1), maximum: SIMD3(1.25, 1, 1.1))
    let shaperSize = [2, 1024][Int(seed) % 2]
    let shaper = LookTable.Shaper(
      size: shaperSize,
      values: (0..<shaperSize).flatMap { i -> [Float] in
        let x = Double(i) / Double(shaperSize - 1)
        return [Float(sqrt(x)), Float(x * x), Float(x * 1.1 - 0.05)]
      })
    let cube = try #require(try steepLook(size: [2, 17, 33, 64, 65, 33][Int(seed)], domain: domain).cube)
    let grade = GradeKernel(
      decision: try randomDecision(&random), look: try LookTable(shaper: seed < 3 ? nil : shaper, cube: cube))
    let colours = (0..<60_000).map { _ in
      (0..<3).map { _ in Double(Float.random(in: -0.2...1.2, using: &random)) }
    }
    let results = try graded(colours, grade)
    var worst = 0.0
    for (colour, result) in zip(colours, results) {
      for (value, expected) in zip(result, Reference.grade(grade, colour)) {
        worst = max(worst, abs(value - expected) * 876)
      }
    }
    #expect(worst < 0.05)
  }

  @Test func `every CPU path gives the same bytes for a million random samples`() throws {
    var random = SplitMix64(seed: 7)
    let width = 4099
    let source = try TestPicture("gbrpf32le", width: width, height: 96)
    for plane in 0..<3 {
      for y in 0..<source.rows(plane) {
        for x in 0..<width {
          // A quarter of any bit pattern whatever: NaN, infinity, subnormal.
          source[float: plane, x, y] =
            y % 4 == 0
            ? Float(bitPattern: UInt32.random(in: 0...UInt32.max, using: &random))
            : Float.random(in: -0.25...1.25, using: &random)
        }
      }
    }
    var grades = [
      GradeKernel(decision: try randomDecision(&random), look: nil),
      GradeKernel(decision: nil, look: try steepLook(size: 33)),
      GradeKernel(decision: try randomDecision(&random), look: try steepLook(size: 17)),
    ]
    let shaper = LookTable.Shaper(
      size: 64, values: (0..<192).map { _ in Float.random(in: 0...1, using: &random) })
    grades.append(
      GradeKernel(decision: nil, look: try LookTable(shaper: shaper, cube: try steepLook(size: 9).cube)))
    for grade in grades {
      let expected = try converted(source, to: source.format, grade: grade, path: .baseline).bytes
      for path in KernelPath.available where path != .baseline {
        let bytes = try converted(source, to: source.format, grade: grade, path: path).bytes
        #expect(bytes == expected, "\(path)")
      }
    }
  }

  @Test func `NaN becomes 0 and infinities are clamped`() throws {
    let odd: [[Double]] = [[.nan, .nan, .nan], [.infinity, -.infinity, 0.5]]
    let identity = GradeKernel(decision: try decision(), look: nil)
    #expect(try graded(odd, identity) == [[0, 0, 0], [1, 0, 0.5]])
    #expect(try graded(odd, GradeKernel(decision: nil, look: nil))[0] == [0, 0, 0])
    let look = try LookTable(cube: LookTable.Cube(size: 2, values: (0..<24).map { Float($0) }))
    #expect(try graded(odd, GradeKernel(decision: nil, look: look))[0] == [0, 1, 2])
  }

  @Test func `an identity decision only clamps`() throws {
    let colours = [[0.1, 0.3333, 0.9999], [-0.1, 1.2, 0.5]].map { $0.map { Double(Float($0)) } }
    let results = try graded(colours, GradeKernel(decision: try decision(), look: nil))
    #expect(results == [colours[0], [0, 1, colours[1][2]]])
  }

  @Test func `values outside ASC CDL are refused`() {
    let message = "CDL power 0.0 is not > 0\n  Correct the value in the CDL; ASC CDL v1.2 states the ranges."
    #expect {
      try GradeKernel.Decision(slope: .one, offset: .zero, power: SIMD3(1, 0, 1), saturation: 1)
    } throws: {
      "\($0)" == message
    }
    #expect(throws: ColourError.self) {
      try GradeKernel.Decision(slope: SIMD3(-1, 1, 1), offset: .zero, power: .one, saturation: 1)
    }
    #expect(throws: ColourError.self) {
      try GradeKernel.Decision(slope: .one, offset: SIMD3(.nan, 0, 0), power: .one, saturation: 1)
    }
    #expect(throws: ColourError.self) {
      try GradeKernel.Decision(slope: .one, offset: .zero, power: .one, saturation: -0.5)
    }
  }

  @Test func `tables of the wrong size are refused`() {
    #expect(throws: ColourError.self) { try LookTable(cube: LookTable.Cube(size: 2, values: [0, 1, 2])) }
    #expect(throws: ColourError.self) { try LookTable(cube: LookTable.Cube(size: 257, values: [])) }
    #expect(throws: ColourError.self) { try LookTable(cube: LookTable.Cube(size: 1, values: [0, 0, 0])) }
    #expect(throws: ColourError.self) {
      try LookTable(shaper: LookTable.Shaper(size: 2, values: [0, 0, 0, 1, .nan, 1]), cube: nil)
    }
    let empty = LookTable.Domain(minimum: SIMD3(0, 0, 1), maximum: SIMD3(1, 1, 1))
    #expect(throws: ColourError.self) {
      try LookTable(shaper: LookTable.Shaper(size: 2, values: [0, 0, 0, 1, 1, 1], domain: empty), cube: nil)
    }
  }
}
