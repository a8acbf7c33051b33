import Diagnostics
import Editorial
import Foundation
import Testing

@Suite struct ColorDecisionCollectionTests {
  private func read(_ text: String) throws -> ColorDecisionCollection {
    try ColorDecisionCollection.read(path: "grades.ccc", bytes: Array(text.utf8))
  }

  @Test(
    .enabled(if: SampleFiles.editorial != nil, "no `shared/samples` beside the project"),
    arguments: [
      ("cdl_test1.cc", ["foo"]), ("cdl_test1.ccc", ["cc0001", "cc0002", nil, "cc0003"]),
      ("cdl_test2.cc", ["cc0001"]),
      ("cdl_test_ASC_SAT.cc", ["foo"]), ("cdl_test_ASC_SOP.cc", ["foo"]), ("cdl_test_SATNode.cc", ["foo"]),
    ] as [(String, [String?])])
  func `real collections are read`(name: String, ids: [String?]) throws {
    let collection = try ColorDecisionCollection.read(
      path: name, bytes: try SampleFiles.bytes("../color/cdl/" + name))
    #expect(Array(collection.entries.map(\.id).prefix(2)) == Array(ids.prefix(2)))
    #expect(collection.entries.allSatisfy { $0.location.line != nil })
  }

  @Test func `slope, offset, power and saturation come through`() throws {
    let collection = try read(
      """
      <?xml version="1.0"?>
      <!-- a comment -->
      <ColorCorrectionCollection xmlns="urn:ASC:CDL:v1.2">
        <ColorCorrection id="sh&amp;010">
          <SOPNode><Slope>1.1 1 .9</Slope><Offset>-3e-2 0 0</Offset><Power>1 1 1.2</Power></SOPNode>
          <SatNode><Saturation>0.9</Saturation></SatNode>
        </ColorCorrection>
        <ColorCorrection/>
      </ColorCorrectionCollection>
      """)
    #expect(collection.entries.map(\.id) == ["sh&010", nil])
    #expect(
      collection.entries[0].decision
        == ColorDecision(slope: [1.1, 1, 0.9], offset: [-0.03, 0, 0], power: [1, 1, 1.2], saturation: 0.9))
    #expect(collection.entries[0].location.line == 4)
  }

  @Test func `all faults are reported at once with their places`() {
    let error = #expect(throws: DiagnosticList.self) {
      try read(
        """
        <ColorCorrectionCollection>
          <ColorCorrection id="a"><SOPNode><Slope>1 1</Slope><Power>1 0 1</Power></SOPNode></ColorCorrection>
          <ColorCorrection id="a"><SatNode><Saturation>x</Saturation></SatNode></ColorCorrection>
        </ColorCorrectionCollection>
        """)
    }
    #expect(
      error?.diagnostics.map(\.code) == ["cdl.badNumber", "cdl.outOfRange", "cdl.badNumber", "cdl.sameID"])
    #expect(error?.diagnostics.map { $0.location?.line } == [2, 2, 3, 3])
  }

  @Test(arguments: [
    "", "<a>", "<a></b>", "<!DOCTYPE x [<!ENTITY y \"z\">]><a/>", "<a>&y;</a>", "<a b=1/>", "<a/><b/>",
    "text",
    String(repeating: "<a>", count: 10_000), "<a><!-- </a>", "<ColorCorrectionCollection/>", "<x/>",
  ])
  func `what is not a collection is refused`(text: String) {
    let error = #expect(throws: DiagnosticList.self) { try read(text) }
    #expect(error?.diagnostics.count == 1)
  }
}
