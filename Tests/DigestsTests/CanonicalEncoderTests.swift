import Digests
import TestSupport
import Testing

/// Any value the encoder takes.
private indirect enum Field: Equatable {
  case integer(Int64)
  case boolean(Bool)
  case double(UInt64)
  case float(UInt32)
  case string(String)
  case bytes([UInt8])
  case digest(Digest)
  case list([Field])
  case record([Field])
  case absent
  case present([Field])

  struct Record: CanonicallyEncodable {
    var fields: [Field]

    func encode(into encoder: inout CanonicalEncoder) {
      for field in fields { field.append(to: &encoder) }
    }
  }

  func append(to encoder: inout CanonicalEncoder) {
    switch self {
    case .integer(let value): encoder.append(value)
    case .boolean(let value): encoder.append(value)
    case .double(let bits): encoder.append(Double(bitPattern: bits))
    case .float(let bits): encoder.append(Float(bitPattern: bits))
    case .string(let value): encoder.append(value)
    case .bytes(let value): encoder.append(value)
    case .digest(let value): encoder.append(value)
    case .list(let values):
      encoder.beginList(count: values.count)
      for value in values { value.append(to: &encoder) }
      encoder.endList()
    case .record(let fields): encoder.append(Record(fields: fields))
    case .absent: encoder.append(Record?.none)
    case .present(let fields): encoder.append(Record?.some(Record(fields: fields)))
    }
  }

  static func random(depth: Int, using random: inout SplitMix64) -> Field {
    switch Int.random(in: 0..<(depth > 0 ? 11 : 8), using: &random) {
    case 0: return .integer(Bool.random(using: &random) ? Int64.random(in: -2...2, using: &random) : .min)
    case 1: return .boolean(Bool.random(using: &random))
    case 2:
      return .double(
        [0, 1 << 63, 1, .random(in: 0...(.max), using: &random)].randomElement(using: &random) ?? 0)
    case 3:
      return .float(
        [0, 1 << 31, 1, .random(in: 0...(.max), using: &random)].randomElement(using: &random) ?? 0)
    case 4: return .string(["", "a", "ab", "\0", "é", "e\u{301}", "0!"].randomElement(using: &random) ?? "")
    case 5:
      // Bytes that look like tags and lengths are the ones an ambiguous encoding would stumble over.
      let count = Int.random(in: 0...12, using: &random)
      return .bytes(
        (0..<count).map { _ in [0, 1, 0x10, 0x20, 0x30, 0x31, 0x32, 0x33].randomElement(using: &random) ?? 0 }
      )
    case 6: return .digest(Digest.sha256([UInt8.random(in: 0...3, using: &random)]))
    case 7: return .absent
    case 8: return .list(sequence(depth: depth - 1, using: &random))
    case 9: return .record(sequence(depth: depth - 1, using: &random))
    default: return .present(sequence(depth: depth - 1, using: &random))
    }
  }

  static func sequence(depth: Int, using random: inout SplitMix64) -> [Field] {
    (0..<Int.random(in: 0...4, using: &random)).map { _ in Field.random(depth: depth, using: &random) }
  }
}

/// Reads an encoding back: that this is possible is what makes collisions impossible.
private struct Parser {
  var rest: ArraySlice<UInt8>

  struct Malformed: Error {}

  mutating func byte() throws -> UInt8 {
    guard let byte = rest.popFirst() else { throw Malformed() }
    return byte
  }

  mutating func bytes(_ count: UInt64) throws -> [UInt8] {
    guard count <= UInt64(rest.count) else { throw Malformed() }
    defer { rest = rest.dropFirst(Int(count)) }
    return Array(rest.prefix(Int(count)))
  }

  mutating func word(_ count: Int) throws -> UInt64 {
    try bytes(UInt64(count)).reduce(0) { $0 << 8 | UInt64($1) }
  }

  mutating func header() throws -> (String, Int64) {
    guard try byte() == 0x01 else { throw Malformed() }
    let domain = String(decoding: try bytes(try word(8)), as: UTF8.self)
    return (domain, Int64(bitPattern: try word(8)))
  }

  mutating func fields(until end: UInt8?) throws -> [Field] {
    var fields: [Field] = []
    while true {
      if rest.isEmpty, end == nil { return fields }
      if let end, rest.first == end {
        _ = try byte()
        return fields
      }
      fields.append(try field())
    }
  }

