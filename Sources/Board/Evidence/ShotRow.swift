/// One event of the cut with a picture: where it is, what it is made from, and how far each stage is with it.
package struct ShotRow: Codable, Hashable, Sendable {
  /// How far one stage is.
  package struct Stage: Codable, Hashable, Sendable {
    package enum Look: String, Codable, Hashable, Sendable {
      case done, waiting, missing
      /// It changes nothing of this shot.
      case untouched
    }

    package var name: String
    package var kind: String
    package var look: Look
    /// In words, e.g. `in v002`, `12 frames to make`.
    package var text: String

    package init(_ name: String, kind: String, _ look: Look, _ text: String) {
      (self.name, self.kind, self.look, self.text) = (name, kind, look, text)
    }
  }

  /// A still of it before and after a stage.
  package struct Picture: Codable, Hashable, Sendable {
    package var stage: String
    /// The key of the task that made it.
    package var still: String
    /// In the name of the published page of scopes.
    package var scopes: String?

    package init(stage: String, still: String, scopes: String?) {
      (self.stage, self.still, self.scopes) = (stage, still, scopes)
    }
  }

  /// The picture that lies over or under it.
  package struct Comp: Codable, Hashable, Sendable {
    package var stage: String
    /// File names of what is laid over the plate.
    package var layers: [String]
    /// The version in their names, `v003`; nil where they have none.
    package var version: String?

    package init(stage: String, layers: [String], version: String?) {
      (self.stage, self.layers, self.version) = (stage, layers, version)
    }
  }

  /// Names it in addresses: its track and its first frame.
  package var key: String
  package var event: String
  package var shot: String
  package var track: String
  /// Frames of the programme.
  package var first: Int64
  package var count: Int64
  /// First timecode and the one after the last.
  package var record: String
  package var source: String?
  package var file: String?
  package var reel: String?
  package var handlesBefore: Int64
  package var handlesAfter: Int64
  package var handlesWanted: Int64
  /// Other than the speed it was shot at, e.g. `1/2`.
  package var speed: String?
  package var comp: Comp?
  package var stages: [Stage]
  package var pictures: [Picture]
  /// Why its media was not found.
  package var problem: String?

  package init(
    key: String, event: String, shot: String, track: String, first: Int64, count: Int64, record: String
  ) {
    (self.key, self.event, self.shot, self.track) = (key, event, shot, track)
    (self.first, self.count, self.record) = (first, count, record)
    (handlesBefore, handlesAfter, handlesWanted) = (0, 0, 0)
    (stages, pictures) = ([], [])
  }

  package var isShortOfHandles: Bool {
    problem == nil && (handlesBefore < handlesWanted || handlesAfter < handlesWanted)
  }

  /// The worst that any stage is.
  package var look: Stage.Look {
    if problem != nil || stages.contains(where: { $0.look == .missing }) { return .missing }
    return stages.contains { $0.look == .waiting } ? .waiting : .done
  }

  /// The version that the name of a file carries: `v` and digits, before anything but a digit.
  package static func version(in name: String) -> String? {
    var found: String?
    for part in name.split(whereSeparator: { "._-".contains($0) }) {
      guard let first = part.first, first == "v" || first == "V", part.count > 1,
        part.dropFirst().allSatisfy({ $0.isASCII && $0.isNumber })
      else { continue }
      found = "v" + part.dropFirst()
    }
    return found
  }
}
