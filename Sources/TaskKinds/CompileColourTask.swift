package import Diagnostics
package import Digests
package import ImageGraph
package import TaskGraph

/// Makes one processor of the colour steps of a shot for a deliverable, checks every file they need, and finds the
/// fastest form that is proven to give the same codes.
package enum CompileColourTask: DescribedTask {
  package static let identifier = "compile-colour"
  package static let version = 1

  /// What the values become next, which says how large a difference may be.
  package enum Target: Hashable, Codable, Sendable, CanonicallyEncodable {
    /// Codes of so many bits; Y'CbCr by a matrix, or R'G'B'.
    case codes(bitDepth: Int, matrix: String, isFullRange: Bool)
    /// Floating point: half at the least.
    case light

    package func encode(into encoder: inout CanonicalEncoder) {
      switch self {
      case .codes(let bitDepth, let matrix, let isFullRange):
        encoder.append("codes")
        encoder.append(bitDepth)
        encoder.append(matrix)
        encoder.append(isFullRange)
      case .light: encoder.append("light")
      }
    }
  }

  /// What the values come from.
  package enum Source: String, Codable, Sendable {
    /// Codes of a picture file: R'G'B' 0…1 and a little beyond.
    case codes
    /// Floating point without bounds.
    case light
  }

  package struct Input: Codable, Sendable {
    package var process: ColourProcess
    package var source: Source
    package var target: Target
    /// Where the user asked for it, for findings; decides nothing.
    package var location: SourceLocation?
    package var excerpt: String?
    /// What it is for in words, such as `shot A001 of master`; decides nothing.
    package var subject: String
    /// The libraries that compute it.
    package var builtBy: String

    package init(
      process: ColourProcess, source: Source, target: Target, location: SourceLocation?, excerpt: String?,
      subject: String, builtBy: String
    ) {
      self.process = process
      self.source = source
      self.target = target
      self.location = location
      self.excerpt = excerpt
      self.subject = subject
      self.builtBy = builtBy
    }
  }

  package struct Output: Codable, Sendable {
    package var compiled: ColourProcess.Compiled
    /// Why this form, in a phrase.
    package var reason: String

    package init(compiled: ColourProcess.Compiled, reason: String) {
      self.compiled = compiled
      self.reason = reason
    }
  }

  package static func describe(_ input: Input, names: KeyNames, in recipe: inout KeyRecipe) {
    let words = input.process.steps.enumerated().map { index, step in
      Ingredient("step \(index + 1)", step.words, group: "colour")
    }
    let black = (input.process.black?.steps ?? []).enumerated().map { index, step in
      Ingredient("black \(index + 1)", step.words, group: "colour")
    }
    recipe.add(group: "colour", words: words + black) { $0.append(input.process) }
    recipe.add("source", input.source.rawValue)
    recipe.add(group: "target", words: [Ingredient("values", "\(input.target)", group: "target")]) {
      $0.append(input.target)
    }
    recipe.addBuild(input.builtBy)
  }
}

/// What a renderer needs to apply colour steps, an object of the store.
package struct ColourProgram: Hashable, Codable, Sendable {
  package var form: ColourProcess.Form
  /// Of `table`: a correction in ASC clamp style comes first.
  package var decision: Grade?
  /// Of `table`: digest of the canonical bytes of a LUT, see `CubeFile`.
  package var table: Digest?
  /// Of `steps`: digest of their canonical bytes.
  package var steps: Digest?
  /// Of `exact`.
  package var process: ColourProcess?
  /// Red, green and blue where the picture does not reach; nil for 0.
  package var black: [Float]?
  /// Whether that lies under what the picture covers in part; nil for no.
  package var isUnder: Bool?
  /// The library that gave the values.
  package var library: String

  package init(
    form: ColourProcess.Form, decision: Grade? = nil, table: Digest? = nil, steps: Digest? = nil,
    process: ColourProcess? = nil,
    library: String
  ) {
    self.form = form
    self.decision = decision
    self.table = table
    self.steps = steps
    self.process = process
    self.library = library
  }
}

/// The files of an OpenColorIO config, an object of the store.
package struct ColourConfigFiles: Hashable, Codable, Sendable {
  /// Path of the config below its folder.
  package var config: String
  /// Objects by path below that folder, the config among them.
  package var files: [String: Digest]
  /// Whether it is the one that comes with the program; curves that it names are then the worker's to make.
  package var isShipped: Bool

  package init(config: String, files: [String: Digest], isShipped: Bool = false) {
    self.config = config
    self.files = files
    self.isShipped = isShipped
  }
}
