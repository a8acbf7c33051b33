import Synchronization

/// A name that nobody else makes and that sorts by the time it was made: 48 bits of milliseconds since
/// 1970, then 80 random bits, as 26 characters of Crockford's base 32.
///
/// Source: github.com/ulid/spec. Within one process the values rise strictly, also when the clock stands
/// still or goes back.
package struct ULID: Hashable, Comparable, Sendable, CustomStringConvertible {
  private let high: UInt64
  private let low: UInt64

  init(high: UInt64, low: UInt64) {
    self.high = high
    self.low = low
  }

  /// - Parameter text: 26 upper-case characters as printed; anything else is `nil`.
  package init?(_ text: some StringProtocol) {
    guard text.utf8.count == 26 else { return nil }
    var high: UInt64 = 0
    var low: UInt64 = 0
    for (position, character) in text.utf8.enumerated() {
      guard let value = Self.alphabet.firstIndex(of: character) else { return nil }
      // 26 characters hold 130 bits; the two above 128 must be zero.
      if position == 0 && value > 7 { return nil }
      high = high << 5 | low >> 59
      low = low << 5 | UInt64(value)
    }
    self.init(high: high, low: low)
  }

  /// A new name; thread-safe.
  package static func next() -> ULID {
    sequence.withLock { sequence in
      var random = SystemRandomNumberGenerator()
      return sequence.next(at: WallClock.now(), using: &random)
    }
  }

  /// When it was made.
  package var time: WallClock { WallClock(milliseconds: Int64(high >> 16)) }

  package var description: String {
    var text = [UInt8](repeating: 0, count: 26)
    var high = high
    var low = low
    for position in stride(from: 25, through: 0, by: -1) {
      text[position] = Self.alphabet[Int(low & 31)]
      low = low >> 5 | high << 59
      high >>= 5
    }
    return String(decoding: text, as: UTF8.self)
  }

  package static func < (left: ULID, right: ULID) -> Bool {
    (left.high, left.low) < (right.high, right.low)
  }

  private static let alphabet = Array("0123456789ABCDEFGHJKMNPQRSTVWXYZ".utf8)
  private static let sequence = Mutex(ULIDSequence())
}

/// The names of one process, each greater than the one before.
struct ULIDSequence: Sendable {
  private var last: ULID?

  mutating func next(at clock: WallClock, using random: inout some RandomNumberGenerator) -> ULID {
    let milliseconds = UInt64(clamping: clock.milliseconds) & 0xFFFF_FFFF_FFFF
    let name: ULID
    if let last, UInt64(last.time.milliseconds) >= milliseconds {
      name = last.successor
    } else {
      name = ULID(high: milliseconds << 16 | random.next() & 0xFFFF, low: random.next())
    }
    last = name
    return name
  }
}

extension ULID {
  /// The next greater value; when all random bits are set it carries into the time.
  fileprivate var successor: ULID {
    let (low, overflow) = low.addingReportingOverflow(1)
    return ULID(high: overflow ? high &+ 1 : high, low: low)
  }
}
