import COpenColorIO

/// One step of a colour chain.
package enum ColourTransform: Hashable, Sendable {
  /// How a correction treats what lies outside 0…1. Source: ASC CDL v1.2; CLF, `FwdNoClamp`.
  package enum DecisionStyle: Int32, Hashable, Sendable {
    /// Clamps to 0…1 before the power and after the saturation.
    case asc = 0
    /// Never clamps; below 0 the power is left out.
    case noClamp = 1
  }

  /// How cubes are read between their points; curves are always linear.
  package enum Interpolation: Int32, Hashable, Sendable {
    case linear = 0
    case tetrahedral = 1
  }

  /// From a space of the config, or a role, to another.
  case space(from: String, to: String)
  /// From a space to a display through a view; the inverse leads back.
  case view(from: String, display: String, view: String, isInverse: Bool = false)
  /// Looks of the config by name, separated by commas.
  case looks(String, from: String, to: String)
  /// A LUT, a CLF process list or a correction: .3dl .cc .ccc .cdl .clf .csp .ctf .cube .lut .spi1d .spi3d .spimtx .vf.
  case file(
    String, correction: String? = nil, style: DecisionStyle = .asc,
    interpolation: Interpolation = .tetrahedral, isInverse: Bool = false)
  case decision(GradeKernel.Decision, DecisionStyle)
  /// A transform built into OpenColorIO, by its style.
  case builtIn(String, isInverse: Bool = false)
  /// Rows of a 3x3 matrix.
  case matrix([Double])
  case cameraLog(CameraLog, isInverse: Bool = false)
  /// A power with a straight line near black, from code values to linear: sRGB is 2.4 and 0.055. Its inverse is the
  /// other way round.
  case gammaWithLine(gamma: Double, offset: Double, isInverse: Bool = false)
  /// Negative values become 0.
  case power(Double, isInverse: Bool = false)
  case table(LookTable, interpolation: Interpolation = .tetrahedral)

  /// From scene-linear to code values: `logSlope · log_base(linearSlope · x + linearOffset) + logOffset` above a break,
  /// a straight line below.
  package struct CameraLog: Hashable, Sendable {
    package var base: Double
    package var logSlope: Double
    package var logOffset: Double
    package var linearSlope: Double
    package var linearOffset: Double
    package var breakPoint: Double
    /// Slope of the line; nil for the one that continues the curve.
    package var lineSlope: Double?

    package init(
      base: Double, logSlope: Double, logOffset: Double, linearSlope: Double, linearOffset: Double,
      breakPoint: Double, lineSlope: Double? = nil
    ) {
      self.base = base
      self.logSlope = logSlope
      self.logOffset = logOffset
      self.linearSlope = linearSlope
      self.linearOffset = linearOffset
      self.breakPoint = breakPoint
      self.lineSlope = lineSlope
    }
  }
}

extension ColourTransform {
  /// Appends the step to a chain of the library.
  func append(to chain: OpaquePointer) throws(ColourManagementError) {
    switch self {
    case .space(let from, let to):
      try unsafe require { unsafe coc_chain_add_space(chain, from, to, $0) }
    case .view(let from, let display, let view, let isInverse):
      try unsafe require { unsafe coc_chain_add_view(chain, from, display, view, isInverse ? 1 : 0, $0) }
    case .looks(let names, let from, let to):
      try unsafe require { unsafe coc_chain_add_looks(chain, from, to, names, $0) }
    case .file(let path, let correction, let style, let interpolation, let isInverse):
      // Collections want one of theirs named.
      let first = [".ccc", ".cdl"].contains { path.lowercased().hasSuffix($0) } ? "0" : nil
      try unsafe require {
        unsafe coc_chain_add_file(
          chain, path, correction ?? first, style.rawValue, interpolation.rawValue, isInverse ? 1 : 0, $0)
      }
    case .decision(let decision, let style):
      let (slope, offset, power) = (decision.slope.values, decision.offset.values, decision.power.values)
      try unsafe require {
        unsafe coc_chain_add_cdl(chain, slope, offset, power, decision.saturation, style.rawValue, $0)
      }
    case .builtIn(let style, let isInverse):
      try unsafe require { unsafe coc_chain_add_builtin(chain, style, isInverse ? 1 : 0, $0) }
    case .matrix(let rows): try unsafe Self.appendMatrix(rows, offset: [0, 0, 0], to: chain)
    case .cameraLog(let log, let isInverse):
      try unsafe require {
        unsafe coc_chain_add_camera_log(
          chain, log.base, log.logSlope, log.logOffset, log.linearSlope, log.linearOffset, log.breakPoint,
          log.lineSlope ?? .nan, isInverse ? 1 : 0, $0)
      }
    case .gammaWithLine(let gamma, let offset, let isInverse):
      try unsafe require { unsafe coc_chain_add_gamma_line(chain, gamma, offset, isInverse ? 1 : 0, $0) }
    case .power(let power, let isInverse):
      try unsafe require { unsafe coc_chain_add_power(chain, power, isInverse ? 1 : 0, $0) }
    case .table(let table, let interpolation): try unsafe Self.append(table, interpolation, to: chain)
    }
  }

  private static func appendMatrix(
    _ rows: [Double], offset: [Double], to chain: OpaquePointer
  ) throws(ColourManagementError) {
    precondition(rows.count == 9 && offset.count == 3, "a matrix of three rows of three, and what is added")
    var matrix = [Double](repeating: 0, count: 16)
    for row in 0..<3 { for column in 0..<3 { matrix[4 * row + column] = rows[3 * row + column] } }
    matrix[15] = 1
    let values = matrix
    try unsafe require { unsafe coc_chain_add_matrix(chain, values, offset + [0], $0) }
  }

  /// The library's tables lie over 0…1: other domains are brought there first.
  private static func append(
    _ table: LookTable, _ interpolation: Interpolation, to chain: OpaquePointer
  ) throws(ColourManagementError) {
    func appendDomain(_ domain: LookTable.Domain) throws(ColourManagementError) {
      guard domain != .unit else { return }
      let scale = (0..<3).map { 1 / (domain.maximum[$0] - domain.minimum[$0]) }
      try unsafe appendMatrix(
        [scale[0], 0, 0, 0, scale[1], 0, 0, 0, scale[2]],
        offset: (0..<3).map { -domain.minimum[$0] * scale[$0] }, to: chain)
    }
    if let shaper = table.shaper {
      try appendDomain(shaper.domain)
      try unsafe require { unsafe coc_chain_add_curve(chain, shaper.values, Int32(shaper.size), $0) }
    }
    if let cube = table.cube {
      try appendDomain(cube.domain)
      try unsafe require {
        unsafe coc_chain_add_cube(chain, cube.values, Int32(cube.size), interpolation.rawValue, $0)
      }
    }
  }
}

extension SIMD3<Double> {
  fileprivate var values: [Double] { [x, y, z] }
}
