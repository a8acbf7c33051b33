import Compositing
import Diagnostics
import Testing

@Suite struct CompResolverTests {
  private func comp(_ name: String) -> Comp {
    Comp(
      name: name, layers: [], location: SourceLocation(file: "comps.yaml", line: 3, column: 3), excerpt: nil)
  }

  private func shot(_ event: String, _ name: String, reel: String? = nil, hasMedia: Bool = true) -> CompShot {
    CompShot(event: event, shot: name, reel: reel, hasMedia: hasMedia, location: nil)
  }

  @Test func `a shot's name beats its event number, which beats its reel`() {
    let resolver = CompResolver([comp("A001"), comp("2"), comp("MAN_310")])
    let shots = [
      shot("001", "MAN_310", reel: "A001"), shot("002", "TAXI", reel: "A001"),
      shot("003", "WALKER", reel: "A001"), shot("004", "REEF", reel: "C001"),
    ]
    let (indices, diagnostics) = resolver.resolve(shots)
    #expect(indices == [2, 1, 0, nil])
    #expect(diagnostics.isEmpty)
  }

  @Test func `a number that is some shot's name is no event number`() {
    let (indices, _) = CompResolver([comp("002")]).resolve([shot("001", "002"), shot("002", "TAXI")])
    #expect(indices == [0, nil])
  }

  @Test func `comps without a shot and shots without media are told`() {
    let (indices, diagnostics) = CompResolver([comp("MAN_301"), comp("BLACK")])
      .resolve([shot("001", "MAN_310"), shot("002", "BLACK", hasMedia: false)])
    #expect(indices == [nil, nil])
    #expect(diagnostics.map(\.code) == ["comp.noPlate", "comp.unused"])
    #expect(diagnostics[1].remedy == "Did you mean `MAN_310`?")
    #expect(diagnostics.allSatisfy { $0.severity == .warning })
  }
}
