import COpenColorIO
import CPictureKernels

/// A colour chain by our own kernels: what a channel does by itself from tables, what mixes channels by arithmetic.
///
/// The tables are OpenColorIO's values, made once; applied, no power or logarithm is computed, so the bytes are the same
/// on every CPU. Neighbouring points lie so close that lines between them are within a few 1e-6 of the value.
package struct ColourSteps: Sendable {
  private enum Step: Sendable {
    /// Indices of the curves of red, green and blue.
    case curves(Int, Int, Int)
    /// Rows, then what is added.
    case matrix([Float])
    case glow
    case redModifier
    /// Index of the curve of the factor by luma.
    case surround(Int)
  }

  private var steps: [Step] = []
  /// `PK_CURVE_POINTS` values each; equal ones are kept once.
  private var curves: [[Float]] = []

  private static let greatest: Float = 1e30
  private static let points: [Float] = (0..<pointCount).map { pk_curve_point(Int32($0)) }
  private static let pointCount = 2 * ((48 << 11) + 1) + 1

  /// Nil where the chain has an operation that is none of ours.
  package init?(_ processor: ColourProcessor) throws(ColourManagementError) {
    // Operations of which each channel goes its own way, waiting to become one table.
    var first: Int?
    func flush(_ end: Int, _ steps: inout ColourSteps) throws(ColourManagementError) {
      guard let start = first else { return }
      first = nil
      var pixels = Self.points.flatMap { [$0, $0, $0] }
      try processor.part(start..<end).apply(&pixels)
      steps.add(pixels)
    }
    for index in 0..<processor.operationCount {
      let kind = processor.kind(ofOperation: index)
      switch kind {
      case .channels: first = first ?? index
      case .correction(let saturation, let clamps):
        first = first ?? index
        try flush(index + 1, &self)
        steps.append(.matrix(Self.saturation(saturation)))
        if clamps { add(Self.points.flatMap { point in [min(max(point, 0), 1)] }.flatMap { [$0, $0, $0] }) }
      case .matrix(let values):
        try flush(index, &self)
        steps.append(.matrix(values.map { Float($0) }))
      case .glow:
        try flush(index, &self)
        steps.append(.glow)
      case .redModifier:
        try flush(index, &self)
        steps.append(.redModifier)
      case .surround:
        try flush(index, &self)
        // The factor of a grey is that of its luma.
        var pixels = Self.points.flatMap { point in
          let luma = max(point, 1e-10)
          return [luma, luma, luma]
        }
        try processor.part(index..<index + 1).apply(&pixels)
        steps.append(
          .surround(curve(Self.points.indices.map { pixels[3 * $0] / max(Self.points[$0], 1e-10) })))
      case .other: return nil
      }
    }
    try flush(processor.operationCount, &self)
  }

  /// Source: ASC CDL v1.2, saturation around the luma of Rec.709.
  private static func saturation(_ value: Double) -> [Float] {
    let luma = [0.2126, 0.7152, 0.0722]
    return (0..<9).map { Float(luma[$0 % 3] * (1 - value) + ($0 % 4 == 0 ? value : 0)) } + [0, 0, 0]
  }

  /// Adds curves given as pixels of every point.
  private mutating func add(_ pixels: [Float]) {
    let channels = (0..<3).map { channel in
      curve(stride(from: channel, to: pixels.count, by: 3).map { pixels[$0] })
    }
    steps.append(.curves(channels[0], channels[1], channels[2]))
  }

  private mutating func curve(_ values: [Float]) -> Int {
    // Powers of large values have no end; lines between points need one.
    let values = values.map { $0.isNaN ? 0 : min(max($0, -Self.greatest), Self.greatest) }
    if let known = curves.firstIndex(of: values) { return known }
    curves.append(values)
    return curves.count - 1
  }

  // MARK: Applying

  /// Transforms a picture of planes G', B', R' of binary32 where it lies.
  package func apply(
    to planes: [DestinationPlane], width: Int, height: Int, path: KernelPath = .chosen
  ) {
    let stride = planes.first?.stride ?? 0
    let needed = stride * (height - 1) + width * MemoryLayout<Float>.size
    precondition(
      planes.count >= 3 && width > 0 && height > 0 && path.isAvailable
        && planes.prefix(3).allSatisfy { plane in
          let byteCount = unsafe plane.bytes.count
          return plane.stride == stride && byteCount >= needed
        }, "three planes of one size")
    func samples(_ index: Int) -> UnsafeMutablePointer<Float>? {
      unsafe planes[index].bytes.baseAddress?.assumingMemoryBound(to: Float.self)
    }
    unsafe withSteps { steps in
      unsafe pk_chain_run(
        path.rawValue, steps.baseAddress, steps.count, samples(2), samples(0), samples(1), Int32(width),
        Int32(height), stride)
    }
  }

  /// Transforms pixels of red, green and blue side by side.
  package func apply(_ pixels: inout [Float], path: KernelPath = .chosen) {
    precondition(pixels.count % 3 == 0 && path.isAvailable, "a pixel has three values")
    let count = pixels.count / 3
    guard count > 0 else { return }
    var channels = (0..<3).map { channel in (0..<count).map { pixels[3 * $0 + channel] } }
    var (red, green, blue) = (channels[0], channels[1], channels[2])
    channels = []
    unsafe withSteps { steps in
      unsafe red.withUnsafeMutableBufferPointer { red in
        unsafe green.withUnsafeMutableBufferPointer { green in
          unsafe blue.withUnsafeMutableBufferPointer { blue in
            unsafe pk_chain_run(
              path.rawValue, steps.baseAddress, steps.count, red.baseAddress, green.baseAddress,
              blue.baseAddress, Int32(count), 1, count * MemoryLayout<Float>.size)
          }
        }
      }
    }
    for index in 0..<count {
      (pixels[3 * index], pixels[3 * index + 1], pixels[3 * index + 2]) = (
        red[index], green[index], blue[index]
      )
    }
  }

  /// Lends the steps as the kernels want them.
  private func withSteps(_ body: (UnsafeBufferPointer<pk_step>) -> Void) {
    func lend(_ index: Int, _ pointers: [UnsafePointer<Float>?]) {
      guard index < curves.count else {
        let made = steps.map { step in unsafe Self.step(step, pointers) }
        unsafe made.withUnsafeBufferPointer { unsafe body($0) }
        return
      }
      unsafe curves[index].withUnsafeBufferPointer { buffer in
        unsafe lend(index + 1, pointers + [buffer.baseAddress])
      }
    }
    unsafe lend(0, [])
  }

  private static func step(_ step: Step, _ curves: [UnsafePointer<Float>?]) -> pk_step {
    var made = pk_step()
    switch step {
    case .curves(let red, let green, let blue):
      made.kind = Int32(PK_STEP_CURVES)
      unsafe made.curves = (curves[red], curves[green], curves[blue])
    case .matrix(let v):
      made.kind = Int32(PK_STEP_MATRIX)
      made.matrix = (v[0], v[1], v[2], v[3], v[4], v[5], v[6], v[7], v[8])
      made.offset = (v[9], v[10], v[11])
    case .glow: made.kind = Int32(PK_STEP_GLOW)
    case .redModifier: made.kind = Int32(PK_STEP_RED_MODIFIER)
    case .surround(let curve):
      made.kind = Int32(PK_STEP_SURROUND)
      unsafe made.curves = (curves[curve], nil, nil)
    }
    return made
  }

  // MARK: Bytes

  private static let mark = Array("interlock.colour-steps 1\n".utf8)

  /// The steps as bytes, the same on every machine.
  package var canonical: [UInt8] {
    var words: [UInt32] = [UInt32(steps.count), UInt32(curves.count)]
    for step in steps {
      switch step {
      case .curves(let red, let green, let blue): words += [0, UInt32(red), UInt32(green), UInt32(blue)]
      case .matrix(let values): words += [1] + values.map(\.bitPattern)
      case .glow: words += [2]
      case .redModifier: words += [3]
      case .surround(let curve): words += [4, UInt32(curve)]
      }
    }
    for curve in curves { words += curve.map(\.bitPattern) }
    var bytes = Self.mark
    bytes.reserveCapacity(bytes.count + 4 * words.count)
    for word in words {
      for shift in stride(from: 0, to: 32, by: 8) { bytes.append(UInt8(truncatingIfNeeded: word >> shift)) }
    }
    return bytes
  }

  /// Nil for bytes that `canonical` did not make.
  package init?(canonical bytes: [UInt8]) {
    guard bytes.starts(with: Self.mark), (bytes.count - Self.mark.count) % 4 == 0 else { return nil }
    let words = stride(from: Self.mark.count, to: bytes.count, by: 4).map { index in
      (0..<4).reduce(UInt32(0)) { $0 | UInt32(bytes[index + $1]) << UInt32(8 * $1) }
    }
    guard words.count >= 2 else { return nil }
    let (stepCount, curveCount) = (Int(words[0]), Int(words[1]))
    var rest = words[2...]
    func take(_ count: Int) -> [UInt32]? {
      guard rest.count >= count else { return nil }
      defer { rest = rest.dropFirst(count) }
      return Array(rest.prefix(count))
    }
    func indices(_ count: Int) -> [Int]? {
      guard let taken = take(count), taken.allSatisfy({ $0 < curveCount }) else { return nil }
      return taken.map { Int($0) }
    }
    for _ in 0..<stepCount {
      switch take(1)?.first {
      case 0:
        guard let curves = indices(3) else { return nil }
        steps.append(.curves(curves[0], curves[1], curves[2]))
      case 1:
        guard let values = take(12) else { return nil }
        steps.append(.matrix(values.map { Float(bitPattern: $0) }))
      case 2: steps.append(.glow)
      case 3: steps.append(.redModifier)
      case 4:
        guard let curves = indices(1) else { return nil }
        steps.append(.surround(curves[0]))
      default: return nil
      }
    }
    for _ in 0..<curveCount {
      guard let values = take(Self.pointCount) else { return nil }
      curves.append(values.map { Float(bitPattern: $0) })
    }
    guard rest.isEmpty else { return nil }
  }
}
