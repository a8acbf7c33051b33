import CFFmpeg

/// Size and pixel format of a picture in memory.
package struct PictureFormat: Hashable, Sendable, CustomStringConvertible {
  /// FFmpeg's name, e.g. `yuv422p10le`.
  package var pixelFormat: String
  package var width: Int
  package var height: Int

  package init(pixelFormat: String, width: Int, height: Int) {
    self.pixelFormat = pixelFormat
    self.width = width
    self.height = height
  }

  package var description: String { "\(width)x\(height) \(pixelFormat)" }

  /// - Throws: `settings` for a name FFmpeg does not know or a size it does not take.
  func rawPixelFormat() throws(MediaError) -> AVPixelFormat {
    let format = unsafe av_get_pix_fmt(pixelFormat)
    guard format != AV_PIX_FMT_NONE, (1...32_768).contains(width), (1...32_768).contains(height) else {
      throw MediaError(
        code: .settings, fault: .user, operation: "use picture format", path: description,
        reason: format == AV_PIX_FMT_NONE ? "unknown pixel format" : "size outside 1…32768")
    }
    return format
  }

  static func name(_ format: AVPixelFormat) -> String {
    unsafe av_get_pix_fmt_name(format).map { unsafe String(cString: $0) } ?? "unknown"
  }
}

/// Where a plane of a picture lies in memory.
@safe struct PlaneLayout {
  var base: UnsafeMutableRawPointer
  var stride: Int
  var rowByteCount: Int
  var rowCount: Int

  /// From the first byte of the first row to the last byte of the last, without the last row's padding.
  var byteCount: Int { rowCount > 0 ? (rowCount - 1) * stride + rowByteCount : 0 }
}

/// The planes of a frame whose rows all run downwards.
func planeLayouts(of frame: UnsafeMutablePointer<AVFrame>) -> [PlaneLayout] {
  let format = unsafe AVPixelFormat(frame.pointee.format)
  guard let descriptor = unsafe av_pix_fmt_desc_get(format) else { return [] }
  let width = unsafe frame.pointee.width
  let height = unsafe Int(frame.pointee.height)
  let shift = unsafe Int(descriptor.pointee.log2_chroma_h)
  let pointers = unsafe [
    frame.pointee.data.0, frame.pointee.data.1, frame.pointee.data.2, frame.pointee.data.3,
  ]
  let strides = unsafe [
    frame.pointee.linesize.0, frame.pointee.linesize.1, frame.pointee.linesize.2, frame.pointee.linesize.3,
  ]
  var planes: [PlaneLayout] = []
  for index in 0..<max(0, Int(av_pix_fmt_count_planes(format))) {
    guard let base = unsafe pointers[index] else { break }
    // Planes 1 and 2 are chroma, or full-size for planar RGB, whose shift is 0.
    let isChroma = index == 1 || index == 2
    unsafe planes.append(
      PlaneLayout(
        base: UnsafeMutableRawPointer(base), stride: Int(strides[index]),
        rowByteCount: Int(av_image_get_linesize(format, width, Int32(index))),
        rowCount: isChroma ? (height + (1 << shift) - 1) >> shift : height))
  }
  return planes
}
