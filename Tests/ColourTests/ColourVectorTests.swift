import Colour
import Foundation
import TestSupport
import Testing

/// Every case of `shared/specs/color-vectors.json`, through OpenColorIO and our own matrices and curves.
@Suite struct `Colour vectors` {
  struct Vectors: Decodable {
    struct Decision: Decodable {
      var `case`: String
      var style: String
      var slope: [Double]
      var offset: [Double]
      var power: [Double]
      var sat: Double
      var `in`: [Float]
      var out: [Double]
    }
    struct BuiltIn: Decodable {
      var style: String
      var `in`: [Float]
      var out: [Double]
    }
    struct Tables: Decodable {
      struct Cube: Decodable {
        var rows: [[Float]]

        enum CodingKeys: String, CodingKey { case rows = "table_r_fastest" }
      }
      struct Curve: Decodable { var rows: [[Float]] }
      struct Vector: Decodable {
        var lut: String
        var interp: String
        var `in`: [Float]
        var out: [Double]
      }
      var cube: Cube
      var curve: Curve
      var vectors: [Vector]

      enum CodingKeys: String, CodingKey {
        case cube = "two.cube"
        case curve = "oned.cube"
        case vectors
      }
    }
    struct HDR: Decodable {
      var toSignal: [[Double]]
      var toLight: [[Double]]

      enum CodingKeys: String, CodingKey {
        case toSignal = "nits_to_signal"
        case toLight = "signal_to_nits"
      }
    }
    struct Hybrid: Decodable { var oetf: [[Double]] }
    var cameras: [String: [[Double]]]
    var pq: HDR
    var hlg: Hybrid
    var rec709: [[Double]]
    var rec2020: [[Double]]
    var display: [[Double]]
    var sRGB: [[Double]]
    var primaries: [String: [[Double]]]
    var matrices: [String: [[Double]]]
    var toXYZ: [String: [[Double]]]
    var cdl: [Decision]
    var lut: Tables
    var builtIns: [BuiltIn]

    enum CodingKeys: String, CodingKey {
      case cameras = "log_encode"
      case pq, hlg
      case rec709 = "bt709_oetf"
      case rec2020 = "bt2020_oetf_12bit_constants"
      case display = "bt1886_Lw100_Lb0"
      case sRGB = "srgb_encode"
      case primaries = "primaries_xy"
      case matrices = "rgb_to_rgb_matrices_row_major"
      case toXYZ = "rgb_to_xyz"
      case cdl, lut
      case builtIns = "ocio_2_1_2_builtins"
    }
  }

  private static let vectors: Vectors? = {
    guard let data = try? Shared.data("specs/color-vectors.json") else { return nil }
    return try? JSONDecoder().decode(Vectors.self, from: data)
  }()

  /// Of a chain, at one colour.
  private func result(_ transforms: [ColourTransform], _ colour: [Float], in config: ColourConfig? = nil)
    throws -> [Double]
  {
    var pixel = colour
    try ColourProcessor(transforms, config: try config ?? ColourConfig()).apply(&pixel)
    return pixel.map(Double.init)
  }

  /// The largest difference, counted relative to values above 1.
  private func difference(_ found: [Double], _ expected: [Double]) -> Double {
    zip(found, expected).map { abs($0 - $1) / max(1, abs($1)) }.max() ?? .infinity
  }

  @Test func `corrections clamp or not as ASC CDL says`() throws {
    guard let vectors = Self.vectors else { return }
    #expect(vectors.cdl.count == 98)
    for vector in vectors.cdl {
      let decision = try GradeKernel.Decision(
        slope: SIMD3(vector.slope), offset: SIMD3(vector.offset), power: SIMD3(vector.power),
        saturation: vector.sat)
      let style: ColourTransform.DecisionStyle = vector.style == "ASC_v1.2_clamp" ? .asc : .noClamp
      let found = try result([.decision(decision, style)], vector.in)
      #expect(difference(found, vector.out) <= 1e-6, "\(vector.case) \(vector.style) \(vector.in): \(found)")
    }
  }

