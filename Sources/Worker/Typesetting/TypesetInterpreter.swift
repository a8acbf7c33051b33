import Diagnostics
import Digests
import Drawing
import ImageGraph
import ObjectStore
import TaskGraph
import TaskKinds
import Titling

/// Draws cards, credits and burn-ins, and says where everything stands.
enum TypesetInterpreter: TaskInterpreter {
  typealias Kind = TypesetTask

  static func run(_ input: TypesetTask.Input, in context: TaskContext) throws -> (
    TypesetTask.Output, [ObjectReference]
  ) {
    let page = Page(raster: input.raster, context: context)
    var output = TypesetTask.Output(typeset: [], files: [])
    do {
      for request in input.requests {
        try StopRequest.check()
        let typeset = try typeset(request, on: page)
        output.typeset.append(typeset)
        if input.isPublished { output.files += try files(request, typeset, on: page) }
      }
    } catch let error as DrawingError {
      throw WorkerFailure(drawing: error)
    }
    guard page.diagnostics.isEmpty else {
      throw WorkerFailure(exit: 2, failure: .user, diagnostics: page.diagnostics)
    }
    return (output, page.objects)
  }

  private static func typeset(_ request: TypesetTask.Request, on page: Page) throws -> TypesetTask.Typeset {
    switch request {
    case .card(let card): return try CardTypesetter(page: page).typeset(card)
    case .credits(let credits):
      var typesetter = CreditsTypesetter(page: page)
      return try typesetter.typeset(credits)
    case .glyphs(let alphabet): return try BurnInTypesetter(page: page).glyphs(alphabet)
    case .strip(let strip): return try BurnInTypesetter(page: page).strip(strip)
    case .watermark(let name, let line): return try BurnInTypesetter(page: page).watermark(name, line: line)
    }
  }

  private static func files(
    _ request: TypesetTask.Request, _ typeset: TypesetTask.Typeset, on page: Page
  ) throws -> [MadeFile] {
    switch request {
    case .card(let card):
      return typeset.pictures.compactMap { picture in
        page.objects.first { $0.digest == picture.image.object }.map {
          MadeFile(
            object: $0.digest, byteCount: $0.byteCount, suffix: "card.\(card.name)", fileExtension: "png")
        }
      }
    case .credits: return try RollSheets(page: page).sheets(typeset)
    case .glyphs, .strip, .watermark: return []
    }
  }
}

/// The whole roll as it would hang on a wall: over black, in sheets of at most so many rows.
private struct RollSheets {
  static let rows = 8_192
  let page: Page

  func sheets(_ roll: TypesetTask.Typeset) throws -> [MadeFile] {
    let starts = Array(stride(from: 0, to: max(roll.height, 1), by: Self.rows))
    return try starts.enumerated().map { index, start in
      let height = max(1, min(Self.rows, roll.height - start))
      let canvas = try Canvas(width: page.raster.width, height: height, background: .black)
      for picture in roll.pictures
      where picture.y < start + height && picture.y + picture.image.raster.height > start {
        try StopRequest.check()
        let tile = try page.canvas(picture.image.object)
        canvas.draw(
          tile,
          in: DrawingRectangle(
            x: Double(picture.x), y: Double(picture.y - start), width: Double(tile.width),
            height: Double(tile.height)))
      }
      let object = try page.commit(canvas)
      return MadeFile(
        object: object.digest, byteCount: object.byteCount,
        suffix: starts.count == 1 ? "roll" : "roll-\(index + 1)", fileExtension: "png")
    }
  }
}

extension WorkerFailure {
  init(drawing error: DrawingError) {
    self.init(
      exit: 1, failure: .infrastructure,
      diagnostics: [
        Diagnostic(
          severity: .error, family: .failed, code: "drawing.failed", location: nil, message: error.what,
          remedy: "`interlock doctor` says which fonts are missing.")
      ])
  }
}
