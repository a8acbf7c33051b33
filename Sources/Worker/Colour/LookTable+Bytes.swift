import Colour

extension LookTable {
  private static let mark = Array("interlock.look-table 1\n".utf8)

  /// The tables as bytes, the same on every machine.
  var canonical: [UInt8] {
    var bytes = Self.mark
    for part in [
      shaper.map { ($0.size, $0.domain, $0.values) }, cube.map { ($0.size, $0.domain, $0.values) },
    ] {
      guard let (size, domain, values) = part else {
        Self.append(UInt64(0), to: &bytes)
        continue
      }
      Self.append(UInt64(size), to: &bytes)
      for point in [domain.minimum, domain.maximum] {
        for channel in 0..<3 { Self.append(point[channel].bitPattern, to: &bytes) }
      }
      bytes.reserveCapacity(bytes.count + 4 * values.count)
      for value in values { Self.append(value.bitPattern, to: &bytes) }
    }
    return bytes
  }

  /// - Throws: for bytes that `canonical` did not make.
  init(canonical bytes: [UInt8]) throws {
    guard bytes.starts(with: Self.mark) else {
      throw WorkerFailure(verification: "an object of the plan is no table of colours")
    }
    var rest = bytes[Self.mark.count...]
    func next<Word: FixedWidthInteger>(_ type: Word.Type) throws -> Word {
      let count = Word.bitWidth / 8
      guard rest.count >= count else {
        throw WorkerFailure(verification: "a table of colours is cut off")
      }
      var word: Word = 0
      for byte in rest.prefix(count).reversed() { word = word << 8 | Word(byte) }
      rest = rest.dropFirst(count)
      return word
    }
    func part(_ rows: (Int) -> Int) throws -> (size: Int, domain: Domain, values: [Float])? {
      let size = Int(try next(UInt64.self))
      guard size > 0, size <= 65_536 else { return nil }
      let points = try (0..<6).map { _ in Double(bitPattern: try next(UInt64.self)) }
      let count = 3 * rows(size)
      guard rest.count >= 4 * count else {
        throw WorkerFailure(verification: "a table of colours is cut off")
      }
      let values = try (0..<count).map { _ in Float(bitPattern: try next(UInt32.self)) }
      return (
        size, Domain(minimum: SIMD3(points[0..<3]), maximum: SIMD3(points[3..<6])), values
      )
    }
    let shaper = try part { $0 }
    let cube = try part { $0 * $0 * $0 }
    try self.init(
      shaper: shaper.map { Shaper(size: $0.size, values: $0.values, domain: $0.domain) },
      cube: cube.map { Cube(size: $0.size, values: $0.values, domain: $0.domain) })
  }

  private static func append<Word: FixedWidthInteger>(_ word: Word, to bytes: inout [UInt8]) {
    for shift in stride(from: 0, to: Word.bitWidth, by: 8) {
      bytes.append(UInt8(truncatingIfNeeded: word >> Word(shift)))
    }
  }
}
