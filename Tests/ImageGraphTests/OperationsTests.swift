import Digests
import ImageGraph
import Testing

@Suite struct OperationsTests {
  private func bytes(_ value: some CanonicallyEncodable) -> [UInt8] {
    var encoder = CanonicalEncoder(domain: "test", version: 1)
    encoder.append(value)
    return encoder.bytes
  }

  @Test func `zero and minus zero are different numbers of a grade`() {
    // Their pictures are equal, but a key is made of bits: made twice is better than mistaken once.
    let zero = Grade(slope: [1, 1, 1], offset: [0, 0, 0], power: [1, 1, 1], saturation: 1)
    var minus = zero
    minus.offset[1] = -0.0
    #expect(bytes(zero) != bytes(minus))
  }

  @Test func `matrix and range of an interpretation both count`() {
    let all = [Interpretation.Matrix.bt601, .bt709, .bt2020].flatMap { matrix in
      [false, true].map { bytes(Interpretation(matrix: matrix, isFullRange: $0)) }
    }
    #expect(Set(all).count == 6)
  }

  @Test func `all black is the same black`() {
    #expect(bytes(Black()) == bytes(Black()))
    #expect(Black() == Black())
  }
}
