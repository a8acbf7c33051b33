/// A pipeline file that the board was started with: only these are run from a page.
package struct ServedPipeline: Sendable, Hashable {
  /// As the user typed it.
  package var path: String
  package var programme: String
  /// Names of the files of its own cut.
  package var cut: [String]
  /// Frame rate as `--rate` takes it; nil where the cut or the media say it.
  package var rate: String?
  package var handles: Int
  /// Its folders of media, as absolute paths.
  package var media: [String]
  /// The stage that conforms; nil without one.
  package var conformStage: String?

  package init(
    path: String, programme: String, cut: [String], rate: String?, handles: Int, media: [String],
    conformStage: String?
  ) {
    (self.path, self.programme, self.cut, self.rate) = (path, programme, cut, rate)
    (self.handles, self.media, self.conformStage) = (handles, media, conformStage)
  }
}

/// A folder of media that a cut without a pipeline may be conformed against.
package struct MediaFolder: Sendable, Hashable {
  /// As the user typed it.
  package var typed: String
  /// Absolute, with links followed.
  package var path: String

  package init(typed: String, path: String) { (self.typed, self.path) = (typed, path) }
}