  mutating func field() throws -> Field {
    switch try byte() {
    case 0x10: return .integer(Int64(bitPattern: try word(8)))
    case 0x11: return .boolean(try byte() == 1)
    case 0x12: return .double(try word(8))
    case 0x13: return .float(UInt32(try word(4)))
    case 0x20: return .string(String(decoding: try bytes(try word(8)), as: UTF8.self))
    case 0x21: return .bytes(try bytes(try word(8)))
    case 0x22:
      guard let digest = Digest(bytes: try bytes(32)) else { throw Malformed() }
      return .digest(digest)
    case 0x30:
      let count = try word(8)
      let fields = try fields(until: 0x31)
      guard UInt64(fields.count) == count else { throw Malformed() }
      return .list(fields)
    case 0x32: return .record(try fields(until: 0x33))
    case 0x40: return .absent
    case 0x41:
      guard case .record(let fields) = try field() else { throw Malformed() }
      return .present(fields)
    default: throw Malformed()
    }
  }
}

@Suite struct CanonicalEncoderTests {
  private func encoding(_ build: (inout CanonicalEncoder) -> Void) -> [UInt8] {
    var encoder = CanonicalEncoder(domain: "test", version: 1)
    build(&encoder)
    return encoder.bytes
  }

  @Test(arguments: UInt64(0)..<400)
  func `every encoding reads back as the fields it was made from`(seed: UInt64) throws {
    var random = SplitMix64(seed: seed)
    let fields = Field.sequence(depth: 4, using: &random)
    var parser = Parser(rest: encoding { encoder in for field in fields { field.append(to: &encoder) } }[...])
    let header = try parser.header()
    #expect(header == ("test", 1))
    // Compared by UTF-8 elsewhere; here `é` and `e` + accent are equal for Swift, which the next test covers.
    #expect(try parser.fields(until: nil) == fields)
  }

  @Test func `fields that look alike have encodings of their own`() {
    struct Pair: CanonicallyEncodable {
      var a: [Int64]
      var b: [Int64]
      func encode(into encoder: inout CanonicalEncoder) {
        for value in a { encoder.append(value) }
        for value in b { encoder.append(value) }
      }
    }
    let encodings: [[UInt8]] = [
      encoding { _ in },
      encoding { $0.append(Int64(1)) },
      encoding { $0.append(true) },
      encoding { $0.append(1.0) },
      encoding { $0.append(Float(1)) },
      encoding { $0.append("1") },
      encoding { $0.append([UInt8(0x31)]) },
      encoding { $0.append(0.0) },
      encoding { $0.append(-0.0) },
      encoding { $0.append(Float(0)) },
      encoding { $0.append(Float(-0.0)) },
      encoding { $0.append(Double(bitPattern: 0x7FF8_0000_0000_0000)) },
      encoding { $0.append(Double(bitPattern: 0x7FF8_0000_0000_0001)) },
      encoding { $0.append("") },
      encoding { $0.append([UInt8]()) },
      encoding { $0.append([String]()) },
      encoding { $0.append(String?.none) },
      encoding { $0.append(String?.some("")) },
      encoding {
        $0.append("ab")
        $0.append("c")
      },
      encoding {
        $0.append("a")
        $0.append("bc")
      },
      encoding { $0.append("abc") },
      encoding { $0.append(["a", "b"]) },
      encoding {
        $0.append(["a"])
        $0.append(["b"])
      },
      encoding {
        $0.append([["a"], ["b"]].flatMap { $0 })
        $0.append([String]())
      },
      encoding { $0.append(["a", "b", ""]) },
      encoding { $0.append("é") },
      encoding { $0.append("e\u{301}") },
      encoding { $0.append(Digest.sha256([])) },
      encoding { $0.append(Digest.sha256([]).bytes) },
      encoding { $0.append([Digest.sha256([])]) },
      encoding { $0.append(Pair(a: [1, 2], b: [3])) },
      encoding {
        $0.append(Pair(a: [1], b: [2]))
        $0.append(Pair(a: [3], b: []))
      },
      encoding { $0.append([Pair(a: [1, 2], b: []), Pair(a: [3], b: [])]) },
      encoding { $0.append([Pair(a: [1], b: []), Pair(a: [2, 3], b: [])]) },
    ]
    #expect(Set(encodings).count == encodings.count)
  }

  @Test func `purpose and version are part of the key`() {
    let digests = [("a", 1), ("a", 2), ("b", 1), ("", 1), ("a\u{0}", 1)].map { domain, version in
      CanonicalEncoder(domain: domain, version: version).digest()
    }
    #expect(Set(digests).count == digests.count)
  }

  @Test func `the encoding does not change between builds`() {
    var encoder = CanonicalEncoder(domain: "canary", version: 3)
    encoder.append(Int64(-2))
    encoder.append(1)
    encoder.append(true)
    encoder.append(0.1)
    encoder.append(Float(0.1))
    encoder.append("Take é")
    encoder.append([UInt8(0), 255])
    encoder.append(Digest.sha256([]))
    encoder.append([1.5, -1.5])
    encoder.append(Int?.none)
    encoder.append(Int?.some(7))
    // Every key of every production hangs on this value: it never changes.
    #expect(encoder.digest().hex == "49760244489fd37051de3d41450d8eae97efa7e1685d09ccf1706fab756ea6e2")
  }
}
