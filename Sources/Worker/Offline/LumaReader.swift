import Colour
import Drawing
import ImageGraph
import ObjectStore
import TaskKinds

/// Renders frames of nodes as small planes of luma; one chain is open at a time, and the offline.
final class LumaReader {
  private let view: OfflineView
  private let nodes: [String: ImageNode]
  private let store: ObjectStore
  private var current: (chain: String, source: any FrameSource)?
  private var offline: (any FrameSource)?

  init(_ view: OfflineView, nodes: [String: ImageNode], store: ObjectStore) {
    self.view = view
    self.nodes = nodes
    self.store = store
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
    return try FrameSourceBuilder(media: view.media, store: store).source(
      node,
      destination: Colour.PictureFormat(
        layout: layout, encoding: ColourEncoding(matrix: .bt709, isFullRange: true),
        width: view.raster.width, height: view.raster.height))
  }
}

extension LumaPlane {
  /// Of a picture in planar float R'G'B'.
  init(_ buffer: PictureBuffer) {
    let planes = buffer.floatPlanes()
    self.init(
      reducing: OfflineView.step, width: buffer.width, height: buffer.height, red: planes[2],
      green: planes[0], blue: planes[1])
  }
}
