import Colour
import ImageGraph
import Media
import MediaTime

/// Composites in linear light, of the scene where colour is managed, else of a display.
///
/// One picture of the plate's size for each layer is kept while the layer shows the same frame, so that a still is
/// decoded once.
final class CompositeSupply: PictureSupply {
  let interpretation: Interpretation
  var sampleAspect: (numerator: Int64, denominator: Int64) {
    (composite.sampleAspect.numerator, composite.sampleAspect.denominator)
  }

  private let composite: Composite
  private let layers: [CompositeLayer]
  private let sum: LightPicture
  /// To codes of 16 bits, which hold what the kernels and the scaler read next; scene light stays float.
  private let pipe: PicturePipe
  private let finished: PictureMemory
  private var shown: Int64?

  init(_ composite: Composite, layers: [ImageNode], builder: FrameSourceBuilder) throws {
    let format = composite.light == nil ? "yuv444p16le" : "gbrpf32le"
    guard composite.layers.count == layers.count, let layout = PixelLayout(named: format) else {
      throw WorkerFailure(verification: "the composite has \(layers.count) pictures for its layers")
    }
    interpretation = Interpretation(matrix: .bt709, isFullRange: composite.light != nil)
    self.composite = composite
    self.layers = try zip(composite.layers, layers).map { layer, node in
      try CompositeLayer(
        layer, pictures: builder.supply(node), plate: composite.raster,
        isSceneLight: composite.light != nil, colour: try layer.colour.map(builder.steps))
    }
    sum = try LightPicture(width: composite.raster.width, height: composite.raster.height)
    pipe = try PicturePipe(
      source: sum.format, grade: nil,
      destination: Colour.PictureFormat(
        layout: layout, encoding: ColourEncoding(interpretation), width: composite.raster.width,
        height: composite.raster.height))
    finished = try PictureMemory(
      Media.PictureFormat(
        pixelFormat: layout.name, width: composite.raster.width, height: composite.raster.height))
  }

  func withPicture<R>(_ number: Int64, _ body: (borrowing PictureView) throws -> R) throws -> R {
    if shown != number {
      shown = nil
      try composite(number)
      shown = number
    }
    return try finished.read(body)
  }

  private func composite(_ number: Int64) throws {
    sum.clear()
    for (index, layer) in layers.enumerated() {
      let picture = try layer.picture(at: number)
      switch (layer.layer.merge.operation, picture) {
      case (let operation?, let picture?) where index > 0: sum.merge(picture, by: operation)
      case (_, let picture?): sum.copy(picture)
      // Nothing is over, plus, multiplied with or screened over what is below: that stays.
      case (.over?, nil), (.plus?, nil), (.multiply?, nil), (.screen?, nil): break
      case (.inside?, nil), (.outside?, nil), (nil, nil): sum.clear()
      }
    }
    try finished.fill { view in
      var planes: [DestinationPlane] = []
      for index in 0..<view.planeCount {
        planes.append(
          unsafe DestinationPlane(bytes: view.plane(index), stride: view.stride(ofPlane: index)))
      }
      if composite.light == nil {
        try sum.finish(through: pipe, into: planes)
      } else {
        try sum.write(through: pipe, into: planes)
      }
    }
  }
}

extension Composite.Merge {
  /// Nil where a layer simply takes the place of what is below.
  var operation: LightPicture.Merge? {
    switch self {
    case .over: .over
    case .plus: .plus
    case .multiply: .multiply
    case .screen: .screen
    case .inside: .inside
    case .outside: .outside
    case .replace: nil
    }
  }
}

/// One layer: read, brought to light, keyed, placed.
private final class CompositeLayer {
  let layer: Composite.Layer
  private let pictures: any PictureSupply
  private let keyer: Keyer?
  private let garbage: Cover?
  private let core: Cover?
  /// In the plate's pixels.
  private let placed: LightPicture
  /// The frame that `placed` shows.
  private var shown: Int64?
  private let loader: PictureLoader
  private let isSceneLight: Bool
  /// From its own numbers to scene light; nil where they are that.
  private let colour: LoadedColour?
  /// In the layer's own pixels, where they are not the plate's.
  private var own: LightPicture?

