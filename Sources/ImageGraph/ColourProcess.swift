package import Digests

/// What the names of colour spaces, displays and looks mean.
package struct ColourContext: Hashable, Codable, Sendable, CanonicallyEncodable {
  /// Digest of the list of an OpenColorIO config and its files, an object of the store; nil where no step names a space.
  package var config: Digest?
  /// File name of the config, for people.
  package var name: String
  /// Values of context variables.
  package var variables: [String: String]

  package init(config: Digest?, name: String = "", variables: [String: String] = [:]) {
    self.config = config
    self.name = name
    self.variables = variables
  }

  package func encode(into encoder: inout CanonicalEncoder) {
    encoder.append(config?.hex ?? "")
    encoder.append(variables.count)
    for (name, value) in variables.sorted(by: { $0.key < $1.key }) {
      encoder.append(name)
      encoder.append(value)
    }
  }
}

/// One step from colour to colour.
package enum ColourStep: Hashable, Codable, Sendable {
  /// From a space of the config to another.
  case convert(from: String, to: String)
  /// From a space to a display through a view.
  case view(from: String, display: String, view: String)
  /// Looks of the config by name, separated by commas.
  case looks(String, from: String, to: String)
  case table(ColourTable)
  /// A correction; one that clamps is ASC CDL v1.2, else below 0 the power is left out.
  case decision(Grade, clamps: Bool)
  /// All channels times a number.
  case scale(Double)

  /// A LUT, process list or correction, an object of the store.
  package struct ColourTable: Hashable, Codable, Sendable {
    package var object: Digest
    /// File name: its extension says the format.
    package var name: String
    package var clamps: Bool

    package init(object: Digest, name: String, clamps: Bool = true) {
      self.object = object
      self.name = name
      self.clamps = clamps
    }

    package var fileExtension: String {
      name.split(separator: ".", omittingEmptySubsequences: false).last.map { $0.lowercased() } ?? ""
    }
  }

  /// The step in words.
  package var words: String { "\(summary.operation) \(summary.parameters)" }

  var summary: (operation: String, parameters: String) {
    switch self {
    case .convert(let from, let to): return ("convert", "\(from) → \(to)")
    case .view(let from, let display, let view): return ("view", "\(from) → \(display), \(view)")
    case .looks(let names, let from, let to): return ("look", "\(names), \(from) → \(to)")
    case .table(let table):
      return ("look", "\(table.name) \(table.object.hex.prefix(12)), tetrahedral")
    case .decision(let grade, let clamps):
      let words = grade.summary.parameters
      return ("grade", clamps ? words : words.replacingSuffix("ASC clamp", by: "no clamp"))
    case .scale(let factor): return ("scale", "times \(factor)")
    }
  }
}

extension String {
  fileprivate func replacingSuffix(_ suffix: String, by other: String) -> String {
    hasSuffix(suffix) ? dropLast(suffix.count) + other : self
  }
}

extension ColourStep: CanonicallyEncodable {
  package func encode(into encoder: inout CanonicalEncoder) {
    switch self {
    case .convert(let from, let to):
      encoder.append("convert")
      encoder.append(from)
      encoder.append(to)
    case .view(let from, let display, let view):
      encoder.append("view")
      encoder.append(from)
      encoder.append(display)
      encoder.append(view)
    case .looks(let names, let from, let to):
      encoder.append("looks")
      encoder.append(names)
      encoder.append(from)
      encoder.append(to)
    case .table(let table):
      encoder.append("table")
      encoder.append(table.object)
      encoder.append(table.fileExtension)
      encoder.append(table.clamps)
    case .decision(let grade, let clamps):
      encoder.append("decision")
      encoder.append(grade)
      encoder.append(clamps)
    case .scale(let factor):
      encoder.append("scale")
      encoder.append(factor)
    }
  }
}

/// Steps from colour to colour as one operation: one for each shot and deliverable.
///
/// Until a deliverable is planned it only says what is wanted. Compiled, it names an object that holds everything a
/// renderer needs, and that object alone is what it hashes as: two ways to write one transform share their frames.
package struct ColourProcess: Hashable, Codable, Sendable, CanonicallyEncodable {
  static let version = 1

  /// How it is computed.
  package enum Form: String, Codable, Sendable {
    /// It changes nothing.
    case identity
    /// A correction, a shaper and a cube, as our kernels apply them.
    case table
    /// Curves and matrices one after the other, as our kernels apply them.
    case steps
    /// OpenColorIO itself.
    case exact
  }

  /// What is seen where a picture does not reach: black in the values that the steps make.
  package struct Black: Hashable, Codable, Sendable, CanonicallyEncodable {
    /// The steps from no light to those values; none where black is 0.
    package var steps: [ColourStep]
    /// Whether it also lies under what a picture covers in part; below a mix it does not: the mix lays it under itself.
    package var isUnder: Bool

    package init(steps: [ColourStep], isUnder: Bool) {
      self.steps = steps
      self.isUnder = isUnder
    }

    package func encode(into encoder: inout CanonicalEncoder) {
      encoder.append(steps)
      encoder.append(isUnder)
    }
  }

  package struct Compiled: Hashable, Codable, Sendable {
    package var form: Form
    /// Digest of a `ColourProgram`, an object of the store.
    package var program: Digest
    /// The largest difference found from the exact transform, in codes of the deliverable.
    package var error: Double
    /// The library that a renderer needs for it, with its build; nil where our kernels are enough.
    package var library: String?

    package init(form: Form, program: Digest, error: Double, library: String? = nil) {
      self.form = form
      self.program = program
      self.error = error
      self.library = library
    }
  }

  package var context: ColourContext
  package var steps: [ColourStep]
  package var compiled: Compiled?
  /// Nil where black is 0.
  package var black: Black?
  /// Whether it is what somebody decided on, and no more: an ungraded deliverable leaves it out.
  package var isGrade: Bool

  package init(
    context: ColourContext, steps: [ColourStep], compiled: Compiled? = nil, black: Black? = nil,
    isGrade: Bool = false
  ) {
    self.context = context
    self.steps = steps
    self.compiled = compiled
    self.black = black
    self.isGrade = isGrade
  }

  package func encode(into encoder: inout CanonicalEncoder) {
    encoder.append(Self.version)
    encoder.append(compiled == nil)
    if let compiled {
      encoder.append(compiled.program)
    } else {
      encoder.append(context)
      encoder.append(steps)
      // Nothing at all where it is 0: what was compiled before keeps its name.
      if let black {
        encoder.append("black")
        encoder.append(black)
      }
    }
  }

  var summaries: [OperationSummary] {
    let asked = steps.map { step in
      let (operation, parameters) = step.summary
      return OperationSummary(operation: operation, version: Self.version, parameters: parameters)
    }
    guard let compiled, !steps.isEmpty else { return asked }
    let error = (compiled.error * 1000).rounded() / 1000
    return asked + [
      OperationSummary(
        operation: "colour", version: Self.version,
        parameters:
          "all of it as one, \(compiled.form.rawValue) \(compiled.program.hex.prefix(12)), at most \(error) "
          + "codes off")
    ]
  }
}

extension ImageNode {
  /// The steps on top, through one chain or several, and what lies below.
  package var colour: (steps: [ColourProcess], below: ImageNode) {
    guard case .colour(let process, let below) = self else { return ([], self) }
    let under = below.colour
    return (under.steps + [process], under.below)
  }
}
