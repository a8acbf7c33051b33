extension ColorDecisionCollection {
  /// Corrections as a `.ccc`, in the order given: equal corrections give equal bytes.
  ///
  /// - Parameter corrections: each id once.
  package static func bytes(of corrections: [(id: String, decision: ColorDecision)]) -> [UInt8] {
    func numbers(_ values: [Double]) -> String { values.map { "\($0)" }.joined(separator: " ") }
    var root = XMLWriter.Node(
      "ColorCorrectionCollection",
      corrections.map { id, decision in
        var correction = XMLWriter.Node(
          "ColorCorrection",
          [
            XMLWriter.Node(
              "SOPNode",
              [
                XMLWriter.Node("Slope", text: numbers(decision.slope)),
                XMLWriter.Node("Offset", text: numbers(decision.offset)),
                XMLWriter.Node("Power", text: numbers(decision.power)),
              ]),
            XMLWriter.Node("SatNode", [XMLWriter.Node("Saturation", text: "\(decision.saturation)")]),
          ])
        correction.attributes = [("id", id)]
        return correction
      })
    root.attributes = [("xmlns", "urn:ASC:CDL:v1.2")]
    return XMLWriter.bytes(root)
  }
}
