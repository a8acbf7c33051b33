package import Digests
package import ImageGraph
package import TaskGraph

/// Draws the shots of a cut on pages, each before and after its grade, from stills that other tasks made.
package enum ContactSheetTask: DescribedTask {
  package static let identifier = "contact-sheet"
  package static let version = 1

  package struct Shot: Hashable, Codable, Sendable, CanonicallyEncodable {
    package var event: String
    package var name: String
    /// First timecode and the one after the last.
    package var record: String
    /// Source reel and timecodes.
    package var source: String
    package var length: String
    package var handlesBefore: Int64
    package var handlesAfter: Int64
    package var notes: [String]
    /// The `StillTask` that makes its stills.
    package var still: TaskKey

    package init(
      event: String, name: String, record: String, source: String, length: String, handlesBefore: Int64,
      handlesAfter: Int64, notes: [String], still: TaskKey
    ) {
      self.event = event
      self.name = name
      self.record = record
      self.source = source
      self.length = length
      self.handlesBefore = handlesBefore
      self.handlesAfter = handlesAfter
      self.notes = notes
      self.still = still
    }

    package func encode(into encoder: inout CanonicalEncoder) {
      encoder.append(event)
      encoder.append(name)
      encoder.append(record)
      encoder.append(source)
      encoder.append(length)
      encoder.append(handlesBefore)
      encoder.append(handlesAfter)
      encoder.append(notes.count)
      for note in notes { encoder.append(note) }
      encoder.append(still)
    }
  }

  package struct Input: Codable, Sendable {
    package var programme: String
    /// Lines of the header: the cut, its rate and length, the look.
    package var facts: [String]
    package var raster: Raster
    /// Frames wanted beyond each end of a shot.
    package var handles: Int64
    /// In the order of the cut.
    package var shots: [Shot]
    /// Drawing libraries with their build.
    package var builtBy: String

    package init(
      programme: String, facts: [String], raster: Raster, handles: Int64, shots: [Shot], builtBy: String
    ) {
      self.programme = programme
      self.facts = facts
      self.raster = raster
      self.handles = handles
      self.shots = shots
      self.builtBy = builtBy
    }
  }

  package struct Output: Codable, Sendable {
    /// A PNG for each page.
    package var files: [MadeFile]

    package init(files: [MadeFile]) { self.files = files }
  }

  package static func describe(_ input: Input, names: KeyNames, in recipe: inout KeyRecipe) {
    recipe.add("programme", input.programme)
    recipe.add("lines", input.facts.count, group: "heading")
    for (index, fact) in input.facts.enumerated() { recipe.add("line \(index + 1)", fact, group: "heading") }
    recipe.add(group: nil, words: [Ingredient("raster", "\(input.raster)")]) { $0.append(input.raster) }
    recipe.add("handles", input.handles)
    recipe.add(group: nil, words: words(input.shots)) { $0.append(input.shots) }
    recipe.addBuild(input.builtBy)
  }

  private static func words(_ shots: [Shot]) -> [Ingredient] {
    [Ingredient("shots", "\(shots.count)")]
      + shots.flatMap { shot -> [Ingredient] in
        let about = "shot \(shot.name)"
        let facts = [
          ("event", shot.event), ("record", shot.record), ("source", shot.source), ("length", shot.length),
          ("handles", "\(shot.handlesBefore) and \(shot.handlesAfter)"),
          // A note may hold what joins notes: their number tells.
          ("notes", "\(shot.notes.count): \(shot.notes.joined(separator: ", "))"),
        ]
        var encoder = CanonicalEncoder(domain: "interlock.contact-sheet.entry", version: 1)
        encoder.append(shot)
        return facts.map { Ingredient($0.0, $0.1, group: "entry", about: about) } + [
          Ingredient(Ingredient.digest, encoder.digest().shortHex, group: "entry", about: about),
          Ingredient("", shot.still.hex, group: "still", about: about),
        ]
      }
  }
}
