import ColorGrading
import Colour
import ImageGraph
import TaskKinds

/// Finds the fastest form of a colour chain that is proven to give the same codes.
///
/// Everything is measured against OpenColorIO itself, on colours that do not depend on the machine.
struct ColourForms {
  struct Chosen {
    var form: ColourProcess.Form
    var decision: Grade?
    var table: LookTable?
    var steps: ColourSteps?
    var error: Double
    var reason: String
  }

  /// In codes of the deliverable; of half floats in their last place.
  private static let largestError = 0.5

  private let input: CompileColourTask.Input
  private let exact: ColourProcessor
  private let library: ColourLibrary

  init(_ input: CompileColourTask.Input, exact: ColourProcessor, library: ColourLibrary) {
    self.input = input
    self.exact = exact
    self.library = library
  }

  func choose() throws -> Chosen {
    if exact.isIdentity { return Chosen(form: .identity, error: 0, reason: "it changes nothing") }
    if let direct = try direct() { return direct }
    let samples = ColourSamples.pixels(of: input.source)
    var expected = samples
    try exact.apply(&expected)
    let measure = ColourMeasure(input.target)
    var best = Double.infinity
    if input.source == .codes, case .codes = input.target {
      for candidate in try tables() {
        var found = samples
        try candidate.apply(&found)
        let error = measure.largest(found, expected)
        best = min(best, error)
        guard error <= Self.largestError else { continue }
        return Chosen(
          form: .table, decision: candidate.decision, table: candidate.table, error: error,
          reason: "a table of \(candidate.words) is within \(Self.words(error)) codes of the exact transform")
      }
    }
    if let steps = try ColourSteps(exact) {
      var found = samples
      steps.apply(&found)
      let error = measure.largest(found, expected)
      if error <= Self.largestError {
        return Chosen(
          form: .steps, steps: steps, error: error,
          reason: best.isFinite
            ? "the best table differs by \(Self.words(best)) codes" : "it is no table's work")
      }
    }
    let why =
      best.isFinite ? "the best table differs by \(Self.words(best)) codes" : "its values have no bounds"
    return Chosen(form: .exact, error: 0, reason: why)
  }

  private static func words(_ error: Double) -> String {
    let hundredths = Int((error * 100).rounded(.up))
    return "\(hundredths / 100).\(hundredths % 100 < 10 ? "0" : "")\(hundredths % 100)"
  }

  /// A correction and a LUT of our own are applied by the kernels as they are.
  private func direct() throws -> Chosen? {
    var steps = input.process.steps[...]
    var decision: Grade?
    if case .decision(let grade, clamps: true)? = steps.first {
      decision = grade
      steps = steps.dropFirst()
    }
    var table: LookTable?
    if case .table(let file)? = steps.first, case .table(let look, _) = try library.transform(.table(file)) {
      table = look
      steps = steps.dropFirst()
    }
    guard steps.isEmpty, decision != nil || table != nil else { return nil }
    return Chosen(
      form: .table, decision: decision, table: table, error: 0, reason: "the kernels apply it as it is")
  }

  /// A correction, and a table of what follows it.
  private struct Candidate {
    var decision: Grade?
    var table: LookTable
    var words: String

    func apply(_ pixels: inout [Float]) throws {
      try GradeKernel(decision: decision.map(GradeKernel.Decision.init), look: table).apply(&pixels)
    }
  }

  /// The cheapest first.
  private func tables() throws -> [Candidate] {
    var steps = input.process.steps
    var decision: Grade?
    var rest = exact
    if case .decision(let grade, clamps: true)? = steps.first {
      decision = grade
      steps.removeFirst()
      rest = try library.processor(
        ColourProcess(context: input.process.context, steps: steps))
    }
    if !rest.mixesChannels {
      return [
        Candidate(
          decision: decision, table: try ColourBake.curve(of: rest, size: 4096),
          words: "4096 points a channel"),
        Candidate(
          decision: decision, table: try ColourBake.curve(of: rest, size: 65_536),
          words: "65536 points a channel"),
      ]
    }
    return try [33, 65].map { size in
      Candidate(
        decision: decision, table: try ColourBake.cube(of: rest, size: size), words: "\(size)³ points")
    }
  }
}
