import Diagnostics
import ImageGraph

/// What cannot be wired where colour is managed, and looks that make a display's values: those go to that display only.
enum ColourWiring {
  static func check(_ stages: [any Stage], isManaged: Bool, findings: Findings) {
    for stage in stages where isManaged {
      checkKind(of: stage, findings: findings)
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

  /// Comps are made in the light of Rec.709 displays, and programs are handed its codes.
  private static func checkKind(of stage: any Stage, findings: Findings) {
    let declaration = stage.declaration
    let hasPicture = declaration.wires["picture"] != nil || stage.ports.contains(.picture)
    guard stage is CompositingStage || (stage is ExternalStage && hasPicture) else { return }
    findings.add(
      Diagnostic(
        family: .usage, code: "colour.notManaged", location: declaration.location,
        message:
          "`\(declaration.name)` is \(type(of: stage).kind), which takes pictures as display-coded Rec.709, and "
          + "colour is managed here",
        remedy: "Cut finished comps in as media of their own colour space, or leave `colour:` out."))
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