  @Test func `cubes and curves of both dialects are read between their points`() throws {
    guard let vectors = Self.vectors else { return }
    #expect(vectors.lut.vectors.count == 48)
    let values = vectors.lut.cube.rows.flatMap { $0 }
    let wide = LookTable.Domain(minimum: SIMD3(repeating: -0.5), maximum: SIMD3(repeating: 1.5))
    let cubes = [
      "two.cube": try LookTable(cube: .init(size: 2, values: values)),
      "twod.cube": try LookTable(cube: .init(size: 2, values: values, domain: wide)),
      "twor.cube": try LookTable(cube: .init(size: 2, values: values, domain: wide)),
      "oned.cube": try LookTable(
        shaper: .init(size: 3, values: vectors.lut.curve.rows.flatMap { $0 }), cube: nil),
    ]
    for vector in vectors.lut.vectors {
      let table = try #require(cubes[vector.lut])
      let interpolation: ColourTransform.Interpolation =
        vector.interp == "trilinear" ? .linear : .tetrahedral
      let found = try result([.table(table, interpolation: interpolation)], vector.in)
      #expect(difference(found, vector.out) <= 1e-6, "\(vector.lut) \(vector.interp) \(vector.in): \(found)")
    }
  }

  @Test func `every transform built into OpenColorIO gives what it gave`() throws {
    guard let vectors = Self.vectors else { return }
    #expect(vectors.builtIns.count == 250)
    for vector in vectors.builtIns {
      let found = try result([.builtIn(vector.style)], vector.in)
      #expect(difference(found, vector.out) <= 2e-5, "\(vector.style) \(vector.in): \(found)")
    }
  }

  private static let script = """
    import json, sys
    import PyOpenColorIO as OCIO
    vectors = json.load(open(sys.argv[1]))
    raw = OCIO.Config.CreateRaw()
    def result(transform, colour):
        cpu = raw.getProcessor(transform).getOptimizedCPUProcessor(OCIO.OPTIMIZATION_LOSSLESS)
        return cpu.applyRGB([float(value) for value in colour])
    def correction(vector):
        transform = OCIO.CDLTransform()
        transform.setSlope(vector["slope"])
        transform.setOffset(vector["offset"])
        transform.setPower(vector["power"])
        transform.setSat(vector["sat"])
        clamps = vector["style"] == "ASC_v1.2_clamp"
        transform.setStyle(OCIO.CDL_ASC if clamps else OCIO.CDL_NO_CLAMP)
        return transform
    json.dump({
        "builtIns": [result(OCIO.BuiltinTransform(style=v["style"]), v["in"])
                     for v in vectors["ocio_2_1_2_builtins"]],
        "corrections": [result(correction(v), v["in"]) for v in vectors["cdl"]],
    }, sys.stdout)
    """

