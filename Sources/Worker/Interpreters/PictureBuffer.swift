import Colour
import ImageGraph
import Media

/// One picture in the encoder's layout: what was asked for, kept to be compared with what comes back.
final class PictureBuffer {
  let layout: PixelLayout
  let width: Int
  let height: Int
  /// How much of each pixel it covers, 0…1, by which its colours are multiplied; nil where all of it covers.
  var cover: [Float]?
  /// Where there is a picture; nil for everywhere. Around it is black.
  var area: Sizing.Rectangle?
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
    area = other.area
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

  /// Lends the planes to an encoder.
  func withLentPlanes<R>(_ body: ([LentPlane]) throws -> R) rethrows -> R {
    try unsafe storage.withUnsafeBytes { buffer in
      guard let base = buffer.baseAddress else { return try body([]) }
      return try body(planes.map { unsafe LentPlane(base: base + $0.offset, stride: $0.rowBytes) })
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

  /// Copies part of a picture of the same layout and size, even columns and rows of it; the rest stays as it is.
  func copy(_ other: PictureBuffer, columns: Range<Int>, rows: Range<Int>) {
    precondition(
      layout == other.layout && width == other.width && height == other.height,
      "parts are copied between pictures of one kind")
    for (index, plane) in planes.enumerated() {
      let start = layout.planeSize(index, width: columns.lowerBound, height: rows.lowerBound)
      let end = layout.planeSize(index, width: columns.upperBound, height: rows.upperBound)
      for row in start.rows..<end.rows {
        let offset = plane.offset + row * plane.rowBytes
        let range = offset + start.rowBytes..<offset + end.rowBytes
        storage.replaceSubrange(range, with: other.storage[range])
      }
    }
    cover = other.cover
  }

  /// Writes display black into every sample.
  func fillBlack(isFullRange: Bool) {
    unsafe storage.withUnsafeMutableBytes { buffer in
      for (index, plane) in planes.enumerated() {
        let samples = unsafe UnsafeMutableRawBufferPointer(
          rebasing: buffer[plane.offset..<plane.offset + plane.rowBytes * plane.rows])
        let shift = layout.bitDepth - 8
        let code: Int =
          switch layout.family {
          case .yCbCr where index > 0: 128 << shift
          case .yCbCr where !isFullRange: 16 << shift
          default: 0
          }
        switch layout.bytesPerSample {
        case 1: unsafe samples.initializeMemory(as: UInt8.self, repeating: UInt8(code))
        case 2: unsafe samples.initializeMemory(as: UInt16.self, repeating: UInt16(code).littleEndian)
        // Float samples are R'G'B', whose black is zero in every byte.
        default: unsafe samples.initializeMemory(as: UInt8.self, repeating: 0)
        }
      }
    }
  }

  /// Makes everything outside of a part of a float picture one colour.
  func fill(outside area: Sizing.Rectangle, with colour: SIMD3<Float>) {
    precondition(layout.bitDepth == 32, "only float pictures are filled with a colour")
    // Planes are green, blue, red.
    for (plane, value) in zip(planes, [colour.y, colour.z, colour.x]) {
      unsafe storage.withUnsafeMutableBytes { buffer in
        let samples = unsafe buffer.bindMemory(to: Float.self)
        for row in 0..<height {
          let start = plane.offset / MemoryLayout<Float>.size + row * width
          let isInside = row >= area.y && row < area.y + area.height
          let end = isInside ? area.x : width
          for column in 0..<end { unsafe samples[start + column] = value }
          guard isInside else { continue }
          for column in area.x + area.width..<width { unsafe samples[start + column] = value }
        }
      }
    }
  }

  /// Lays a float picture, whose colours are multiplied by what it covers, over one colour: it covers all then.
  func lie(over colour: SIMD3<Float>) {
    precondition(layout.bitDepth == 32, "only float pictures lie over a colour")
    guard let cover else { return }
    self.cover = nil
    for (plane, value) in zip(planes, [colour.y, colour.z, colour.x]) where value != 0 {
      unsafe storage.withUnsafeMutableBytes { buffer in
        let samples = unsafe buffer.bindMemory(to: Float.self)
        let start = plane.offset / MemoryLayout<Float>.size
        for index in cover.indices {
          unsafe samples[start + index] += value * (1 - cover[index])
        }
      }
    }
  }

  /// Peak signal-to-noise ratio of a decoded picture over all samples, in dB; nil when they are all the same.
  ///
  /// A decoder may give more bits than went in (ProRes 4444 decodes to 12): samples are compared at the greater
  /// depth.
  func psnr(of decoded: borrowing PictureView) throws -> Double? {
    guard let other = PixelLayout(named: decoded.pixelFormat), other.planeCount == layout.planeCount,
      other.bitDepth >= layout.bitDepth, other.bytesPerSample == layout.bytesPerSample,
      other.isBigEndian == layout.isBigEndian
    else {
      throw WorkerFailure(verification: "frames of \(layout) come back as \(decoded.pixelFormat)")
    }
    if layout.bitDepth == 32 { return try ratioOfFloats(decoded) }
    var sum: UInt64 = 0
    var count = 0
    for (index, part) in planes.enumerated() {
      let (rowBytes, rows) = (part.rowBytes, part.rows)
      guard decoded.rowByteCount(ofPlane: index) >= rowBytes, decoded.rowCount(ofPlane: index) >= rows else {
        throw WorkerFailure(verification: "plane \(index) comes back smaller than it was")
      }
      let plane = unsafe decoded.plane(index)
      let stride = decoded.stride(ofPlane: index)
      unsafe storage.withUnsafeBytes { mine in
        for row in 0..<rows {
          let a = unsafe UnsafeRawBufferPointer(rebasing: mine[part.range(ofRow: row)])
          let b = unsafe UnsafeRawBufferPointer(rebasing: plane[row * stride..<row * stride + rowBytes])
          sum &+= unsafe SampleDifference.squares(a, layout, b, other)
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
}
