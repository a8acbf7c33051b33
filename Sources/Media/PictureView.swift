import CFFmpeg

/// A decoded or scaled picture, lent for the duration of a closure; its memory is only valid there.
///
/// Samples wider than 8 bits are little-endian in formats that end in `le`. Rows may be padded: step by `stride`.
@safe package struct PictureView: ~Copyable {
  package let format: PictureFormat
  /// FFmpeg's colour names as the frame carries them; `unknown` when it does not say.
  package let primaries: String
  package let transfer: String
  package let matrix: String
  /// `tv`, `pc` or `unknown`.
  package let range: String
  /// Where chroma samples sit: `left`, `center`, `topleft`…, `unspecified`.
  package let chromaLocation: String
  let frame: UnsafeMutablePointer<AVFrame>
  private let planes: [PlaneLayout]

  init(_ frame: UnsafeMutablePointer<AVFrame>) {
    unsafe self.frame = frame
    unsafe format = PictureFormat(
      pixelFormat: PictureFormat.name(AVPixelFormat(frame.pointee.format)), width: Int(frame.pointee.width),
      height: Int(frame.pointee.height))
    primaries = ColourNames.primaries(unsafe frame.pointee.color_primaries)
    transfer = ColourNames.transfer(unsafe frame.pointee.color_trc)
    matrix = ColourNames.matrix(unsafe frame.pointee.colorspace)
    range = ColourNames.range(unsafe frame.pointee.color_range)
    chromaLocation = ColourNames.chromaLocation(unsafe frame.pointee.chroma_location)
    unsafe planes = planeLayouts(of: frame)
  }

  package var width: Int { format.width }
  package var height: Int { format.height }
  package var pixelFormat: String { format.pixelFormat }
  package var planeCount: Int { planes.count }

  /// Bytes from one row of the plane to the next.
  package func stride(ofPlane index: Int) -> Int { planes[index].stride }

  /// Bytes of a row that hold samples.
  package func rowByteCount(ofPlane index: Int) -> Int { planes[index].rowByteCount }

  package func rowCount(ofPlane index: Int) -> Int { planes[index].rowCount }

  /// The plane from its first to its last sample, padding of rows included.
  package func plane(_ index: Int) -> UnsafeRawBufferPointer {
    unsafe UnsafeRawBufferPointer(start: planes[index].base, count: planes[index].byteCount)
  }

  /// The samples of a plane row after row, without padding; a copy.
  package func bytes(ofPlane index: Int) -> [UInt8] {
    let plane = planes[index]
    var bytes: [UInt8] = []
    bytes.reserveCapacity(plane.rowByteCount * plane.rowCount)
    for row in 0..<plane.rowCount {
      unsafe bytes.append(
        contentsOf: UnsafeRawBufferPointer(start: plane.base + row * plane.stride, count: plane.rowByteCount))
    }
    return bytes
  }

  /// All planes one after the other, without padding: FFmpeg's raw video layout.
  package func packedBytes() -> [UInt8] { (0..<planeCount).flatMap { bytes(ofPlane: $0) } }
}

/// A picture to be filled, lent for the duration of a closure.
@safe package struct MutablePictureView: ~Copyable {
  package let format: PictureFormat
  private let planes: [PlaneLayout]

  init(_ frame: UnsafeMutablePointer<AVFrame>, format: PictureFormat) {
    self.format = format
    unsafe planes = planeLayouts(of: frame)
  }

  package var planeCount: Int { planes.count }

  /// Bytes from one row of the plane to the next.
  package func stride(ofPlane index: Int) -> Int { planes[index].stride }

  /// Bytes of a row that hold samples.
  package func rowByteCount(ofPlane index: Int) -> Int { planes[index].rowByteCount }

  package func rowCount(ofPlane index: Int) -> Int { planes[index].rowCount }

  /// The plane from its first to its last sample, padding of rows included.
  package func plane(_ index: Int) -> UnsafeMutableRawBufferPointer {
    unsafe UnsafeMutableRawBufferPointer(start: planes[index].base, count: planes[index].byteCount)
  }

  /// Copies a picture of the same format and size.
  package func copy(_ picture: borrowing PictureView) {
    precondition(picture.format == format, "a picture is copied into its own format only")
    for index in 0..<planeCount {
      for row in 0..<rowCount(ofPlane: index) {
        unsafe (planes[index].base + row * planes[index].stride).copyMemory(
          from: picture.plane(index).baseAddress.unsafelyUnwrapped + row * picture.stride(ofPlane: index),
          byteCount: planes[index].rowByteCount)
      }
    }
  }

  /// Fills every plane from FFmpeg's raw video layout.
  package func fill(packed bytes: [UInt8]) {
    var offset = 0
    unsafe bytes.withUnsafeBytes { source in
      for plane in planes {
        for row in 0..<plane.rowCount {
          precondition(offset + plane.rowByteCount <= source.count, "the bytes are a whole picture")
          unsafe UnsafeMutableRawBufferPointer(
            start: plane.base + row * plane.stride, count: plane.rowByteCount
          ).copyBytes(from: source[offset..<offset + plane.rowByteCount])
          offset += plane.rowByteCount
        }
      }
    }
  }
}
