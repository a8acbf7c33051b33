package import Diagnostics

/// One stage of a pipeline file as written: its name, place and keys.
package struct StageDeclaration: Sendable {
  package var name: String
  package var location: SourceLocation
  /// The stage each wired port comes from, by key: `picture` → `edit`.
  package var wires: [String: String]
  /// The stages behind each key that takes several: `after` → `approve-grade`.
  package var lists: [String: [String]]
  /// Its tasks go before those of stages with less.
  package var priority = 0
  /// Licences and places in pools that each of its tasks takes, by name.
  package var tokens: [String: Int] = [:]

  /// Every stage it takes something from.
  var sources: [String] { Array(wires.values) + lists.values.joined() }

  /// The gates that must be open before anything of it is done.
  var gates: [String] { lists["after"] ?? [] }
}

/// A kind of stage: what it is called, which keys it takes, and how it rewrites the programme into a plan.
///
/// Add a kind by writing one and listing it in `StageRegistry`.
package protocol Stage: Sendable {
  static var kind: String { get }
  static var summary: String { get }
  static var keys: [KeySpec] { get }
  static var outputs: [PortType] { get }

  var declaration: StageDeclaration { get }

  /// What this stage makes: the outputs of its kind, or those of them that its keys ask for.
  var ports: [PortType] { get }

  /// Rewrites the programme: takes the outputs of the stages it is wired to, adds its own outputs and tasks.
  func plan(in workspace: inout PlanningWorkspace) throws(DiagnosticList)
}

extension Stage {
  package var ports: [PortType] { Self.outputs }
}

/// A stage that can read itself from a pipeline file.
protocol ReadableStage: Stage {
  /// Reads the stage's own keys; reports what is wrong to the reader's findings.
  init?(_ declaration: StageDeclaration, keys: KeyReader, context: LoadingContext)
}

/// What a stage may ask for while the file is loaded.
struct LoadingContext {
  /// Folder of the pipeline file: `profiles/` beside it comes before the profiles shipped with the program.
  var pipelineFolder: String
  /// The declared media folders: what a stage reads beside its own files lies below one of them.
  var mediaRoots: [Pipeline.MediaRoot] = []
  /// What the numbers of pictures mean; nil where they are display-coded Rec.709, or where that could not be read.
  var colour: ColourManagement?
  /// Whether the pipeline has a `colour:`, readable or not.
  var isManaged = false
}

/// Every kind of stage there is.
package enum StageRegistry {
  static let readable: [any ReadableStage.Type] = [
    EditingStage.self, CompositingStage.self, ColorGradeStage.self, TitlesStage.self, SoundMixStage.self,
    DeliveryStage.self, ApprovalStage.self, ExternalStage.self, QualityStage.self,
  ]

  package static var all: [any Stage.Type] { readable }
}
