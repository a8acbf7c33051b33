package import Digests
package import ImageGraph
package import TaskGraph
package import Titling

/// Draws text as pictures and measures it: planning needs to know how high a credit roll is.
package enum TypesetTask: DescribedTask {
  package static let identifier = "typeset"
  package static let version = 1

  package enum Request: Hashable, Codable, Sendable {
    case card(TitleCard)
    case credits(Credits)
    /// The glyphs of counters, side by side in cells of one width.
    case glyphs(String)
    case strip(BurnInStrip)
    /// Who a copy is for, across the whole picture; the line is repeated in small.
    case watermark(name: String, line: String)
  }

  package struct Input: Codable, Sendable {
    package var raster: Raster
    package var requests: [Request]
    /// Whether the pictures of cards and credits are files to be published.
    package var isPublished: Bool
    /// Libraries and fonts that draw.
    package var builtBy: String

    package init(raster: Raster, requests: [Request], isPublished: Bool, builtBy: String) {
      self.raster = raster
      self.requests = requests
      self.isPublished = isPublished
      self.builtBy = builtBy
    }
  }

  /// A picture and where its top left corner lies: in the raster, or from the top of a roll.
  package struct Picture: Hashable, Codable, Sendable {
    package var image: Graphics.Image
    package var x: Int
    package var y: Int

    package init(image: Graphics.Image, x: Int, y: Int) {
      self.image = image
      self.x = x
      self.y = y
    }
  }

  /// Where a text is inked, in pixels: in the raster, or from the top of a roll.
  package struct Box: Hashable, Codable, Sendable {
    package enum Role: String, Codable, Sendable {
      case heading, role, name, text
    }

    package var role: Role
    package var text: String
    /// Line of the file it was written in.
    package var line: Int?
    package var x: Int
    package var y: Int
    package var width: Int
    package var height: Int

    package init(role: Role, text: String, line: Int?, x: Int, y: Int, width: Int, height: Int) {
      self.role = role
      self.text = text
      self.line = line
      self.x = x
      self.y = y
      self.width = width
      self.height = height
    }
  }

  /// What became of a request.
  package struct Typeset: Hashable, Codable, Sendable {
    package var pictures: [Picture]
    package var boxes: [Box]
    /// Height of a roll's content in pixels; of anything else that of its first picture.
    package var height: Int
    /// Top left corners of a strip's counters, from its own.
    package var counters: [Point]

    package init(pictures: [Picture], boxes: [Box] = [], height: Int, counters: [Point] = []) {
      self.pictures = pictures
      self.boxes = boxes
      self.height = height
      self.counters = counters
    }
  }

  package struct Point: Hashable, Codable, Sendable {
    package var x: Int
    package var y: Int

    package init(x: Int, y: Int) {
      self.x = x
      self.y = y
    }
  }

  package struct Output: Codable, Sendable {
    /// In the order of the requests.
    package var typeset: [Typeset]
    /// What is worth looking at as files.
    package var files: [MadeFile]

    package init(typeset: [Typeset], files: [MadeFile]) {
      self.typeset = typeset
      self.files = files
    }
  }

  package static func describe(_ input: Input, names: KeyNames, in recipe: inout KeyRecipe) {
    recipe.add(group: nil, words: [Ingredient("raster", "\(input.raster)")]) { $0.append(input.raster) }
    recipe.add(group: nil, words: words(input.requests)) { $0.append(input.requests) }
    recipe.add("published", input.isPublished)
    recipe.addBuild(input.builtBy)
  }

  private static func words(_ requests: [Request]) -> [Ingredient] {
    [Ingredient("texts", "\(requests.count)")]
      + requests.enumerated().flatMap { index, request -> [Ingredient] in
        var encoder = CanonicalEncoder(domain: "interlock.typeset.request", version: 1)
        encoder.append(request)
        let (group, facts) = request.words(at: index)
        return facts.map { Ingredient($0.0, $0.1, group: group) }
          + [Ingredient(Ingredient.digest, encoder.digest().shortHex, group: group)]
      }
  }
}

extension TypesetTask.Request: CanonicallyEncodable {
  package func encode(into encoder: inout CanonicalEncoder) {
    switch self {
    case .card(let card):
      encoder.append("card")
      encoder.append(card)
    case .credits(let credits):
      encoder.append("credits")
      encoder.append(credits)
    case .glyphs(let alphabet):
      encoder.append("glyphs")
      encoder.append(alphabet)
    case .strip(let strip):
      encoder.append("strip")
      encoder.append(strip)
    case .watermark(let name, let line):
      encoder.append("watermark")
      encoder.append(name)
      encoder.append(line)
    }
  }
}
