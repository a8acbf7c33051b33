import Board
import Diagnostics
import Engine
import ObjectStore
import Planning

/// What `run` and `plan` print with `--json`; fields are added, never renamed.
struct RunReport: Encodable {
  struct Deliverable: Encodable {
    var stage: String
    var profile: String
    /// `v003`; nil where it was not published.
    var version: String?
    /// The file, or the folder of a sequence, relative to the production's parent as the user named it.
    var path: String?
    var frames: Int64
    var distinctFrames: Int64
    var reusedFrames: Int64
    var newFrames: Int64
    /// Closed gates that it waits for.
    var waitsFor: [String] = []
  }

  struct Task: Encodable {
    var key: String
    var kind: String
    var stage: String
    var label: String
    var frames: Int
    var reason: String
    /// What is new or has changed since its like was last made.
    var causes: [Cause] = []
    /// The same in sentences.
    var because: [String] = []
  }

  var programme: String
  var production: String
  var events: Int
  /// Frames rendered by this run.
  var framesMade: Int
  var attempts: Int
  var lostAttempts: Int
  var seconds: Double
  var deliverables: [Deliverable]
  /// What each gate of the pipeline says.
  var gates: [GateState] = []
  var diagnostics: [Diagnostic]
  /// With `plan`: what would run.
  var tasks: [Task]?
  /// With `plan`: probes and measurements of text that were done to make the plan; in a production they are not done
  /// again.
  var prepared: [Task]?
  /// With `plan`: deliverables that show the same pictures with and without text, and where they differ.
  var textless: [TextlessPair]?
  /// With `plan`: how colours are computed, where they are managed.
  var colours: [ColourPlan]?
  /// With `plan`: wall time expected from recorded timings; nil when none are recorded yet.
  var estimatedSeconds: Double?
  /// With `plan`: the work of each stage by recorded timings.
  var estimatedStages: [PlanEstimate.Stage]?
  /// With `run`: published pages, pictures and copies for review.
  var toLookAt: [Viewables.Item]?
}
