package import Diagnostics
package import ImageGraph
package import MediaTime

/// How one shot is composited: its layers, the lowest first.
package struct Comp: Sendable {
  /// The shot as the file names it: a shot's name, an event number, or a reel.
  package var name: String
  package var layers: [CompLayer]
  package var location: SourceLocation
  /// The line of the file that `location` names.
  package var excerpt: String?

  package init(name: String, layers: [CompLayer], location: SourceLocation, excerpt: String?) {
    self.name = name
    self.layers = layers
    self.location = location
    self.excerpt = excerpt
  }
}

/// One layer of a comp as it is written.
package struct CompLayer: Sendable {
  package enum Kind: String, CaseIterable, Sendable {
    /// The shot's own picture.
    case plate
    /// What is seen behind.
    case background
    /// What lies above.
    case element
    /// A comp from elsewhere, in place of the plate.
    case finished
  }

  /// Where the pictures come from.
  package enum Picture: Hashable, Sendable {
    case plate
    /// A clip of the media folders, by file name or reel.
    case media(String)
    /// A movie, a still, or numbered stills: the path as it is resolved.
    case file(String)
  }

  /// A frame as it is written.
  package enum Position: Hashable, Sendable {
    /// Of a movie from 0, of numbered stills the number.
    case frame(Int64)
    case timecode(TimecodeLabel)
  }

  /// How a picture of another size comes into the plate's.
  package enum Fit: String, CaseIterable, Sendable {
    /// All of it inside the plate.
    case fit
    /// It covers the plate.
    case fill
    /// Pixel for pixel, centred.
    case none
  }

  package var kind: Kind
  package var picture: Picture
  package var merge: Composite.Merge
  /// The layer's frame that lies on the plate's frame `at`; nil for its first.
  package var first: Position?
  /// Nil for the plate's first.
  package var at: Position?
  /// Layer frames for each frame of the plate.
  package var speed: Rational
  /// Nil: hold for a single still, else error.
  package var beyond: Composite.Beyond?
  package var fit: Fit
  /// On top of `fit`, around the centre of the plate.
  package var scale: Double
  /// Pixels of the plate to the right and down.
  package var move: SIMD2<Double>
  package var opacity: Double
  /// Nil: what the media has, premultiplied where it is linear.
  package var alpha: Composite.Alpha?
  /// Nil: linear for floating point, else display-coded.
  package var isLinear: Bool?
  /// The colour space of its pictures, as the config spells it; nil: as the rules for media and its tags say.
  package var space: String?
  package var key: CompKey?
  package var location: SourceLocation
  package var excerpt: String?

  package init(
    kind: Kind, picture: Picture, merge: Composite.Merge, first: Position? = nil, at: Position? = nil,
    speed: Rational = .one, beyond: Composite.Beyond? = nil, fit: Fit = .fill, scale: Double = 1,
    move: SIMD2<Double> = SIMD2(0, 0), opacity: Double = 1, alpha: Composite.Alpha? = nil,
    isLinear: Bool? = nil, space: String? = nil, key: CompKey? = nil, location: SourceLocation,
    excerpt: String? = nil
  ) {
    self.kind = kind
    self.picture = picture
    self.merge = merge
    self.first = first
    self.at = at
    self.speed = speed
    self.beyond = beyond
    self.fit = fit
    self.scale = scale
    self.move = move
    self.opacity = opacity
    self.alpha = alpha
    self.isLinear = isLinear
    self.space = space
    self.key = key
    self.location = location
    self.excerpt = excerpt
  }
}

/// A key as it is written.
package struct CompKey: Sendable {
  package enum Screen: Hashable, Sendable {
    /// R', G', B' as the plate codes them.
    case colour([Double])
    /// Measured in a frame of the plate, in x, y, width, height or all of it.
    case sample(frame: Int64, part: [Int]?)
  }

  package var screen: Screen
  package var tolerance: Double
  package var softness: Double
  package var despill: Double
  package var spillsEverywhere: Bool
  package var erode: Int
  package var blur: Int
  /// Polygons in plate pixels, x and y in turn.
  package var garbage: [[Double]]
  package var core: [[Double]]

  package init(
    screen: Screen = .sample(frame: 0, part: nil), tolerance: Double = 0.1, softness: Double = 0.8,
    despill: Double = 1, spillsEverywhere: Bool = false, erode: Int = 0, blur: Int = 0,
    garbage: [[Double]] = [], core: [[Double]] = []
  ) {
    self.screen = screen
    self.tolerance = tolerance
    self.softness = softness
    self.despill = despill
    self.spillsEverywhere = spillsEverywhere
    self.erode = erode
    self.blur = blur
    self.garbage = garbage
    self.core = core
  }

  /// Whether one channel of a screen lies far enough above the others to be told from them.
  ///
  /// - Parameter isManaged: the numbers are those of a camera, which codes 10 stops and more: a screen that a display
  ///   shows 0.15 apart is 0.05 apart in a logarithmic plate.
  package static func separates(_ screen: [Double], isManaged: Bool = false) -> Bool {
    let least = leastDifference(isManaged: isManaged)
    guard screen.count == 3, let most = screen.max(), let index = screen.firstIndex(of: most) else {
      return false
    }
    return screen.indices.allSatisfy { $0 == index || most - screen[$0] >= least }
  }

  package static func leastDifference(isManaged: Bool) -> Double { isManaged ? 0.05 : 0.15 }

  package func key(on screen: [Double]) -> Composite.Key {
    Composite.Key(
      screen: screen, tolerance: tolerance, softness: softness, despill: despill,
      spillsEverywhere: spillsEverywhere, erode: erode, blur: blur, garbage: garbage, core: core)
  }
}
