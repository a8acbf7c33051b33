import Colour
import Testing

/// Colours through a grade alone.
func graded(_ colours: [[Double]], _ grade: GradeKernel) throws -> [[Double]] {
  let layout = try #require(PixelLayout(named: "gbrpf32le"))
  let format = PictureFormat(
    layout: layout, encoding: ColourEncoding(matrix: .bt709, isFullRange: true), width: colours.count,
    height: 1)
  let pipe = try PicturePipe(
    source: format, grade: grade, destination: format)
  let channels = [1, 2, 0]
  var source = channels.flatMap { channel in colours.map { Float($0[channel]) } }
  var result = [Float](repeating: 0, count: source.count)
  let row = 4 * colours.count
  try unsafe source.withUnsafeMutableBytes { source in
    try unsafe result.withUnsafeMutableBytes { result in
      let from = (0..<3).map { plane in
        unsafe SourcePlane(
          bytes: UnsafeRawBufferPointer(rebasing: source[plane * row..<(plane + 1) * row]), stride: row)
      }
      let to = (0..<3).map { plane in
        unsafe DestinationPlane(
          bytes: UnsafeMutableRawBufferPointer(rebasing: result[plane * row..<(plane + 1) * row]), stride: row
        )
      }
      try pipe.run(source: from, destination: to)
    }
  }
  return colours.indices.map { x in [2, 0, 1].map { Double(result[$0 * colours.count + x]) } }
}