  init(
    _ layer: Composite.Layer, pictures: any PictureSupply, plate: Raster, isSceneLight: Bool,
    colour: LoadedColour?
  ) throws {
    self.layer = layer
    self.isSceneLight = isSceneLight
    self.colour = colour
    self.pictures = pictures
    loader = PictureLoader(interpretation: pictures.interpretation, alpha: LightPicture.Alpha(layer.alpha))
    placed = try LightPicture(width: plate.width, height: plate.height)
    let key = layer.key
    guard key == nil || (layer.placement == nil && key?.screen.count == 3) else {
      throw WorkerFailure(verification: "a keyed layer lies in its own pixels")
    }
    keyer = try key.map { try Self.keyer($0, isSceneLight: isSceneLight, colour: colour) }
    garbage = try Self.cover(key?.garbage, plate)
    core = try Self.cover(key?.core, plate)
  }

  /// The screen goes the way of the pixels it is taken out of.
  private static func keyer(_ key: Composite.Key, isSceneLight: Bool, colour: LoadedColour?) throws -> Keyer {
    guard isSceneLight else {
      return try Keyer(
        screen: SIMD3(key.screen), tolerance: key.tolerance, softness: key.softness, despill: key.despill,
        spillsEverywhere: key.spillsEverywhere, erode: key.erode, blur: key.blur)
    }
    var screen = key.screen.map { Float($0) }
    try colour?.apply(&screen)
    return try Keyer(
      sceneLight: SIMD3(screen), tolerance: key.tolerance, softness: key.softness, despill: key.despill,
      spillsEverywhere: key.spillsEverywhere, erode: key.erode, blur: key.blur)
  }

  private static func cover(_ polygons: [[Double]]?, _ plate: Raster) throws -> Cover? {
    guard let polygons, !polygons.isEmpty else { return nil }
    return try Cover(
      width: plate.width, height: plate.height,
      polygons: polygons.map { values in
        stride(from: 0, to: values.count - 1, by: 2).map { SIMD2(values[$0], values[$0 + 1]) }
      })
  }

  /// The layer at a frame of the plate; nil where it shows nothing.
  func picture(at plate: Int64) throws -> LightPicture? {
    guard let frame = layer.frame(at: plate) else { return nil }
    if shown != frame {
      shown = nil
      try pictures.withPicture(frame) { try fill(from: $0) }
      shown = frame
    }
    return placed
  }

  private func fill(from picture: borrowing PictureView) throws {
    let target = try target(for: picture.format)
    try loader.load(picture, into: target, isLinear: isSceneLight || layer.isLinear)
    if let colour {
      // From light to light is a matrix, which needs no alpha: what shines without covering keeps its light.
      try target.recolour(isOpaque: layer.alpha == .opaque || layer.isLinear, colour.apply)
    }
    if let keyer { try placed.key(keyer, drop: garbage, keep: core) }
    if let own, let placement = layer.placement {
      try placed.place(
        own, scale: SIMD2(placement.scaleX, placement.scaleY),
        offset: SIMD2(placement.offsetX, placement.offsetY), keepsNegative: isSceneLight)
    }
    placed.fade(to: Float(layer.opacity))
  }

  private func target(for format: Media.PictureFormat) throws -> LightPicture {
    guard layer.placement != nil else {
      guard format.width == placed.width, format.height == placed.height else {
        throw WorkerFailure(
          verification:
            "a picture of \(format.width)x\(format.height) lies in \(placed.width)x\(placed.height)")
      }
      return placed
    }
    if let own, own.width == format.width, own.height == format.height { return own }
    let made = try LightPicture(width: format.width, height: format.height)
    own = made
    return made
  }
}
