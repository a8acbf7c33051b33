import CPictureKernels

/// How far the codes of two pictures lie apart.
package enum SampleDifference {
  /// The sum of the squared differences of two rows of samples; exact, and the same on every CPU.
  ///
  /// - Parameters:
  ///   - a: rows of a layout, 16-bit ones aligned.
  ///   - b: the same of a layout with as many bytes a sample and as many bits or more.
  package static func squares(
    _ a: UnsafeRawBufferPointer, _ layout: PixelLayout, _ b: UnsafeRawBufferPointer, _ other: PixelLayout
  ) -> UInt64 {
    precondition(
      layout.bitDepth <= 16 && other.bitDepth <= 16 && layout.bytesPerSample == other.bytesPerSample
        && layout.isBigEndian == other.isBigEndian && other.bitDepth >= layout.bitDepth,
      "integer samples of one size are compared")
    let bytes = min(a.count, b.count)
    guard let left = a.baseAddress, let right = b.baseAddress else { return 0 }
    return unsafe pk_squared_differences(
      KernelPath.chosen.rawValue, left, right, Int32(other.bitDepth),
      Int32(other.bitDepth - layout.bitDepth), layout.isBigEndian ? 1 : 0, bytes / layout.bytesPerSample)
  }
}
