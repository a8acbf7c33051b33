package import MediaTime

extension Graphics {
  /// Every picture that its layers draw.
  package var images: [Image] {
    layers.flatMap { layer -> [Image] in
      switch layer.content {
      case .still(let image): [image]
      case .roll(let images, _): images
      case .counter(let counter): [counter.glyphs]
      }
    }
  }
}

extension Graphics.Counter {
  /// What is written at a frame of the graphics.
  package func text(at frame: Int64) -> String {
    let counted = map.position(at: frame)
    switch style {
    case .timecode(let start, let rate, let isDropFrame):
      return Timecode(frame: start + counted, rate: rate, isDropFrame: isDropFrame).description
    case .number(let offset, let digits):
      let number = counted + offset
      let text = String(number.magnitude)
      let zeros = String(repeating: "0", count: max(0, digits - text.count))
      return (number < 0 ? "-" : "") + zeros + text
    }
  }

  /// Width of one glyph in the image, in pixels.
  package var cellWidth: Int { glyphs.raster.width / max(1, alphabet.count) }

  /// Indices in the alphabet of what is written at a frame; nil for a character it lacks, which stays blank.
  package func glyphs(at frame: Int64) -> [Int?] {
    let letters = Array(alphabet)
    return text(at: frame).map { letters.firstIndex(of: $0) }
  }
}

extension PictureSequence {
  /// Draws graphics over a stretch of the sequence, across its cuts.
  ///
  /// - Parameter clock: the number that the graphics give to the first frame of the range, counting up from there,
  ///   for what moves or fades; nil leaves the numbers of the frames below, for what only lies there: then a frame is
  ///   the same wherever the cut puts it.
  package func laying(_ graphics: Graphics, over range: FrameRange, clock: Int64? = nil) -> PictureSequence {
    var copy = self
    copy.spans = placedSpans.flatMap { start, span -> [PictureSpan] in
      guard let inside = FrameRange(start: start, count: span.count).intersection(range) else {
        return [span]
      }
      let first = inside.start - start
      var middle = span.part(from: first, count: inside.count)
      var drawn = graphics
      drawn.below = nil
      if let clock {
        let number = clock + inside.start - range.start
        drawn.below = middle.map.advanced(by: -number)
        middle.map = FrameMap(first: number)
      }
      middle.node = .graphics(drawn, of: middle.node)
      let last = first + inside.count
      return [span.part(from: 0, count: first), middle, span.part(from: last, count: span.count - last)]
        .filter { $0.count > 0 }
    }
    return copy
  }
}
