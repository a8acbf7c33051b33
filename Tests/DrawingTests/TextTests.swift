import Drawing
import Foundation
import TestSupport
import Testing

@Suite struct TextTests {
  @Test func `text is inked where it was measured`() throws {
    let canvas = try Canvas(width: 400, height: 80)
    let text = try canvas.draw("Interlock", TextStyle(size: 40), x: 20, y: 10)
    let pixels = canvas.rgba()
    var columns = Set<Int>()
    var rows = Set<Int>()
    for index in stride(from: 3, to: pixels.count, by: 4) where pixels[index] > 0 {
      columns.insert(index / 4 % 400)
      rows.insert(index / 4 / 400)
    }
    let left = try #require(columns.min())
    let top = try #require(rows.min())
    #expect(abs(Double(left) - (20 + text.ink.x)) <= 1)
    #expect(abs(Double(top) - (10 + text.ink.y)) <= 1)
    #expect(abs(Double(try #require(columns.max()) + 1) - (20 + text.ink.x + text.ink.width)) <= 1)
    #expect(text.missingCharacters == 0)
  }

  @Test(arguments: [
    "Nguyễn Thị Minh", "Иван Петров", "Ελένη Παπαδοπούλου", "محمد الأحمد", "שרה כהן", "अनन्या शर्मा", "สมชาย ใจดี",
    "山田太郎", "김민준", "王小明",
  ])
  func `every script of the packaged fonts has its glyphs`(name: String) throws {
    #expect(try TypesetText(name, TextStyle(size: 20)).missingCharacters == 0)
  }

  @Test func `a character that no font has is counted`() throws {
    #expect(try TypesetText("a\u{F0000}b", TextStyle(size: 20)).missingCharacters == 1)
  }
}
