package import Digests
import ImageGraph

/// A grade as a version of its own: corrections and look, whatever cut they are shown on.
package struct PlannedGrade: Hashable, Codable, Sendable {
  package var stage: String
  /// The asset's name.
  package var asset: String
  /// Its files: the corrections, then the look where there is one.
  package var files: [Digest]
  /// Of the version that is exactly this; nil while there is none.
  package var version: String?
  package var corrections: Int
  package var look: String?

  static func name(of stage: String) -> String { "\(stage)-cdl" }

  /// `grade-cdl v002, 12 corrections, look show.cube`
  ///
  /// - Parameter version: as it is published by now.
  package func words(version: String?) -> String {
    "\(asset) \(version ?? "(not published yet)"), "
      + (corrections == 1 ? "1 correction" : "\(corrections) corrections")
      + (look.map { ", look \($0)" } ?? "")
  }
}

extension PlanningWorkspace {
  /// The grades that a deliverable shows, the first that is applied first.
  func grades(behind stage: StageDeclaration) -> [PlannedGrade] {
    var found: [PlannedGrade] = []
    var next = pipeline.stage(named: stage.name)
    while let stage = next {
      if let delivery = stage as? DeliveryStage, !delivery.layers.grade { return [] }
      if let grade = grades[stage.declaration.name] { found.insert(grade, at: 0) }
      next = (stage.declaration.wires["picture"] ?? stage.declaration.wires["frames-of"])
        .flatMap { pipeline.stage(named: $0) }
    }
    return found
  }
}
