import Board
import Digests
import Monitoring
import ObjectStore
import Planning

/// Tells whoever runs a pipeline in a shell that the board has another cut of its programme in force: a run takes what it
/// is told, and nothing else.
enum GivenCutNote {
  /// - Returns: one line, with the words that take the cut; nil where the run takes it, and where it was told which cut to
  ///   take.
  static func line(
    _ pipeline: Pipeline, overrides: [String], production: Production, typed: String?
  ) throws -> String? {
    let shelf = CutShelf(production)
    guard !overrides.contains(where: { $0.hasPrefix("timeline.cut=") }),
      let cut = try shelf.inForce(pipeline.programme), let file = cut.file,
      let path = typed.flatMap({ shelf.path(of: cut, typed: $0) }) ?? shelf.path(of: cut),
      !pipeline.timeline.cuts.contains(where: { !$0.isConverted && Digest.sha256($0.bytes).hex == cut.digest }
      )
    else { return nil }
    let own = pipeline.timeline.cuts.map(\.typed).joined(separator: ", ")
    return TerminalText.printable(
      "\(pipeline.programme): this run takes \(own); on the board \(cut.name), \(file), given by \(cut.by), is in force. "
        + "To run that: --set timeline.cut=\(CommandWords.quoted(path))")
  }
}
