import TestSupport

/// Damage done to a file, as disks, mail programs and hurried hands do it.
struct CutMutation {
  private var random: SplitMix64

  init(seed: UInt64) { random = SplitMix64(seed: seed) }

  /// One to four strokes, not the same ones for two seeds.
  mutating func damaged(_ bytes: [UInt8]) -> [UInt8] {
    var bytes = bytes
    for _ in 0..<Int.random(in: 1...4, using: &random) where !bytes.isEmpty { strike(&bytes) }
    return bytes
  }

  private mutating func strike(_ bytes: inout [UInt8]) {
    let index = place(in: bytes)
    switch Int.random(in: 0..<10, using: &random) {
    case 0: bytes[index] ^= 1 << UInt8.random(in: 0..<8, using: &random)
    case 1: bytes[index] = UInt8.random(in: 0...255, using: &random)
    case 2: turnDigit(&bytes)
    case 3: bytes.removeSubrange(index..<min(bytes.count, index + Int.random(in: 1...20, using: &random)))
    case 4:
      let length = Int.random(in: 1...6, using: &random)
      let piece = (0..<length).map { _ in UInt8.random(in: 0x20...0x7E, using: &random) }
      bytes.insert(contentsOf: piece, at: index)
    case 5:
      let line = line(of: bytes, at: index)
      bytes.insert(contentsOf: Array(bytes[line]), at: line.lowerBound)
    case 6: bytes.removeSubrange(line(of: bytes, at: index))
    case 7: swapWords(&bytes)
    case 8:
      let line = line(of: bytes, at: index)
      let other = self.line(of: bytes, at: place(in: bytes))
      bytes.replaceSubrange(line, with: Array(bytes[other]))
    default: if random.chance(0.3) { bytes.removeSubrange(index...) } else { turnDigit(&bytes) }
    }
  }

  private mutating func place(in bytes: [UInt8]) -> Int { Int.random(in: bytes.indices, using: &random) }

  /// Another digit in the place of one: mostly the file stays valid and says something else.
  private mutating func turnDigit(_ bytes: inout [UInt8]) {
    let start = place(in: bytes)
    guard let index = bytes[start...].firstIndex(where: { (0x30...0x39).contains($0) }) else { return }
    bytes[index] = UInt8.random(in: 0x30...0x39, using: &random)
  }

  private mutating func swapWords(_ bytes: inout [UInt8]) {
    let words = [word(of: bytes, at: place(in: bytes)), word(of: bytes, at: place(in: bytes))]
    let (left, right) =
      words[0].lowerBound <= words[1].lowerBound ? (words[0], words[1]) : (words[1], words[0])
    guard left.upperBound <= right.lowerBound else { return }
    let (first, second) = (Array(bytes[left]), Array(bytes[right]))
    bytes.replaceSubrange(right, with: first)
    bytes.replaceSubrange(left, with: second)
  }

  private func line(of bytes: [UInt8], at index: Int) -> Range<Int> {
    let start = bytes[..<index].lastIndex(of: 0x0A).map { $0 + 1 } ?? 0
    let end = bytes[index...].firstIndex(of: 0x0A).map { $0 + 1 } ?? bytes.count
    return start..<end
  }

  private func word(of bytes: [UInt8], at index: Int) -> Range<Int> {
    func isBlank(_ byte: UInt8) -> Bool { byte <= 0x20 }
    let start = bytes[..<index].lastIndex(where: isBlank).map { $0 + 1 } ?? 0
    let end = bytes[index...].firstIndex(where: isBlank) ?? bytes.count
    return min(start, end)..<end
  }
}
