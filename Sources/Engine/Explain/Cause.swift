/// One thing that makes a task run: what is new or has changed since its like was last made.
package struct Cause: Codable, Hashable, Sendable {
  package enum Kind: String, Codable, Sendable {
    /// Nothing of this kind and stage was made before.
    case first
    /// The shot, or whatever it is about, is new in the cut.
    case new
    /// A group of ingredients has other values.
    case changed
    /// A group of ingredients is there that was not, or the other way round.
    case added, removed
    /// Tasks that it waits for are made again.
    case input
    /// Nothing but frames that were never asked for.
    case frames
    /// The same frames in other groups of pictures.
    case regrouped
    /// It was made, and its result is not there any more.
    case gone
    /// An earlier run set out to make it, and ended or failed before.
    case unfinished, failed
    /// Its key differs, and nothing on record says by what.
    case unknown
  }

  package struct Change: Codable, Hashable, Sendable {
    package var name: String
    package var old: String?
    package var new: String?
  }

  package var kind: Kind
  /// Of ingredients, e.g. `grade`; of `input` the kind of task.
  package var group: String
  /// e.g. `shot CITY_040`.
  package var about: String?
  package var changes: [Change]
  /// Where the values come from now, and where they came from when that was elsewhere.
  package var origin: String?
  package var oldOrigin: String?
  /// The run that it is compared with.
  package var since: String?

  package init(
    _ kind: Kind, group: String = "", about: String? = nil, changes: [Change] = [], origin: String? = nil,
    oldOrigin: String? = nil, since: String? = nil
  ) {
    self.kind = kind
    self.group = group
    self.about = about
    self.changes = changes
    self.origin = origin
    self.oldOrigin = oldOrigin == origin ? nil : oldOrigin
    self.since = since
  }
}
