import CFFmpeg

/// Encodes ProRes pictures that fill the size their profile grants, at a fraction of what the encoder's own control costs.
///
/// That control tries many quantisers for each slice. Here a picture is cut into bands of four macroblock rows, and
/// each is encoded once with the quantiser that the band above it suggests; what is missed is made up for by the bands
/// below. A band is encoded again where its size is far from what was wanted, and in the end until the picture keeps
/// within the limit. All bytes follow from the picture alone.
@safe final class BandEncoder {
  /// Version of the rule, for keys: another rule makes other bytes.
  static let version = 1

  private let settings: EncoderSettings
  private let budget: ProResBudget
  private var encoders: [Kind: EncoderContext] = [:]

  /// An encoder has one quantiser and one height.
  private struct Kind: Hashable {
    var quantiser: Int
    var height: Int
  }

  /// Some rows of the picture.
  private struct Band {
    /// Macroblock rows.
    var rows: Int
    /// In pixels.
    var top: Int
    var height: Int
    var quantiser = 0
    var frame: ProResFrame?

    var byteCount: Int { frame?.sliceByteCount ?? 0 }
  }

  private static let rowsOfBand = 4
  /// For the uppermost band, which has none above it.
  private static let first = 6
  /// The coarsest quantiser that FFmpeg's encoder takes.
  private static let coarsest = 64
  /// Shares of what was wanted beyond which a band is encoded again.
  private static let tooMuch = 1.25
  private static let tooLittle = 0.75
  /// How sizes go with quantisers: as 1 / q^¾, close enough to predict a band from the one above it. Made of square
  /// roots, which are the same on every CPU.
  private static let fineness = (0...coarsest).map { quantiser in
    let root = Double(max(1, quantiser)).squareRoot()
    return root * root.squareRoot()
  }

  init(_ settings: EncoderSettings) throws {
    self.settings = settings
    guard settings.codec == "prores_ks",
      let budget = settings.profile.flatMap({
        ProResBudget(profile: $0, width: settings.width, height: settings.height)
      })
    else {
      throw MediaError(
        code: .settings, fault: .user, operation: "open the encoder", path: settings.codec,
        reason: "only prores_ks with a profile number has a size to fill", log: nil)
    }
    self.budget = budget
  }

  func encode(_ planes: [LentPlane]) throws -> [UInt8] {
    var bands = stride(from: 0, to: budget.rowCount, by: Self.rowsOfBand).map { row in
      let rows = min(Self.rowsOfBand, budget.rowCount - row)
      return Band(rows: rows, top: row * 16, height: min(rows * 16, settings.height - row * 16))
    }
    // What bands above left over, or took.
    var carried = 0.0
    for index in bands.indices {
      let own = budget.bytesPerRow * Double(bands[index].rows)
      let wanted = max(own + carried, 0.3 * own)
      try fit(&bands[index], to: wanted, after: index > 0 ? bands[index - 1] : nil, planes)
      // A black band saves nothing for the next: pictures are as large as their content.
      carried = min(own + carried - Double(bands[index].byteCount), 0.5 * own)
    }
    try keepWithinLimit(&bands, planes)
    return ProResFrame.joined(bands.compactMap(\.frame), height: settings.height)
  }

  /// Chooses the quantiser of a band and encodes it.
  ///
  /// - Parameter wanted: bytes.
  private func fit(_ band: inout Band, to wanted: Double, after above: Band?, _ planes: [LentPlane]) throws {
    /// Too fine, as far as is known.
    var low = budget.finest - 1
    var best: (quantiser: Int, frame: ProResFrame)?
    var quantiser = Self.first
    if let above {
      let expected = Double(above.byteCount) * Double(band.rows) / Double(above.rows)
      quantiser = nearest(to: wanted, from: expected, at: above.quantiser)
    }
    while true {
      let frame = try encode(band, quantiser, planes)
      let size = Double(frame.sliceByteCount)
      var next = nearest(to: wanted, from: size, at: quantiser)
      if size > Self.tooMuch * wanted, quantiser < Self.coarsest {
        low = max(low, quantiser)
        next = max(next, low + 1)
        if let best { next = min(next, best.quantiser - 1) }
      } else {
        best = (quantiser, frame)
        next = size < Self.tooLittle * wanted ? max(next, low + 1) : quantiser
      }
      if let best, next <= low || next >= best.quantiser {
        (band.quantiser, band.frame) = best
        return
      }
      quantiser = next
    }
  }

  /// The quantiser whose size comes nearest to what is wanted, where one quantiser gives `size`.
  private func nearest(to wanted: Double, from size: Double, at quantiser: Int) -> Int {
    let scaled = size * Self.fineness[quantiser]
    func distance(_ other: Int) -> Double { abs(scaled / Self.fineness[other] - wanted) }
    return (budget.finest...Self.coarsest).min { distance($0) < distance($1) } ?? quantiser
  }

  /// Coarsens the largest bands of a picture that became too large after all.
  private func keepWithinLimit(_ bands: inout [Band], _ planes: [LentPlane]) throws {
    while bands.reduce(0, { $0 + $1.byteCount }) > budget.limit {
      let largest = bands.indices.filter { bands[$0].quantiser < Self.coarsest }
        .max { bands[$0].byteCount * bands[$1].rows < bands[$1].byteCount * bands[$0].rows }
      guard let largest else { return }
      bands[largest].quantiser += 1
      bands[largest].frame = try encode(bands[largest], bands[largest].quantiser, planes)
    }
  }

  private func encode(_ band: Band, _ quantiser: Int, _ planes: [LentPlane]) throws -> ProResFrame {
    let encoder = try encoder(Kind(quantiser: quantiser, height: band.height))
    // ProRes has a chroma row for each row of luma.
    try encoder.send(lent: planes.map { $0.dropping(rows: band.top) }, time: 0, standsAlone: true)
    let bytes = try encoder.receive { $0.bytes }
    guard let bytes, let frame = ProResFrame(bytes) else {
      throw encoder.broken("it gives no ProRes picture")
    }
    return frame
  }

  private func encoder(_ kind: Kind) throws -> EncoderContext {
    if let opened = encoders[kind] { return opened }
    var settings = settings
    settings.height = kind.height
    settings.quantiser = kind.quantiser
    let opened = try unsafe EncoderContext(
      settings, groupLength: 1, options: settings.options, refusal: { _ in nil })
    encoders[kind] = opened
    return opened
  }
}
