package import Digests
package import ImageGraph
import MediaTime
import Synchronization

/// What people call things that keys know by digest only: noted while stages plan, read when somebody asks why.
///
/// Names decide nothing; a plan is the same without them.
package final class KeyNames: Sendable {
  /// The shots that a chain shows.
  package struct Subject: Hashable, Sendable {
    /// `shot CITY_040`; at a transition the incoming one.
    package var shot: String?
    /// At a transition, the shot that ends.
    package var outgoing: String?
    /// Of pictures that lie on each other, each one's, the lowest first.
    package var layers: [String?] = []

    package init(shot: String? = nil, outgoing: String? = nil, layers: [String?] = []) {
      self.shot = shot
      self.outgoing = outgoing
      self.layers = layers
    }

    init(_ span: PictureSpan) {
      shot = span.shot.map(Self.name)
      outgoing = span.outgoingShot.map(Self.name)
      layers = span.layers.map { $0.shot.map(Self.name) }
    }

    private static func name(_ shot: PictureSpan.Shot) -> String {
      shot.name.isEmpty ? "event \(shot.event)" : "shot \(shot.name)"
    }
  }

  private struct State {
    var unread: [PictureSequence] = []
    var subjects: [Digest: [(subject: Subject, frames: FrameRange)]] = [:]
    var looks: [Digest: String] = [:]
    var grades: [Grade: String] = [:]
    var drawings: [Digest: String] = [:]
  }

  private let state = Mutex(State())

  package init() {}

  /// For keys, and for tasks of no programme.
  package static let none = KeyNames()

  /// The sequence whose chains will be rendered; costs nothing until it is asked about.
  package func note(_ sequence: PictureSequence) {
    state.withLock { $0.unread.append(sequence) }
  }

  package func note(look table: Digest, file: String) {
    state.withLock { $0.looks[table] = file }
  }

  /// - Parameter origin: the file with the decision, or who else made it.
  package func note(grade: Grade, origin: String) {
    state.withLock { state in
      if state.grades[grade] == nil { state.grades[grade] = origin }
    }
  }

  /// What a typeset picture shows, e.g. `card main “THE FILM”`.
  package func note(drawing object: Digest, words: String) {
    state.withLock { $0.drawings[object] = words }
  }

  func look(_ table: Digest) -> String? { state.withLock { $0.looks[table] } }

  func grade(_ grade: Grade) -> String? { state.withLock { $0.grades[grade] } }

  func drawing(_ object: Digest) -> String? { state.withLock { $0.drawings[object] } }

  /// The shots that show these frames of a chain, each once; one without a name where nobody noted any.
  func subjects(of chain: Digest, frames: FrameRange) -> [Subject] {
    state.withLock { state in
      for sequence in state.unread {
        for span in sequence.spans where span.count > 0 {
          let ends = [span.map.position(at: 0), span.map.position(at: span.count - 1)]
          let shown = FrameRange(start: min(ends[0], ends[1]), end: max(ends[0], ends[1]) + 1)
          state.subjects[span.node.chain, default: []].append((Subject(span), shown))
        }
      }
      state.unread = []
      var seen: Set<Subject> = []
      let found = (state.subjects[chain] ?? []).filter { subject, shown in
        shown.intersection(frames) != nil && seen.insert(subject).inserted
      }
      return found.isEmpty ? [Subject()] : found.map(\.subject)
    }
  }
}
