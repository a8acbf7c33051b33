import CPictureKernels

/// How a display-coded picture meets what lies below it.
///
/// Source: W3C, Compositing and Blending Level 1, sections 9 and 10; `add` is cut off at white, `subtract` takes what
/// is above from what is below and is cut off at black.
package enum Blend: Int32, CaseIterable, Sendable {
  case normal = 0
  case add, subtract, difference, multiply, screen, overlay, darken, lighten, hardLight, softLight

  /// Lays planes of binary32 over others, both multiplied by what they cover; rows have no padding.
  ///
  /// - Parameters:
  ///   - cover: of the picture above, by pixel; nil where all of it covers.
  ///   - below, belowCover: become the result.
  package func lay(
    _ above: [SourcePlane], cover: [Float]?, over below: [DestinationPlane], cover belowCover: inout [Float]
  ) {
    let count = belowCover.count
    let byteCount = count * MemoryLayout<Float>.size
    let fits =
      above.count >= 3 && below.count >= 3
      && above.prefix(3).allSatisfy { unsafe $0.bytes.count >= byteCount }
      && below.prefix(3).allSatisfy { unsafe $0.bytes.count >= byteCount }
      && (cover.map { $0.count == count } ?? true)
    precondition(fits, "pictures of one size are laid over each other")
    let from = unsafe above.prefix(3).map { plane in
      unsafe plane.bytes.baseAddress?.assumingMemoryBound(to: Float.self)
    }
    let to = unsafe below.prefix(3).map { plane in
      unsafe plane.bytes.baseAddress?.assumingMemoryBound(to: Float.self)
    }
    unsafe belowCover.withUnsafeMutableBufferPointer { under in
      if let cover {
        unsafe cover.withUnsafeBufferPointer { over in
          unsafe pk_blend(rawValue, from, over.baseAddress, to, under.baseAddress, count)
        }
      } else {
        unsafe pk_blend(rawValue, from, nil, to, under.baseAddress, count)
      }
    }
  }
}
