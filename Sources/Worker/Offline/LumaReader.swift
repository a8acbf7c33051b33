import Colour
import Drawing
import ImageGraph
import ObjectStore
import TaskKinds

/// Renders frames of nodes as small planes of luma; one chain is open at a time, and the offline.
final class LumaReader {
  private let view: OfflineView
  private let nodes: [String: ImageNode]
  private let builder: FrameSourceBuilder
  private var current: (chain: String, source: any FrameSource)?
  private var offline: (any FrameSource)?

  init(_ view: OfflineView, nodes: [String: ImageNode], store: ObjectStore) {
    self.view = view
    self.nodes = nodes
    builder = FrameSourceBuilder(media: view.media, store: store)
  }

  func offline(_ frame: Int64) throws -> LumaPlane {
    try withOffline(frame) { LumaPlane($0) }
  }

  func conformed(_ chain: String, _ frame: Int64) throws -> LumaPlane {
    try withConformed(chain, frame) { LumaPlane($0) }
  }

  func offlineStill(_ frame: Int64) throws -> SamplePicture { try withOffline(frame) { SamplePicture($0) } }

  func conformedStill(_ chain: String, _ frame: Int64) throws -> SamplePicture {
    try withConformed(chain, frame) { SamplePicture($0) }
  }

  private func withOffline<R>(_ frame: Int64, _ body: (PictureBuffer) throws -> R) throws -> R {
    let source = try offline ?? open(view.offline)
    offline = source
    return try source.withFrame(frame, body)
  }

  private func withConformed<R>(
    _ chain: String, _ frame: Int64, _ body: (PictureBuffer) throws -> R
  ) throws -> R {
    if current?.chain != chain {
      guard let node = nodes[chain] else {
        throw WorkerFailure(verification: "the task does not say what chain \(chain.prefix(12)) is")
      }
      // One at a time: each holds decoders and pictures.
      current = nil
      current = (chain, try open(node))
    }
    guard let source = current?.source else { preconditionFailure("a chain was opened") }
    return try source.withFrame(frame, body)
  }

  private func open(_ node: ImageNode) throws -> any FrameSource {
    guard let layout = PixelLayout(named: "gbrpf32le") else {
      throw WorkerFailure(verification: "the kernels do not write gbrpf32le")
    }
    return try builder.source(
      node,
      destination: Colour.PictureFormat(
        layout: layout, encoding: ColourEncoding(matrix: .bt709, isFullRange: true),
        width: view.raster.width, height: view.raster.height))
  }
}

extension LumaPlane {
  /// Luma of Rec.709 of a picture in planar float R'G'B', in codes.
  init(_ buffer: PictureBuffer) {
    let planes = buffer.floatPlanes()
    var values = [Float](repeating: 0, count: buffer.width * buffer.height)
    for index in values.indices {
      let value = 0.2126 * planes[2][index] + 0.7152 * planes[0][index] + 0.0722 * planes[1][index]
      // What is no number is black.
      values[index] = value > 0 ? min(value, 1) * 255 : 0
    }
    self.init(width: buffer.width, height: buffer.height, values: values)
  }
}

/// Which pixels of the comparison count.
struct OfflineMask {
  let width: Int
  let height: Int
  private(set) var use: [UInt8]

  /// The declared masks and the burn-ins that were found.
  init(_ view: OfflineView, burnIns: [Int] = [], block: Int = 1) {
    width = view.raster.width
    height = view.raster.height
    use = [UInt8](repeating: 1, count: width * height)
    for mask in view.masks where mask.count == 4 { leaveOut(mask[0], mask[1], mask[2], mask[3]) }
    let columns = Self.columns(width, block)
    for index in burnIns {
      leaveOut(index % columns * block, index / columns * block, block, block)
    }
  }

  static func columns(_ width: Int, _ block: Int) -> Int { (width + block - 1) / block }

  private mutating func leaveOut(_ x: Int, _ y: Int, _ wide: Int, _ high: Int) {
    for row in max(0, y)..<max(0, y, min(height, y + high)) {
      for column in max(0, x)..<max(0, x, min(width, x + wide)) { use[row * width + column] = 0 }
    }
  }

  /// Those pixels only that `inside` has too.
  func within(_ inside: [UInt8]) -> [UInt8] {
    var result = use
    for index in result.indices where inside[index] == 0 { result[index] = 0 }
    return result
  }
}

extension LumaPlane {
  /// Above this code a pixel belongs to the picture and not to the black beside it.
  static let black: Float = 8

  /// 1 in the smallest box around everything in the planes that is not black; 0 outside.
  static func pictureArea(_ planes: [LumaPlane]) -> (inside: [UInt8], box: (x: Range<Int>, y: Range<Int>))? {
    guard let first = planes.first else { return nil }
    let (width, height) = (first.width, first.height)
    var rows = [Int](repeating: 0, count: height)
    var columns = [Int](repeating: 0, count: width)
    var brightest = [Float](repeating: 0, count: width * height)
    for plane in planes {
      for index in brightest.indices { brightest[index] = max(brightest[index], plane.values[index]) }
    }
    for row in 0..<height {
      for column in 0..<width where brightest[row * width + column] > black {
        rows[row] += 1
        columns[column] += 1
      }
    }
    // A line of text in the black does not make it picture.
    let wide = max(1, width / 3)
    let high = max(1, height / 3)
    guard let top = rows.firstIndex(where: { $0 >= wide }), let bottom = rows.lastIndex(where: { $0 >= wide }),
      let left = columns.firstIndex(where: { $0 >= high }),
      let right = columns.lastIndex(where: { $0 >= high })
    else { return nil }
    var inside = [UInt8](repeating: 0, count: width * height)
    for row in top...bottom { for column in left...right { inside[row * width + column] = 1 } }
    return (inside, (left..<right + 1, top..<bottom + 1))
  }
}
