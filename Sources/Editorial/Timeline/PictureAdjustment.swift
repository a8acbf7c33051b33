package import MediaTime

/// How a picture is placed in the frame of the programme and laid over what is below it.
///
/// Applied in this order: crop, flop and flip, fit into the frame, scale and rotation about the anchor, position,
/// opacity, blend. The measures are those of no format: readers convert theirs, writers convert back.
package struct PictureAdjustment: Sendable, Hashable {
  /// What a picture of another shape fills before it is scaled.
  package enum Fit: String, Sendable, Hashable, CaseIterable {
    /// All of the picture inside the frame.
    case letterbox
    /// All of the frame, the picture's edges outside.
    case fill
    /// One pixel of the picture on one pixel of the frame.
    case native
  }

  /// How the colours meet what is below, on display-coded values.
  package enum Blend: String, Sendable, Hashable, CaseIterable {
    case normal, add, subtract, difference, multiply, screen, overlay, darken, lighten
    case hardLight = "hard-light"
    case softLight = "soft-light"
  }

  /// `nil` follows the pipeline.
  package var fit: Fit?
  /// Against the fitted size.
  package var scaleX: Animated
  package var scaleY: Animated
  /// Of the picture's centre from the frame's: in widths of the frame, rightward.
  package var positionX: Animated
  /// In heights of the frame, downward.
  package var positionY: Animated
  /// The point that scaling and rotation leave in place, from the picture's centre at scale 1: in widths and heights
  /// of the frame, rightward and downward.
  package var anchorX: Animated
  package var anchorY: Animated
  /// Degrees clockwise as seen.
  package var rotation: Animated
  /// What is cut off each side, in parts of the picture's own width or height, 0…1.
  package var crop: Edges
  /// Mirrored left to right.
  package var isFlopped: Bool
  /// Mirrored top to bottom.
  package var isFlipped: Bool
  /// 0…1.
  package var opacity: Animated
  package var blend: Blend

  package struct Edges: Sendable, Hashable {
    package var left: Animated
    package var right: Animated
    package var top: Animated
    package var bottom: Animated

    package init(left: Animated = 0, right: Animated = 0, top: Animated = 0, bottom: Animated = 0) {
      self.left = left
      self.right = right
      self.top = top
      self.bottom = bottom
    }
  }

  package init(
    fit: Fit? = nil, scaleX: Animated = 1, scaleY: Animated = 1, positionX: Animated = 0,
    positionY: Animated = 0, anchorX: Animated = 0, anchorY: Animated = 0, rotation: Animated = 0,
    crop: Edges = Edges(), isFlopped: Bool = false, isFlipped: Bool = false, opacity: Animated = 1,
    blend: Blend = .normal
  ) {
    self.fit = fit
    self.scaleX = scaleX
    self.scaleY = scaleY
    self.positionX = positionX
    self.positionY = positionY
    self.anchorX = anchorX
    self.anchorY = anchorY
    self.rotation = rotation
    self.crop = crop
    self.isFlopped = isFlopped
    self.isFlipped = isFlipped
    self.opacity = opacity
    self.blend = blend
  }

  /// The picture as it is without any of this.
  package static let none = PictureAdjustment()
}

/// A number that may change over a clip, on straight lines between keys; held before the first and after the last.
package struct Animated: Sendable, Hashable, ExpressibleByFloatLiteral, ExpressibleByIntegerLiteral {
  package struct Key: Sendable, Hashable {
    /// Record frames from the first of the clip.
    package var frame: Rational
    package var value: Double

    package init(frame: Rational, value: Double) {
      self.frame = frame
      self.value = value
    }
  }

  /// Ascending, never empty.
  package let keys: [Key]

  package init(_ constant: Double) { keys = [Key(frame: .zero, value: constant)] }

  /// Of several keys at one frame the last counts; `nil` when there are none.
  package init?(keys: [Key]) {
    var kept: [Key] = []
    for key in keys.sorted(by: { $0.frame < $1.frame }) {
      if kept.last?.frame == key.frame { kept.removeLast() }
      kept.append(key)
    }
    guard !kept.isEmpty else { return nil }
    self.keys = kept
  }

  package init(floatLiteral value: Double) { self.init(value) }
  package init(integerLiteral value: Int) { self.init(Double(value)) }

  /// The value where it never changes.
  package var constant: Double? {
    keys.allSatisfy { $0.value == keys[0].value } ? keys[0].value : nil
  }

  package func value(at frame: Int64) -> Double {
    let at = Rational(frame)
    guard let after = keys.firstIndex(where: { $0.frame > at }) else { return keys[keys.count - 1].value }
    guard after > 0 else { return keys[0].value }
    let (from, to) = (keys[after - 1], keys[after])
    guard let gone = at.checkedSubtract(from.frame), let run = to.frame.checkedSubtract(from.frame) else {
      return from.value
    }
    return from.value + (to.value - from.value) * (gone.displayValue / run.displayValue)
  }

  /// The same changes seen from `frames` later.
  package func advanced(by frames: Int64) -> Animated {
    guard keys.count > 1 else { return self }
    let moved = keys.compactMap { key in
      key.frame.checkedSubtract(Rational(frames)).map { Key(frame: $0, value: key.value) }
    }
    return Animated(keys: moved) ?? self
  }
}
