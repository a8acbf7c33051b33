import COpenColorIO

/// A chain of colour transforms as one: OpenColorIO's CPU renderer in binary32.
///
/// Its powers and logarithms are libm's, which differ from CPU to CPU in the last place unless the process was started
/// with libm's extensions hidden, see `WorkerProgram`. Immutable: several threads may apply it.
@safe package final class ColourProcessor {
  let raw: OpaquePointer  // owned, never null; freed once in deinit

  /// Reads every file that the chain needs.
  ///
  /// - Throws: what OpenColorIO refuses, with its words.
  package init(_ transforms: [ColourTransform], config: ColourConfig) throws(ColourManagementError) {
    let chain = try unsafe checked { unsafe coc_chain_create($0) }
    defer { unsafe coc_chain_free(chain) }
    for transform in transforms { try unsafe transform.append(to: chain) }
    unsafe raw = try unsafe checked { unsafe coc_processor_create(config.raw, chain, $0) }
  }

  init(part range: Range<Int>, of other: ColourProcessor) throws(ColourManagementError) {
    unsafe raw = try unsafe checked {
      unsafe coc_processor_part(other.raw, Int32(range.lowerBound), Int32(range.count), $0)
    }
  }

  deinit { unsafe coc_processor_free(raw) }

  /// Whether it changes nothing.
  package var isIdentity: Bool { unsafe coc_processor_is_identity(raw) != 0 }

  /// Whether a channel of the result depends on another one.
  package var mixesChannels: Bool { unsafe coc_processor_mixes_channels(raw) != 0 }

  /// What the chain was optimised to, an operation a line, in OpenColorIO's words.
  package var operations: [String] {
    guard let text = unsafe coc_processor_operations(raw) else { return [] }
    defer { unsafe coc_free_text(text) }
    return unsafe String(cString: text).split(separator: "\n").map(String.init)
  }

  /// Transforms pixels of red, green and blue side by side.
  package func apply(_ pixels: inout [Float]) throws(ColourManagementError) {
    precondition(pixels.count % 3 == 0, "a pixel has three values")
    let count = Int64(pixels.count / 3)
    guard count > 0 else { return }
    try unsafe require { error in
      unsafe pixels.withUnsafeMutableBufferPointer { buffer in
        unsafe coc_processor_apply_packed(raw, buffer.baseAddress, count, error)
      }
    }
  }

  /// Transforms a picture of planes G', B', R' of binary32 where it lies.
  package func apply(
    to planes: [DestinationPlane], width: Int, height: Int
  ) throws(ColourManagementError) {
    let stride = planes.first?.stride ?? 0
    let needed = stride * (height - 1) + width * MemoryLayout<Float>.size
    precondition(
      planes.count >= 3 && width > 0 && height > 0 && stride >= width * MemoryLayout<Float>.size
        && planes.prefix(3).allSatisfy { plane in
          let byteCount = unsafe plane.bytes.count
          return plane.stride == stride && byteCount >= needed
        }, "three planes of one size")
    func samples(_ index: Int) -> UnsafeMutablePointer<Float>? {
      unsafe planes[index].bytes.baseAddress?.assumingMemoryBound(to: Float.self)
    }
    let (green, blue, red) = unsafe (samples(0), samples(1), samples(2))
    try unsafe require {
      unsafe coc_processor_apply(raw, red, green, blue, Int64(width), Int64(height), stride, $0)
    }
  }
}

// MARK: - Operations

extension ColourProcessor {
  /// What an operation of a chain does, as far as our kernels know it.
  enum OperationKind {
    /// Each channel by itself.
    case channels
    /// Rows of three, then what is added.
    case matrix([Double])
    /// A correction whose saturation mixes the channels.
    case correction(saturation: Double, clamps: Bool)
    case glow, redModifier, surround
    case other
  }

  var operationCount: Int { Int(unsafe coc_processor_operation_count(raw)) }

  func kind(ofOperation index: Int) -> OperationKind {
    switch Int(unsafe coc_processor_operation_kind(raw, Int32(index))) {
    case COC_OPERATION_CHANNELS: return .channels
    case COC_OPERATION_MATRIX:
      var values = [Double](repeating: 0, count: 12)
      let status = unsafe coc_processor_operation_matrix(raw, Int32(index), &values)
      return status == 0 ? .matrix(values) : .other
    case COC_OPERATION_CORRECTION:
      var saturation = 1.0
      var clamps: Int32 = 0
      let status = unsafe coc_processor_operation_saturation(raw, Int32(index), &saturation, &clamps)
      return status == 0 ? .correction(saturation: saturation, clamps: clamps != 0) : .other
    case COC_OPERATION_GLOW: return .glow
    case COC_OPERATION_RED_MODIFIER: return .redModifier
    case COC_OPERATION_SURROUND: return .surround
    default: return .other
    }
  }

  /// Some consecutive operations by themselves; a correction without its saturation.
  func part(_ range: Range<Int>) throws(ColourManagementError) -> ColourProcessor {
    try ColourProcessor(part: range, of: self)
  }
}
