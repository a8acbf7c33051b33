package import Diagnostics
package import Editorial
package import ImageGraph
package import MediaTime
package import TaskGraph

/// What travels from a stage to the next.
package enum PortType: String, Sendable {
  /// Frames, virtual until a deliverable asks for them.
  case picture
  /// The sound of the cut: which source plays where.
  case soundEdit = "sound edit"
  /// A finished mix.
  case mix
  /// A deliverable: what a gate lets people look at.
  case deliverable
  /// A gate that is open or closed.
  case gate
}

/// A pipeline file, checked: every key known, every wire between ports of one type, every file it names read.
package struct Pipeline: Sendable {
  package struct TimelineSettings: Sendable {
    /// The lists of the cut: path as typed, absolute path and content.
    package var cuts: [InputFile]
    package var rate: FrameRate?
    package var start: String?
    package var mediaRoots: [MediaRoot]
    package var handles: Int
    /// How clips find their media.
    package var relink: RelinkSettings
    /// Which of several timelines in the cut's file, by name.
    package var sequence: String?
    /// The editor's offline movie, which the conform is compared with.
    package var reference: OfflineReference?
    /// Faults of the cut and events without media are told and the rest is conformed: for reports, never for pictures.
    package var isLenient = false
    /// Camera and sound logs, the most trusted first.
    package var logs: [SourceLog] = []
  }

  package struct MediaRoot: Codable, Sendable {
    /// Absolute, symbolic links resolved.
    package var path: String
    package var typed: String
  }

  /// Path of the pipeline file as the user typed it.
  package var path: String
  package var programme: String
  package var timeline: TimelineSettings
  package var raster: Raster
  /// In an order in which every stage follows those it is wired to.
  package var stages: [any Stage]
  /// How many there are of each licence, and places in each pool.
  package var tokens: [String: Int] = [:]
  /// Warnings that did not stop the file from loading.
  package var warnings: [Diagnostic]
  /// What computing costs, for reports.
  package var cost: CostRate?
  /// What the file says of the farm.
  package var farm = FarmSettings()
  /// Black around what is seen, in every deliverable that does not leave it out.
  package var matte: Matte?
  /// What its numbers mean; nil where all of it is display-coded Rec.709.
  package var colour: ColourManagement?

  /// Whether its plan follows from the files it names, the media and the results alone: no gate that people decide on,
  /// no program that is looked for on this machine, no conversion by another.
  package var isClosed: Bool {
    timeline.reference == nil
      && timeline.cuts.allSatisfy { cut in
        !cut.isConverted && ConvertedFormat.ownExtensions.contains(FilePaths.fileExtension(of: cut.path))
      } && !stages.contains { $0 is ApprovalStage || $0 is ExternalStage }
  }

  package func stage(named name: String) -> (any Stage)? { stages.first { $0.declaration.name == name } }
}

/// A file that a pipeline names, read when the pipeline is loaded so that planning is pure.
package struct InputFile: Sendable {
  package var typed: String
  package var path: String
  /// Empty for a cut that is converted before it is read, see `ConvertedFormat`.
  package var bytes: [UInt8]
  /// Whether the bytes are not the file's own but were made from it.
  package var isConverted = false
  /// What a conversion of the file did not carry.
  package var findings: [Finding] = []

  package init(typed: String, path: String, bytes: [UInt8]) {
    self.typed = typed
    self.path = path
    self.bytes = bytes
  }
}
