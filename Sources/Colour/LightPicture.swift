import CPictureKernels

/// A picture in linear light: R, G, B premultiplied by alpha, and alpha, in binary32, one plane each.
///
/// Display-coded R'G'B' and light are related by a pure power of 2.4, odd around 0. Source: ITU-R BT.1886 with
/// Lb = 0. Light 1 is display white. Every operation makes the same bytes on every CPU path.
///
/// Sizing uses it for display-coded values: those are loaded as if they were light, and written.
@safe package final class LightPicture {
  /// From display-coded values to light.
  package static let displayPower = 2.4
  /// Greatest magnitude of a colour, the largest half float.
  private static let greatest: Float = 65_504

  package let width: Int
  package let height: Int
  private let path: KernelPath
  /// Planes R, G, B, alpha one after the other.
  private let samples: UnsafeMutablePointer<Float>
  private var count: Int { width * height }

  /// A picture of nothing.
  ///
  /// - Parameter path: for tests; the bytes do not depend on it.
  /// - Throws: `.unsupportedFormat` for sizes outside 1…65,536 or a path this CPU has not.
  package init(width: Int, height: Int, path: KernelPath = .chosen) throws(ColourError) {
    guard (1...65_536).contains(width), (1...65_536).contains(height), path.isAvailable else {
      throw ColourError(
        code: .unsupportedFormat, message: "a picture of \(width)x\(height) on \(path) cannot be composited",
        remedy: "Use sizes of 1…65,536 pixels and the chosen path.")
    }
    self.width = width
    self.height = height
    self.path = path
    unsafe samples = .allocate(capacity: 4 * width * height)
    clear()
  }

  deinit { unsafe samples.deallocate() }

  /// Makes it a picture of nothing: no light, no cover.
  package func clear() { unsafe samples.update(repeating: 0, count: 4 * count) }

  /// The format of the colour planes for a `PicturePipe`, which takes them in the order G, B, R.
  package var format: PictureFormat {
    guard let layout = PixelLayout(named: "gbrpf32le") else {
      preconditionFailure("the kernels know planes of binary32")
    }
    return PictureFormat(
      layout: layout, encoding: ColourEncoding(matrix: .bt709, isFullRange: true), width: width,
      height: height)
  }

  private func plane(_ index: Int) -> UnsafeMutablePointer<Float> { unsafe samples + index * count }

  /// The samples of R, G, B or alpha (3), row after row; a copy.
  package func values(ofPlane index: Int) -> [Float] {
    precondition((0..<4).contains(index), "a picture has four planes")
    return unsafe Array(UnsafeBufferPointer(start: plane(index), count: count))
  }

  /// Replaces the samples of R, G, B or alpha (3).
  package func setValues(_ values: [Float], ofPlane index: Int) {
    precondition((0..<4).contains(index) && values.count == count, "a plane has a sample for each pixel")
    unsafe values.withUnsafeBufferPointer { source in
      guard let base = source.baseAddress else { return }
      unsafe plane(index).update(from: base, count: count)
    }
  }

  // MARK: Into light

  /// How the numbers of a picture are to be read.
  package enum Alpha: Sendable {
    /// It has none: all of it covers.
    case opaque
    /// Colours are as if nothing were behind.
    case straight
    /// Colours are multiplied by alpha, as they are coded.
    case premultiplied
  }

  /// Takes in the colours that `pipe` makes of a picture, and its alpha.
  ///
  /// - Parameters:
  ///   - planes: the colour planes of the source, then its plane of alpha where the layout has one.
  ///   - isLinear: the numbers are light already.
  package func load(
    _ planes: [SourcePlane], through pipe: PicturePipe, alpha: Alpha, isLinear: Bool
  ) throws(ColourError) {
    let order = [1, 2, 0]
    try pipe.run(
      source: planes,
      destination: order.map { index in
        unsafe DestinationPlane(
          bytes: UnsafeMutableRawBufferPointer(
            UnsafeMutableBufferPointer(start: plane(index), count: count)),
          stride: width * MemoryLayout<Float>.size)
      })
    let kernel = path.rawValue
    // The way to light limits by itself.
    if isLinear { unsafe pk_limit(kernel, samples, 3 * count, -Self.greatest, Self.greatest) }
    if alpha == .opaque {
      unsafe plane(3).update(repeating: 1, count: count)
    } else {
      try loadAlpha(planes, of: pipe.source.layout)
    }
    if !isLinear {
      if alpha == .premultiplied {
        for index in 0..<3 { unsafe pk_divide(kernel, plane(index), plane(3), count) }
      }
      unsafe pk_raise(kernel, samples, 3 * count, Self.displayPower)
    }
    if alpha == .straight || (alpha == .premultiplied && !isLinear) {
      for index in 0..<3 { unsafe pk_multiply(kernel, plane(index), plane(3), count) }
    }
  }

  private func loadAlpha(_ planes: [SourcePlane], of layout: PixelLayout) throws(ColourError) {
    let index = layout.family == .packedRGB ? 0 : 3
    let rowBytes =
      layout.family == .packedRGB
      ? layout.planeSize(0, width: width, height: height).rowBytes : width * layout.bytesPerSample
    guard layout.hasAlpha, index < planes.count, planes[index].holds(rowBytes, rows: height, layout) else {
      throw ColourError(
        code: .badPlanes, message: "a picture in \(layout) has no plane of alpha, or a smaller one",
        remedy: "Probe the media again.")
    }
    unsafe pk_load_alpha(
      layout.forKernels, planes[index].bytes.baseAddress, planes[index].stride, Int32(width), Int32(height),
      plane(3))
  }

  /// Lends the planes of its colours, in the order G, B, R, to what makes other colours of them; they are not multiplied
  /// by alpha meanwhile.
  package func recolour(
    isOpaque: Bool, _ body: ([DestinationPlane], _ width: Int, _ height: Int) throws -> Void
  ) throws {
    if !isOpaque { for index in 0..<3 { unsafe pk_divide(path.rawValue, plane(index), plane(3), count) } }
    try body(
      [1, 2, 0].map { index in
        unsafe DestinationPlane(
          bytes: UnsafeMutableRawBufferPointer(
            UnsafeMutableBufferPointer(start: plane(index), count: count)),
          stride: width * MemoryLayout<Float>.size)
      }, width, height)
    if !isOpaque { for index in 0..<3 { unsafe pk_multiply(path.rawValue, plane(index), plane(3), count) } }
  }

  // MARK: Out of light

  /// Light to display-coded values, where it lies.
  package func code() { unsafe pk_raise(path.rawValue, samples, 3 * count, 1 / Self.displayPower) }

  /// Lays the picture over black and hands it to `pipe` as display-coded R'G'B'; it holds those afterwards.
  package func finish(through pipe: PicturePipe, into destination: [DestinationPlane]) throws(ColourError) {
    unsafe pk_raise(path.rawValue, samples, 3 * count, 1 / Self.displayPower)
    try write(through: pipe, into: destination)
  }

  /// Hands the colours to `pipe` as they are.
  package func write(through pipe: PicturePipe, into destination: [DestinationPlane]) throws(ColourError) {
    let order = [1, 2, 0]
    try pipe.run(
      source: order.map { index in
        unsafe SourcePlane(
          bytes: UnsafeRawBufferPointer(UnsafeBufferPointer(start: plane(index), count: count)),
          stride: width * MemoryLayout<Float>.size)
      }, destination: destination)
  }

  // MARK: Operations

  /// How a picture A meets what lies below it, B; a and b are their alphas.
  package enum Merge: Int32, CaseIterable, Sendable {
    /// A + B·(1 − a)
    case over = 0
    /// A + B; alpha at most 1
    case plus = 1
    /// A·(1 − b) + B·(1 − a) + A·B
    case multiply = 2
    /// A + B − A·B; where one is outside 0…1, the brighter
    case screen = 3
    /// A·b
    case inside = 4
    /// A·(1 − b)
    case outside = 5
  }

  /// Merges a picture of this size into this one, which lies below.
  package func merge(_ above: LightPicture, by operation: Merge) {
    precondition(above !== self && above.width == width && above.height == height, "pictures of one size")
    let top = unsafe (0..<4).map { unsafe UnsafePointer<Float>?(above.plane($0)) }
    let below = unsafe (0..<4).map { unsafe UnsafeMutablePointer<Float>?(plane($0)) }
    unsafe pk_merge(path.rawValue, operation.rawValue, top, below, count)
  }

  /// Becomes a copy of a picture of this size.
  package func copy(_ other: LightPicture) {
    precondition(other.width == width && other.height == height, "pictures of one size")
    unsafe samples.update(from: other.samples, count: 4 * count)
  }

  /// Weakens colours and alpha alike.
  package func fade(to opacity: Float) {
    guard opacity != 1 else { return }
    unsafe pk_scale(samples, opacity, 4 * count)
  }

  /// Becomes another picture scaled and moved: its pixel u lies at u·scale + offset.
  ///
  /// Catmull-Rom; whole moves without scaling are exact. What lies outside of it is nothing.
  ///
  /// - Parameters:
  ///   - scale: 1/64…64 on each axis.
  ///   - keepsNegative: light below 0 stays, which colours outside of a space's primaries have.
  package func place(
    _ other: LightPicture, scale: SIMD2<Double>, offset: SIMD2<Double>, keepsNegative: Bool = false
  ) throws(ColourError) {
    guard (1.0 / 64...64).contains(scale.x), (1.0 / 64...64).contains(scale.y),
      offset.x.magnitude < 1e6, offset.y.magnitude < 1e6
    else {
      throw ColourError(
        code: .misplacedPicture, message: "a scale of \(scale.x), \(scale.y) is outside 1/64 to 64",
        remedy: "Scale the media itself first.")
    }
    for index in 0..<4 {
      let status = unsafe pk_resample(
        path.rawValue, other.plane(index), Int32(other.width), Int32(other.height), plane(index),
        Int32(width), Int32(height), [scale.x, scale.y], [offset.x, offset.y])
      guard status == 0 else { throw .outOfMemory }
    }
    // Weights below 0 ring around edges: light and cover stay possible.
    unsafe pk_limit(path.rawValue, samples, 3 * count, keepsNegative ? -Self.greatest : 0, Self.greatest)
    unsafe pk_limit(path.rawValue, plane(3), count, 0, 1)
  }

  /// Becomes another picture under an affine transform, its colours no longer multiplied by alpha.
  ///
  /// Catmull-Rom; whole moves and mirrors are exact.
  ///
  /// - Parameters:
  ///   - place: the pixel centre x, y shows the other picture at `place[0]·x + place[1]·y + place[2]`,
  ///     `place[3]·x + place[4]·y + place[5]`, pixels counted from corners.
  ///   - cover: what is seen of it; its alpha is multiplied by that.
  ///   - isOpaque: the other picture's alpha is 1 everywhere.
  package func transform(
    _ other: LightPicture, place: [Double], cover: Cover, isOpaque: Bool
  ) throws(ColourError) {
    precondition(
      place.count == 6 && cover.width == width && cover.height == height, "a place for each of its pixels")
    let planes = isOpaque ? 3 : 4
    let from = unsafe (0..<4).map { unsafe UnsafePointer<Float>?(other.plane($0)) }
    let to = unsafe (0..<4).map { unsafe UnsafeMutablePointer<Float>?(plane($0)) }
    let status = unsafe pk_transform(
      path.rawValue, Int32(planes), from, Int32(other.width), Int32(other.height), to, cover.samples,
      Int32(width), Int32(height), place)
    guard status == 0 else { throw .outOfMemory }
    if isOpaque {
      setValues(cover.samples, ofPlane: 3)
    } else {
      let alpha = unsafe plane(3)
      unsafe pk_limit(path.rawValue, alpha, count, 0, 1)
      for index in 0..<3 { unsafe pk_divide(path.rawValue, plane(index), alpha, count) }
      unsafe pk_multiply(path.rawValue, alpha, cover.samples, count)
    }
  }

  // MARK: Keying

  /// Makes an opaque picture of something before a screen into that something.
  ///
  /// - Parameters:
  ///   - drop: how much of each pixel is thrown away whatever its colour; nil for none.
  ///   - keep: how much of each pixel covers whatever its colour; nil for none.
  package func key(_ keyer: Keyer, drop: Cover?, keep: Cover?) throws(ColourError) {
    var key = keyer.forKernels
    let rgb = unsafe (0..<3).map { unsafe UnsafePointer<Float>?(plane($0)) }
    let alpha = unsafe plane(3)
    if let white = keyer.white {
      let limited = UnsafeMutablePointer<Float>.allocate(capacity: 3 * count)
      defer { unsafe limited.deallocate() }
      unsafe limited.update(from: samples, count: 3 * count)
      unsafe pk_limit(path.rawValue, limited, 3 * count, 0, white)
      let planes = unsafe (0..<3).map { unsafe UnsafePointer<Float>?(limited + $0 * count) }
      unsafe pk_matte(path.rawValue, &key, planes, alpha, count)
    } else {
      unsafe pk_matte(path.rawValue, &key, rgb, alpha, count)
    }
    for (cover, keeps) in [(drop, 0), (keep, 1)] as [(Cover?, Int32)] {
      guard let cover else { continue }
      precondition(cover.width == width && cover.height == height, "a cover has the picture's size")
      unsafe pk_force(alpha, cover.samples, keeps, count)
    }
    guard
      unsafe pk_soften(alpha, Int32(width), Int32(height), Int32(keyer.erode), Int32(keyer.blur)) == 0
    else { throw .outOfMemory }
    let colours = unsafe (0..<3).map { unsafe UnsafeMutablePointer<Float>?(plane($0)) }
    // Spill lies along edges, a little way into what covers; farther in nothing changes.
    let inside = UnsafeMutablePointer<Float>.allocate(capacity: count)
    defer { unsafe inside.deallocate() }
    if keyer.spillsEverywhere {
      unsafe inside.update(repeating: 0, count: count)
    } else {
      unsafe inside.update(from: alpha, count: count)
      let reach = Int32(max(2, height / 240))
      guard unsafe pk_soften(inside, Int32(width), Int32(height), reach, reach) == 0 else {
        throw .outOfMemory
      }
    }
    unsafe pk_unscreen(path.rawValue, &key, colours, alpha, inside, count)
  }

  /// The mean display-coded colour of the green or blue screen in a part of a picture; nil where nothing is green
  /// or blue.
  ///
  /// - Parameters:
  ///   - planes: of `source`, as `PicturePipe` takes them.
  package static func screenColour(
    _ planes: [SourcePlane], of source: PictureFormat, in part: PictureRectangle
  ) throws(ColourError) -> SIMD3<Double>? {
    let picture = try LightPicture(width: source.width, height: source.height)
    try picture.load(
      planes, through: PicturePipe(source: source, grade: nil, destination: picture.format), alpha: .opaque,
      isLinear: true)
    precondition(
      part.x >= 0 && part.y >= 0 && part.width > 0 && part.height > 0
        && part.x + part.width <= source.width && part.y + part.height <= source.height,
      "the part lies inside the picture")
    let rgb = unsafe (0..<3).map { unsafe UnsafePointer<Float>?(picture.plane($0)) }
    var colour = [0.0, 0.0, 0.0]
    let channel = unsafe pk_sample_screen(
      rgb, Int32(source.width), Int32(part.x), Int32(part.y), Int32(part.width), Int32(part.height), &colour)
    return channel < 0 ? nil : SIMD3(colour)
  }
}

extension ColourError {
  static var outOfMemory: ColourError {
    ColourError(
      code: .outOfMemory, message: "no memory for a picture", remedy: "Run fewer tasks at once.")
  }
}
