import Colour
import Media

/// One picture in the encoder's layout: what was asked for, kept to be compared with what comes back.
final class PictureBuffer {
  let layout: PixelLayout
  let width: Int
  let height: Int
  /// How much of each pixel it covers, 0…1, by which its colours are multiplied; nil where all of it covers.
  var cover: [Float]?
  /// Planes one after the other, rows without padding.
  private var storage: [UInt8]
  private let planes: [Plane]

  private struct Plane {
    var offset: Int
    var rowBytes: Int
    var rows: Int

    /// Where row `row` lies in the storage.
    func range(ofRow row: Int) -> Range<Int> {
      offset + row * rowBytes..<offset + (row + 1) * rowBytes
    }
  }

  init(layout: PixelLayout, width: Int, height: Int) {
    self.layout = layout
    self.width = width
    self.height = height
    var offset = 0
    planes = (0..<layout.planeCount).map { index in
      let size = layout.planeSize(index, width: width, height: height)
      defer { offset += (size.rowBytes * size.rows + 63) / 64 * 64 }
      return Plane(offset: offset, rowBytes: size.rowBytes, rows: size.rows)
    }
    storage = [UInt8](repeating: 0, count: offset)
  }

  /// A picture of its own with the same samples.
  init(copying other: PictureBuffer) {
    layout = other.layout
    width = other.width
    height = other.height
    planes = other.planes
    storage = other.storage
    cover = other.cover
  }

  /// A picture for mixing: planar float R'G'B'.
  convenience init(floatOfWidth width: Int, height: Int) throws {
    self.init(layout: try Self.float(width: width, height: height).layout, width: width, height: height)
  }

  /// The format in which pictures are mixed: display-coded R'G'B' in planes of binary32.
  static func float(width: Int, height: Int) throws -> Colour.PictureFormat {
    guard let layout = PixelLayout(named: "gbrpf32le") else {
      throw WorkerFailure(verification: "the kernels do not write gbrpf32le")
    }
    return Colour.PictureFormat(
      layout: layout, encoding: ColourEncoding(matrix: .bt709, isFullRange: true), width: width,
      height: height)
  }

  /// Lends the planes for writing.
  func withDestination<R>(_ body: ([DestinationPlane]) throws -> R) rethrows -> R {
    try unsafe storage.withUnsafeMutableBytes { buffer in
      var lent: [DestinationPlane] = []
      for plane in planes {
        let bytes = unsafe UnsafeMutableRawBufferPointer(
          rebasing: buffer[plane.offset..<plane.offset + plane.rowBytes * plane.rows])
        lent.append(unsafe DestinationPlane(bytes: bytes, stride: plane.rowBytes))
      }
      return try body(lent)
    }
  }

  /// Lends the planes for reading.
  func withSource<R>(_ body: ([SourcePlane]) throws -> R) rethrows -> R {
    try unsafe storage.withUnsafeBytes { buffer in
      var lent: [SourcePlane] = []
      for plane in planes {
        let bytes = unsafe UnsafeRawBufferPointer(
          rebasing: buffer[plane.offset..<plane.offset + plane.rowBytes * plane.rows])
        lent.append(unsafe SourcePlane(bytes: bytes, stride: plane.rowBytes))
      }
      return try body(lent)
    }
  }

  /// Bytes from the start of one plane to the next, where all planes have one size.
  var planeByteStride: Int { planes.count > 1 ? planes[1].offset : storage.count }

  /// Lends all samples of float pictures of one size as they lie in memory.
  func withFloats(
    _ a: PictureBuffer, _ b: PictureBuffer,
    _ body: (UnsafeBufferPointer<Float>, UnsafeBufferPointer<Float>, UnsafeMutableBufferPointer<Float>) ->
      Void
  ) {
    precondition(
      layout.bitDepth == 32 && a.storage.count == storage.count && b.storage.count == storage.count,
      "only float pictures of one size are mixed")
    unsafe a.storage.withUnsafeBytes { from in
      unsafe b.storage.withUnsafeBytes { to in
        unsafe storage.withUnsafeMutableBytes { out in
          unsafe body(
            from.bindMemory(to: Float.self), to.bindMemory(to: Float.self), out.bindMemory(to: Float.self))
        }
      }
    }
  }

  /// The planes of a float picture in the layout's order, copied.
  func floatPlanes() -> [[Float]] {
    precondition(layout.bitDepth == 32, "only float pictures have float planes")
    return unsafe storage.withUnsafeBytes { buffer in
      planes.map { plane in
        let bytes = unsafe UnsafeRawBufferPointer(
          rebasing: buffer[plane.offset..<plane.offset + plane.rowBytes * plane.rows])
        return unsafe Array(bytes.bindMemory(to: Float.self))
      }
    }
  }

  func copy(to view: borrowing MutablePictureView) {
    for (index, plane) in planes.enumerated() {
      let target = unsafe view.plane(index)
      let stride = view.stride(ofPlane: index)
      unsafe storage.withUnsafeBytes { source in
        for row in 0..<plane.rows {
          unsafe UnsafeMutableRawBufferPointer(rebasing: target[row * stride..<row * stride + plane.rowBytes])
            .copyMemory(from: UnsafeRawBufferPointer(rebasing: source[plane.range(ofRow: row)]))
        }
      }
    }
  }

