import CPictureKernels

/// A colour-difference key in linear light.
///
/// How far the screen's main channel lies above the other two tells the share of screen in a pixel; its alpha is the
/// rest, stretched. The share is taken out of the colour, which is then premultiplied: C − (1 − a)·screen.
package struct Keyer: Sendable {
  /// Linear light, R, G, B.
  private let screen: SIMD3<Float>
  private let mainChannel: Int
  private let tolerance: Float
  private let softness: Float
  private let despill: Float
  let spillsEverywhere: Bool
  /// Pixels by which what covers shrinks; below 0 it grows.
  let erode: Int
  /// Pixels over which the edge is softened on each side.
  let blur: Int
  /// Where the light ends of which the matte is made; nil where it has an end of its own.
  let white: Float?

  /// - Parameters:
  ///   - screen: display-coded R', G', B' of the screen; one must lie clearly above the others.
  ///   - tolerance: 0..<1, from the screen to no screen: up to here nothing covers.
  ///   - softness: so much farther a pixel covers wholly; above 0.
  ///   - despill: 0…1, how much of the main channel above both others is taken out.
  ///   - spillsEverywhere: take it from all pixels, not only near edges, where what covers stays as it is.
  /// - Throws: `.invalidKey`.
  package init(
    screen: SIMD3<Double>, tolerance: Double, softness: Double, despill: Double, spillsEverywhere: Bool,
    erode: Int, blur: Int
  ) throws(ColourError) {
    var light = [Float(screen.x), Float(screen.y), Float(screen.z)]
    unsafe pk_raise(KernelPath.baseline.rawValue, &light, 3, LightPicture.displayPower)
    let isCoded = (0..<3).allSatisfy { (0...2).contains(screen[$0]) }
    try self.init(
      light: isCoded ? light : [0, 0, 0], white: nil, tolerance: tolerance, softness: softness,
      despill: despill, spillsEverywhere: spillsEverywhere, erode: erode, blur: blur)
  }

  /// A key on a screen in scene-linear light.
  ///
  /// The matte is a share of light, as in display light: what a pixel has of the screen's light does not depend on how
  /// either was coded, so tolerance and softness mean the same. Display-coded pictures end at white, and above it are
  /// neutral; scene light goes on, and a greenish highlight there would count as many times the screen. So the matte
  /// alone is made of light up to diffuse white, or up to the screen where that is brighter; colours keep all of theirs.
  ///
  /// - Parameters:
  ///   - screen: R, G, B; one must lie above the others.
  ///   - tolerance, softness, despill, spillsEverywhere, erode, blur: as of display-coded screens.
  /// - Throws: `.invalidKey`.
  package init(
    sceneLight screen: SIMD3<Float>, tolerance: Double, softness: Double, despill: Double,
    spillsEverywhere: Bool, erode: Int, blur: Int
  ) throws(ColourError) {
    try self.init(
      light: [screen.x, screen.y, screen.z], white: max(1, screen.max()), tolerance: tolerance,
      softness: softness, despill: despill, spillsEverywhere: spillsEverywhere, erode: erode, blur: blur)
  }

  private init(
    light: [Float], white: Float?, tolerance: Double, softness: Double, despill: Double,
    spillsEverywhere: Bool, erode: Int, blur: Int
  ) throws(ColourError) {
    let main = light.indices.max { light[$0] < light[$1] } ?? 1
    let rest = light.indices.filter { $0 != main }.map { light[$0] }.max() ?? 0
    guard light.allSatisfy(\.isFinite), light[main] - rest > 0.005,
      (0..<1).contains(tolerance),
      (0.001...2).contains(softness), (0...1).contains(despill), (-32...32).contains(erode),
      (0...32).contains(blur)
    else {
      throw ColourError(
        code: .invalidKey,
        message:
          "a key on light of \(light[0]), \(light[1]), \(light[2]) with these values does not separate anything",
        remedy: "Give a screen colour with one channel above the others, and values in their ranges.")
    }
    self.screen = SIMD3(light)
    self.white = white
    mainChannel = main
    self.tolerance = Float(tolerance)
    self.softness = Float(softness)
    self.despill = Float(despill)
    self.spillsEverywhere = spillsEverywhere
    self.erode = erode
    self.blur = blur
  }

  var forKernels: pk_key {
    pk_key(
      screen: (screen.x, screen.y, screen.z), main_channel: Int32(mainChannel), tolerance: tolerance,
      softness: softness, despill: despill)
  }
}

/// How much of each pixel some polygons cover.
package struct Cover: Sendable {
  let width: Int
  let height: Int
  /// 0…1, row after row.
  let samples: [Float]

  /// - Parameter polygons: x, y pairs in pixels, each of at least three points; filled even-odd.
  package init(width: Int, height: Int, polygons: [[SIMD2<Double>]]) throws(ColourError) {
    var samples = [Float](repeating: 0, count: width * height)
    for polygon in polygons where polygon.count >= 3 {
      let points = polygon.flatMap { [$0.x, $0.y] }
      let status = unsafe samples.withUnsafeMutableBufferPointer { buffer in
        unsafe pk_cover(buffer.baseAddress, Int32(width), Int32(height), points, polygon.count)
      }
      guard status == 0 else { throw .outOfMemory }
    }
    self.width = width
    self.height = height
    self.samples = samples
  }

  /// How much of each pixel a convex polygon covers, exactly, times an opacity.
  ///
  /// - Parameter convex: at most 32 corners in pixels, clockwise as seen; nothing is covered by fewer than three.
  package init(width: Int, height: Int, convex: [SIMD2<Double>], opacity: Float = 1) {
    precondition(convex.count <= 32, "a polygon of \(convex.count) corners")
    var samples = [Float](repeating: 0, count: width * height)
    unsafe samples.withUnsafeMutableBufferPointer { buffer in
      guard let base = buffer.baseAddress else { return }
      unsafe pk_area(base, Int32(width), Int32(height), convex.flatMap { [$0.x, $0.y] }, convex.count)
      if opacity != 1 { unsafe pk_scale(base, opacity, width * height) }
    }
    self.width = width
    self.height = height
    self.samples = samples
  }
}
