import Drawing
import TestSupport
import Testing

@Suite struct ContactSheetTests {
  @Test func `shots are spread evenly over pages of at most 36`() {
    #expect(ContactSheet.pages(0) == [0..<0])
    #expect(ContactSheet.pages(36) == [0..<36])
    #expect(ContactSheet.pages(37) == [0..<18, 18..<37])
    for count in 1...300 {
      let pages = ContactSheet.pages(count)
      #expect(pages.flatMap(Array.init) == Array(0..<count))
      #expect(pages.allSatisfy { $0.count <= 36 })
      let sizes = pages.map(\.count)
      #expect((sizes.max() ?? 0) - (sizes.min() ?? 0) <= 1)
    }
  }

  private func still(_ grey: UInt8) -> Still {
    Still(width: 288, height: 162, rgb: [UInt8](repeating: grey, count: 288 * 162 * 3))
  }

  private func shot(_ number: Int, handles: (before: Int64, after: Int64, wanted: Int64) = (9, 9, 8))
    -> ContactSheet.Shot
  {
    ContactSheet.Shot(
      event: "00\(number)", name: "SHOT_\(number)\u{7}\n", record: "01:00:00:00–01:00:04:00", source: "A001",
      length: "96 frames", handles: handles, notes: ["no grade"], before: still(UInt8(40 + number * 20)),
      after: still(UInt8(50 + number * 20)))
  }

  private func page(_ shots: [ContactSheet.Shot]) throws -> DecodedPicture {
    try DecodedPicture(
      png: try ContactSheet(programme: "test", facts: ["cut"], shots: shots, raster: (1280, 720)).png())
  }

  @Test func `stills stand unscaled in the order of the cut, before left of after`() throws {
    let page = try page((0..<5).map { shot($0) })
    #expect(page.width == 1920)
    for index in 0..<5 {
      let place = ContactSheet.place(index, stillHeight: 162)
      for (corner, grey) in [(place.before, 40 + index * 20), (place.after, 50 + index * 20)] {
        let corners = [(0, 0), (287, 0), (0, 161), (287, 161)].map { page[corner.x + $0.0, corner.y + $0.1] }
        #expect(corners == [[Int]](repeating: [grey, grey, grey], count: 4))
        #expect(page[corner.x - 1, corner.y] == [0x16, 0x16, 0x16])
      }
    }
    let next = ContactSheet.place(5, stillHeight: 162).before
    #expect(page[next.x + 100, next.y + 100] == [0x16, 0x16, 0x16], "there is no sixth shot")
  }

  @Test func `handles are marked when they are shorter than asked for`() throws {
    func isMarked(_ shot: ContactSheet.Shot) throws -> Bool {
      let page = try page([shot])
      return (0..<page.height).contains { y in
        (0..<page.width).contains { x in
          let pixel = page[x, y]
          return pixel[0] > 150 && pixel[0] - pixel[2] > 60
        }
      }
    }
    #expect(try isMarked(shot(1, handles: (8, 7, 8))))
    #expect(try !isMarked(shot(1, handles: (8, 8, 8))))
  }

  @Test func `a narrow raster stands in the middle of its box`() throws {
    let narrow = Still(width: 122, height: 216, rgb: [UInt8](repeating: 90, count: 122 * 216 * 3))
    var shot = shot(1)
    shot.before = narrow
    shot.after = narrow
    let page = try DecodedPicture(
      png: try ContactSheet(programme: "test", facts: [], shots: [shot], raster: (1080, 1920)).png())
    let corner = ContactSheet.place(0, stillHeight: 216).before
    #expect(
      page[corner.x + 83, corner.y + 100] == [90, 90, 90]
        && page[corner.x + 204, corner.y + 100] == [90, 90, 90])
    #expect(page[corner.x + 82, corner.y + 100] == [0x16, 0x16, 0x16])
  }
}