  /// Writes display black into every sample.
  func fillBlack(isFullRange: Bool) {
    for (index, plane) in planes.enumerated() {
      let shift = layout.bitDepth - 8
      let code: Int =
        switch layout.family {
        case .yCbCr where index > 0: 128 << shift
        case .yCbCr where !isFullRange: 16 << shift
        default: 0
        }
      // Float samples are R'G'B', whose black is zero in every byte.
      let bytes = (0..<layout.bytesPerSample).map { UInt8(truncatingIfNeeded: code >> (8 * $0)) }
      for offset in 0..<plane.rowBytes * plane.rows {
        storage[plane.offset + offset] = bytes[offset % layout.bytesPerSample]
      }
    }
  }

  /// Peak signal-to-noise ratio of a decoded picture over all samples, in dB; nil when they are all the same.
  ///
  /// A decoder may give more bits than went in (ProRes 4444 decodes to 12): samples are compared at the greater
  /// depth.
  func psnr(of decoded: borrowing PictureView) throws -> Double? {
    guard let other = PixelLayout(named: decoded.pixelFormat), other.planeCount == layout.planeCount,
      other.bitDepth >= layout.bitDepth, other.bytesPerSample == layout.bytesPerSample
    else {
      throw WorkerFailure(verification: "frames of \(layout) come back as \(decoded.pixelFormat)")
    }
    if layout.bitDepth == 32 { return try ratioOfFloats(decoded) }
    let shift = other.bitDepth - layout.bitDepth
    var sum: UInt64 = 0
    var count = 0
    for (index, part) in planes.enumerated() {
      let (rowBytes, rows) = (part.rowBytes, part.rows)
      guard decoded.rowByteCount(ofPlane: index) >= rowBytes, decoded.rowCount(ofPlane: index) >= rows else {
        throw WorkerFailure(verification: "plane \(index) comes back smaller than it was")
      }
      let plane = unsafe decoded.plane(index)
      let stride = decoded.stride(ofPlane: index)
      let isSwapped = layout.isBigEndian
      unsafe storage.withUnsafeBytes { mine in
        for row in 0..<rows {
          let a = unsafe UnsafeRawBufferPointer(rebasing: mine[part.range(ofRow: row)])
          let b = unsafe UnsafeRawBufferPointer(rebasing: plane[row * stride..<row * stride + rowBytes])
          sum &+= unsafe Self.squaredDifferences(
            a, b, bytes: layout.bytesPerSample, shift: shift, isSwapped: isSwapped)
        }
      }
      count += rowBytes / layout.bytesPerSample * rows
    }
    guard sum > 0 else { return nil }
    let peak = Double((1 << other.bitDepth) - 1)
    return Decibels.ratio(peak * peak * Double(count) / Double(sum))
  }

  /// Of floating point, by how far samples lie off relative to themselves; half is good for about 75 dB.
  private func ratioOfFloats(_ decoded: borrowing PictureView) throws -> Double? {
    var sum = 0.0
    var count = 0
    for (index, part) in planes.enumerated() {
      guard decoded.rowByteCount(ofPlane: index) >= part.rowBytes,
        decoded.rowCount(ofPlane: index) >= part.rows
      else { throw WorkerFailure(verification: "plane \(index) comes back smaller than it was") }
      let plane = unsafe decoded.plane(index)
      let stride = decoded.stride(ofPlane: index)
      unsafe storage.withUnsafeBytes { mine in
        for row in 0..<part.rows {
          for column in 0..<part.rowBytes / 4 {
            let a = unsafe mine.loadUnaligned(
              fromByteOffset: part.offset + row * part.rowBytes + 4 * column, as: Float.self)
            let b = unsafe plane.loadUnaligned(fromByteOffset: row * stride + 4 * column, as: Float.self)
            // Below the smallest normal half nothing is relative any more.
            let difference = Double(a - b) / max(Double(a.magnitude), 1 / 16_384)
            sum += difference * difference
          }
        }
      }
      count += part.rowBytes / 4 * part.rows
    }
    return sum > 0 ? Decibels.ratio(Double(count) / sum) : nil
  }

  private static func squaredDifferences(
    _ a: UnsafeRawBufferPointer, _ b: UnsafeRawBufferPointer, bytes: Int, shift: Int, isSwapped: Bool
  ) -> UInt64 {
    var sum: UInt64 = 0
    if bytes == 1 {
      for index in 0..<a.count {
        let difference = unsafe Int(a[index]) - Int(b[index])
        sum &+= UInt64(difference &* difference)
      }
      return sum
    }
    let left = unsafe a.assumingMemoryBound(to: UInt16.self)
    let right = unsafe b.assumingMemoryBound(to: UInt16.self)
    for index in 0..<left.count {
      let x = unsafe Int64(isSwapped ? left[index].byteSwapped : left[index])
      let y = unsafe Int64(isSwapped ? right[index].byteSwapped : right[index])
      let difference = (x << Int64(shift)) &- y
      sum &+= UInt64(bitPattern: difference &* difference)
    }
    return sum
  }
}
