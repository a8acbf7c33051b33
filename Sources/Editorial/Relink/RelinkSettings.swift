/// What a relink may go by, and what it does where it cannot decide.
package struct RelinkSettings: Sendable, Hashable {
  /// In order of trust: a later rule counts only where the earlier ones find nothing.
  package var rules: [RelinkRule]
  /// How media of another rate than the timeline's is read; the first that matches counts.
  package var rates: [RateRule]
  /// Where the source reel of a media file is read.
  package var reels: [ReelSource]
  /// Source reels by logs of the set or the laboratory, by the path of the media file.
  package var loggedReels: [String: [String]]
  /// How stored paths are carried over to this machine.
  package var paths: [PathMap]
  package var ambiguity: AmbiguityPolicy
  /// For events whose media lacks some of the frames.
  package var partial: MissingPolicy
  /// For events that no media has a frame of; a frame to hold there is not.
  package var missing: MissingPolicy
  /// Choices that are made already.
  package var lock: RelinkLock?

  package init(
    rules: [RelinkRule] = RelinkRule.allCases, rates: [RateRule] = [],
    reels: [ReelSource] = ReelSource.standard,
    loggedReels: [String: [String]] = [:], paths: [PathMap] = [], ambiguity: AmbiguityPolicy = .stop,
    partial: MissingPolicy = .fail, missing: MissingPolicy = .fail, lock: RelinkLock? = nil
  ) {
    self.rules = rules
    self.rates = rates
    self.reels = reels
    self.loggedReels = loggedReels
    self.paths = paths
    self.ambiguity = ambiguity
    self.partial = partial
    self.missing = missing
    self.lock = lock
  }
}
