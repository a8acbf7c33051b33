import Colour
import TestSupport
import Testing

/// A picture in memory of its own, addressed by plane and sample.
///
/// Safe: the buffers are owned, and every access is checked against their size.
@safe final class TestPicture {
  let format: PictureFormat
  let strides: [Int]
  private let buffers: [UnsafeMutableRawBufferPointer]

  /// - Parameter padding: bytes behind each row, which nobody may touch; all bytes start as `0xA5`.
  init(_ format: PictureFormat, padding: Int = 0) {
    self.format = format
    let layout = format.layout
    let sizes = (0..<layout.planeCount).map {
      layout.planeSize($0, width: format.width, height: format.height)
    }
    strides = sizes.map { $0.rowBytes + padding }
    unsafe buffers = sizes.map { size in
      let buffer = UnsafeMutableRawBufferPointer.allocate(
        byteCount: (size.rowBytes + padding) * size.rows, alignment: 64)
      unsafe buffer.initializeMemory(as: UInt8.self, repeating: 0xA5)
      return unsafe buffer
    }
  }

  convenience init(
    _ layout: String, _ matrix: ColourEncoding.Matrix = .bt709, isFullRange: Bool? = nil, width: Int,
    height: Int,
    padding: Int = 0
  ) throws {
    self.init(
      try makeFormat(layout, matrix, isFullRange: isFullRange, width: width, height: height), padding: padding
    )
  }

  deinit {
    for plane in strides.indices { unsafe buffers[plane].deallocate() }
  }

  var sourcePlanes: [SourcePlane] {
    strides.indices.map {
      unsafe SourcePlane(bytes: UnsafeRawBufferPointer(buffers[$0]), stride: strides[$0])
    }
  }

  var destinationPlanes: [DestinationPlane] {
    strides.indices.map { unsafe DestinationPlane(bytes: buffers[$0], stride: strides[$0]) }
  }

  var bytes: [[UInt8]] { unsafe buffers.map { unsafe Array($0) } }

  /// Samples in a row of a plane (all components of packed layouts).
  func rowSamples(_ plane: Int) -> Int {
    format.layout.planeSize(plane, width: format.width, height: format.height).rowBytes
      / format.layout.bytesPerSample
  }

  func rows(_ plane: Int) -> Int {
    format.layout.planeSize(plane, width: format.width, height: format.height).rows
  }

  /// A code; of packed layouts `x` counts samples.
  subscript(plane: Int, x: Int, y: Int) -> Int {
    get {
      let layout = format.layout
      let offset = y * strides[plane] + x * layout.bytesPerSample
      if layout.bytesPerSample == 1 { return Int(unsafe buffers[plane][offset]) }
      let value = unsafe buffers[plane].load(fromByteOffset: offset, as: UInt16.self)
      return Int(layout.isBigEndian ? UInt16(bigEndian: value) : UInt16(littleEndian: value))
    }
    set {
      let layout = format.layout
      let offset = y * strides[plane] + x * layout.bytesPerSample
      if layout.bytesPerSample == 1 {
        unsafe buffers[plane][offset] = UInt8(newValue)
      } else {
        let value = layout.isBigEndian ? UInt16(newValue).bigEndian : UInt16(newValue).littleEndian
        unsafe buffers[plane].storeBytes(of: value, toByteOffset: offset, as: UInt16.self)
      }
    }
  }

  /// A sample of a float layout.
  subscript(float plane: Int, x: Int, y: Int) -> Float {
    get { unsafe buffers[plane].load(fromByteOffset: y * strides[plane] + 4 * x, as: Float.self) }
    set {
      unsafe buffers[plane].storeBytes(of: newValue, toByteOffset: y * strides[plane] + 4 * x, as: Float.self)
    }
  }

  /// R', G', B' of a pixel of gbrpf32le.
  func rgb(_ x: Int, _ y: Int) -> [Double] {
    [2, 0, 1].map { Double(self[float: $0, x, y]) }
  }

  func setRGB(_ x: Int, _ y: Int, _ values: [Double]) {
    for (plane, value) in zip([2, 0, 1], values) { self[float: plane, x, y] = Float(value) }
  }

  /// Every sample of an integer plane, little-endian.
  func fill(_ plane: Int, with code: Int) {
    if format.layout.bytesPerSample == 1 {
      unsafe buffers[plane].initializeMemory(as: UInt8.self, repeating: UInt8(code))
    } else {
      unsafe buffers[plane].initializeMemory(as: UInt16.self, repeating: UInt16(code).littleEndian)
    }
  }

  func fillWithNoise(_ random: inout SplitMix64, codes: ClosedRange<Int>? = nil) {
    let layout = format.layout
    for plane in 0..<layout.planeCount {
      for y in 0..<rows(plane) {
        for x in 0..<rowSamples(plane) {
          if layout.bitDepth == 32 {
            self[float: plane, x, y] = Float.random(in: -0.5...1.5, using: &random)
          } else {
            self[plane, x, y] = Int.random(in: codes ?? 0...((1 << layout.bitDepth) - 1), using: &random)
          }
        }
      }
    }
  }
}

func makeFormat(
  _ name: String, _ matrix: ColourEncoding.Matrix = .bt709, isFullRange: Bool? = nil, width: Int, height: Int
) throws -> PictureFormat {
  let layout = try #require(PixelLayout(named: name))
  let encoding = ColourEncoding(matrix: matrix, isFullRange: isFullRange ?? (layout.family != .yCbCr))
  return PictureFormat(layout: layout, encoding: encoding, width: width, height: height)
}

/// The picture after a pipe.
func converted(
  _ source: TestPicture, to destination: PictureFormat, crop: PictureRectangle? = nil,
  grade: GradeKernel? = nil,
  rectangle: PictureRectangle? = nil, padding: Int = 0, path: KernelPath = .chosen
) throws -> TestPicture {
  let pipe = try PicturePipe(
    source: source.format, crop: crop, grade: grade, destination: destination, rectangle: rectangle,
    path: path)
  let picture = TestPicture(destination, padding: padding)
  try pipe.run(source: source.sourcePlanes, destination: picture.destinationPlanes)
  return picture
}

/// Colours through a grade alone: float R'G'B' in and out, nothing else on the way.
func graded(_ colours: [[Double]], _ grade: GradeKernel, path: KernelPath = .chosen) throws -> [[Double]] {
  let source = try TestPicture("gbrpf32le", width: colours.count, height: 1)
  for (x, colour) in colours.enumerated() { source.setRGB(x, 0, colour) }
  let result = try converted(source, to: source.format, grade: grade, path: path)
  return colours.indices.map { result.rgb($0, 0) }
}

extension KernelPath {
  static var available: [KernelPath] { allCases.filter(\.isAvailable) }
}