  @Test(.enabled(if: PyOpenColorIO.isThere, PyOpenColorIO.absence))
  func `PyOpenColorIO gives the same of every built-in transform and correction`() throws {
    guard let vectors = Self.vectors, let folder = Shared.folder?.path else { return }
    struct Results: Decodable {
      var builtIns: [[Double]]
      var corrections: [[Double]]
    }
    let finished = try Programs.run(
      PyOpenColorIO.python, ["-c", Self.script, folder + "/specs/color-vectors.json"])
    #expect(finished.status == 0, "\(finished.errors)")
    let results = try JSONDecoder().decode(Results.self, from: finished.output)
    #expect(results.builtIns.count == vectors.builtIns.count)
    #expect(results.corrections.count == vectors.cdl.count)
    for (vector, expected) in zip(vectors.builtIns, results.builtIns) {
      let found = try result([.builtIn(vector.style)], vector.in)
      #expect(
        difference(found, expected) <= 2e-5, "\(vector.style) \(vector.in): \(found), not \(expected)")
    }
    for (vector, expected) in zip(vectors.cdl, results.corrections) {
      let decision = try GradeKernel.Decision(
        slope: SIMD3(vector.slope), offset: SIMD3(vector.offset), power: SIMD3(vector.power),
        saturation: vector.sat)
      let style: ColourTransform.DecisionStyle = vector.style == "ASC_v1.2_clamp" ? .asc : .noClamp
      let found = try result([.decision(decision, style)], vector.in)
      #expect(
        difference(found, expected) <= 1e-6, "\(vector.case) \(vector.style): \(found), not \(expected)")
    }
  }

  /// The config that `config: aces` means, with the files it names.
  private func shippedConfig(in folder: TemporaryFolder) throws -> ColourConfig {
    let text = try String(
      contentsOfFile: Repository.root + "/Sources/Planning/Colour/aces.ocio", encoding: .utf8)
    for curve in CameraCurve.allCases {
      try Data(curve.file).write(to: URL(fileURLWithPath: "\(folder.path)/\(curve.fileName)"))
    }
    let config = try ColourConfig(reading: try folder.write(text, to: "config.ocio"))
    try config.check()
    return config
  }

  private static let spaces = [
    "arri_logc3_ei800": "ARRI LogC3 (EI800)", "arri_logc4": "ARRI LogC4",
    "sony_slog3": "S-Log3 S-Gamut3.Cine",
    "red_log3g10_v3": "Log3G10 REDWideGamutRGB", "cineon": "REDLogFilm REDWideGamutRGB",
    "canon_log2_v1.2": "CanonLog2 CinemaGamut", "canon_log3_v1.2": "CanonLog3 CinemaGamut",
    "panasonic_vlog": "V-Log V-Gamut", "acescc": "ACEScc", "acescct": "ACEScct",
    "davinci_intermediate": "DaVinci Intermediate WideGamut", "bmd_film_gen5": "BMDFilm WideGamut Gen5",
    "fuji_flog2": "F-Log2 F-Gamut",
  ]

  @Test func `greys of every camera go through the shipped config`() throws {
    guard let vectors = Self.vectors else { return }
    let folder = try TemporaryFolder()
    let config = try shippedConfig(in: folder)
    let curves = ["apple_log": CameraCurve.appleLog, "canon_log_2012_ire": .canonLog]
    #expect(vectors.cameras.keys.allSatisfy { Self.spaces[$0] != nil || curves[$0] != nil })
    for (name, pairs) in vectors.cameras {
      if let curve = curves[name] {
        for pair in pairs {
          #expect(abs(curve.encode(pair[0]) - pair[1]) <= 1e-6, "\(name) of \(pair[0])")
          guard pair[0] >= 0 else { continue }
          let decoded = curve.decode(curve.encode(pair[0]))
          #expect(abs(decoded - pair[0]) <= 1e-6 * max(1, pair[0]), "\(name) back from \(pair[1])")
        }
        continue
      }
      let space = try #require(Self.spaces[name])
      // The library's table of this curve ends at code 1.
      for pair in pairs where name != "canon_log3_v1.2" || pair[1] <= 1 {
        let found = try result(
          [.space(from: "ACES2065-1", to: space)], [Float](repeating: Float(pair[0]), count: 3), in: config)
        #expect(difference(found, [pair[1], pair[1], pair[1]]) <= 2e-5, "\(space) of \(pair[0]): \(found)")
      }
    }
    for (curve, space) in [(CameraCurve.appleLog, "Apple Log"), (.canonLog, "CanonLog CinemaGamut")] {
      for code in stride(from: 0.02, through: 1, by: 0.07) {
        let found = try result(
          [.space(from: space, to: "ACES2065-1")], [Float](repeating: Float(code), count: 3), in: config)
        let light = curve.decode(Double(Float(code)))
        #expect(difference(found, [light, light, light]) <= 2e-5, "\(space) at \(code): \(found)")
      }
    }
  }

  @Test func `video curves are those of their standards`() throws {
    guard let vectors = Self.vectors else { return }
    func grey(_ transforms: [ColourTransform], _ value: Double) throws -> Double {
      try result(transforms, [Float](repeating: Float(value), count: 3))[1]
    }
    for pair in vectors.pq.toSignal {
      let found = try grey([.builtIn("CURVE - LINEAR_to_ST-2084")], pair[0] / 100)
      #expect(abs(found - pair[1]) <= 2e-5, "PQ of \(pair[0]): \(found)")
    }
    for pair in vectors.pq.toLight where pair[1] > 0.1 || pair[1] == 0 {
      let found = try grey([.builtIn("CURVE - ST-2084_to_LINEAR")], pair[0]) * 100
      #expect(abs(found - pair[1]) <= 2e-5 * max(1, pair[1]), "PQ at \(pair[0]): \(found)")
    }
    // The display's light of grey is 1000 · E^1.2 cd/m², in units of 100.
    let white = RGBPrimaries.rec2020.toXYZ
    for pair in vectors.hlg.oetf {
      let light = 10 * pow(pair[0], 1.2)
      let xyz = (0..<3).map { Float(light * (white[3 * $0] + white[3 * $0 + 1] + white[3 * $0 + 2])) }
      let found = try result([.builtIn("DISPLAY - CIE-XYZ-D65_to_REC.2100-HLG-1000nit")], xyz)[1]
      #expect(abs(found - pair[1]) <= 5e-5, "HLG of \(pair[0]): \(found)")
    }
    for pair in vectors.rec709 {
      #expect(abs(CameraCurve.rec709.encode(pair[0]) - pair[1]) <= 1e-6)
      #expect(abs(CameraCurve.rec709.decode(pair[1]) - pair[0]) <= 1e-6)
    }
    for pair in vectors.rec2020 where pair[0] != 0.018 {
      let curve = ColourTransform.gammaWithLine(
        gamma: 1 / 0.45, offset: 0.099_296_826_809_44, isInverse: true)
      #expect(abs(try grey([curve], pair[0]) - pair[1]) <= 2e-5, "BT.2020 of \(pair[0])")
    }
    for pair in vectors.display {
      #expect(abs(try grey([.power(2.4)], pair[0]) * 100 - pair[1]) <= 2e-4, "BT.1886 at \(pair[0])")
    }
    for pair in vectors.sRGB {
      let curve = ColourTransform.gammaWithLine(gamma: 2.4, offset: 0.055, isInverse: true)
      #expect(abs(try grey([curve], pair[0]) - pair[1]) <= 2e-5, "sRGB of \(pair[0])")
    }
  }

  @Test func `greys of video and graphics go through the shipped config`() throws {
    guard let vectors = Self.vectors else { return }
    let folder = try TemporaryFolder()
    let config = try shippedConfig(in: folder)
    func expect(_ space: String, _ code: Double, _ light: Double, within tolerance: Double = 2e-5) throws {
      let found = try result(
        [.space(from: space, to: "ACES2065-1")], [Float](repeating: Float(code), count: 3), in: config)
      #expect(
        difference(found, [light, light, light]) <= tolerance, "\(space) at \(code): \(found), not \(light)")
    }
    for pair in vectors.pq.toLight {
      try expect("Rec.2100-PQ - Video", pair[0], pair[1] / 100)
      try expect("ST2084-P3-D65 - Video", pair[0], pair[1] / 100)
    }
    // The vectors have eight decimals of the signal, and its light is steep.
    for pair in vectors.hlg.oetf {
      try expect("Rec.2100-HLG - Video", pair[1], 10 * pow(pair[0], 1.2), within: 1e-4)
    }
    for pair in vectors.sRGB { try expect("sRGB - Texture", pair[1], pair[0]) }
    // The standard's curve has a step of 0.00006 where its line ends.
    for pair in vectors.rec709 { try expect("Camera Rec.709", pair[1], pair[0], within: 1e-4) }
  }

  @Test func `matrices follow from chromaticities`() throws {
    guard let vectors = Self.vectors else { return }
    #expect(vectors.matrices.count == 31)
    let primaries = vectors.primaries.mapValues { points in
      RGBPrimaries(
        red: SIMD2(points[0]), green: SIMD2(points[1]), blue: SIMD2(points[2]), white: SIMD2(points[3]))
    }
    for (known, name) in [
      (RGBPrimaries.rec709, "bt709"), (.rec2020, "bt2020"), (.p3D65, "p3d65"), (.ap0, "ap0"), (.ap1, "ap1"),
    ] { #expect(known == primaries[name], "\(name)") }
    for (name, rows) in vectors.matrices {
      let words = name.split(separator: " ")
      let ends = String(words[0]).components(separatedBy: "->")
      let from = try #require(primaries[ends[0]])
      let to = try #require(primaries[ends[1]])
      let found = from.matrix(to: to, adaptation: words.last == "[cat02]" ? .cat02 : .bradford)
      #expect(difference(found, rows.flatMap { $0 }) <= 1e-6, "\(name): \(found)")
    }
    for (name, rows) in vectors.toXYZ {
      #expect(difference(try #require(primaries[name]).toXYZ, rows.flatMap { $0 }) <= 1e-6, "\(name)")
    }
  }
}
