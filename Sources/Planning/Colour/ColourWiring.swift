import Diagnostics
import ImageGraph

/// What cannot be wired where colour is managed: a look that makes a display's values goes to that display only, and last.
enum ColourWiring {
  static func check(_ stages: [any Stage], isManaged: Bool, findings: Findings) {
    for stage in stages where isManaged {
      if let grade = stage as? ColorGradeStage { checkSpace(of: grade, in: stages, findings: findings) }
    }
    for case let delivery as DeliveryStage in stages {
      guard delivery.layers.grade, let output = delivery.output, let value = delivery.outputValue,
        let grade = look(behind: delivery.declaration, in: stages), let look = grade.look,
        look.isDisplayReferred, let made = look.to, output.space != made
      else { continue }
      findings.add(
        value.error(
          "colour.otherDisplay",
          "the look `\(look.words)` of `\(grade.declaration.name)` makes \(made), and `"
            + "\(delivery.declaration.name)` is \(output.words)",
          remedy: "Deliver \(made), or use a look that stays in the working space."))
      findings.add(declared(look, code: "colour.otherDisplay"))
    }
  }

  private static func declared(_ look: LookKey, code: String) -> Diagnostic {
    Diagnostic(
      severity: .note, family: .usage, code: code, location: look.value.location,
      message: "the look is declared here", remedy: nil, excerpt: look.value.excerpt)
  }

  /// Corrections and looks take pictures in the working space, and those behind a look for a display are not there.
  private static func checkSpace(
    of grade: ColorGradeStage, in stages: [any Stage], findings: Findings
  ) {
    guard let earlier = look(behind: grade.declaration, in: stages, isDisplayReferred: true),
      let look = earlier.look
    else { return }
    let declaration = grade.declaration
    findings.add(
      Diagnostic(
        family: .usage, code: "colour.afterDisplay", location: declaration.location,
        message:
          "`\(declaration.name)` grades in the working space, and the look `\(look.words)` of "
          + "`\(earlier.declaration.name)` makes \(look.to ?? "a display's values") of its pictures",
        remedy: "Wire `\(declaration.name)` before `\(earlier.declaration.name)`: such a look comes last."))
    findings.add(declared(look, code: "colour.afterDisplay"))
  }

  /// The nearest grade before a stage that has a look, or one for a display.
  private static func look(
    behind stage: StageDeclaration, in stages: [any Stage], isDisplayReferred: Bool = false
  ) -> ColorGradeStage? {
    var next = stage.wires["picture"]
    while let name = next, let source = stages.first(where: { $0.declaration.name == name }) {
      if let grade = source as? ColorGradeStage, let look = grade.look,
        look.isDisplayReferred || !isDisplayReferred
      {
        return grade
      }
      next = source.declaration.wires["picture"]
    }
    return nil
  }
}
