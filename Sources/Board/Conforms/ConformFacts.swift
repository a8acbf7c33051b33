import FoundationEssentials
package import ObjectStore

/// Everything that the pages about conforms say.
package struct ConformFacts: Sendable {
  package struct Programme: Sendable {
    package var pipeline: ServedPipeline
    /// The cut that stands for the pipeline file's own.
    package var cut: CutVersion?
    /// Every cut that was given, the newest first.
    package var cuts: [CutVersion]
    /// Conforms that are published, the newest first.
    package var conforms: [VersionHead]
    package var run: FarmFacts.Run?

    package init(
      pipeline: ServedPipeline, cut: CutVersion?, cuts: [CutVersion], conforms: [VersionHead],
      run: FarmFacts.Run?
    ) {
      (self.pipeline, self.cut, self.cuts) = (pipeline, cut, cuts)
      (self.conforms, self.run) = (conforms, run)
    }

    package var name: String { pipeline.programme }

    /// Names of the files of the cut that a run would take now.
    package var cutNames: [String] { cut.flatMap(\.file).map { [$0] } ?? pipeline.cut }
  }

  package var programmes: [Programme]
  /// Conforms of programmes that no pipeline at hand is about.
  package var others: [VersionHead]
  package var folders: [MediaFolder]
  package var starts: [StartedCommand]
  /// Who works in the production now, so that nobody else can; nil when it is free.
  package var atWork: String?

  package init(
    programmes: [Programme], others: [VersionHead], folders: [MediaFolder], starts: [StartedCommand],
    atWork: String?
  ) {
    (self.programmes, self.others, self.folders) = (programmes, others, folders)
    (self.starts, self.atWork) = (starts, atWork)
  }
}

/// The numbers of a conform, as its report has them.
package struct ConformTotals: Decodable, Sendable {
  package var events: Int
  package var matched: Int
  package var black: Int
  package var unmatched: Int
  package var frames: Int64
  package var findings: Int
  package var warnings: Int

  private struct Report: Decodable {
    var totals: ConformTotals
  }

  /// A report that is longer is not read for its numbers.
  private static let longestReport: Int64 = 32 << 20

  /// - Returns: nil for a report that cannot be read.
  init?(of file: VersionRecord.File, in version: VersionHead, _ production: Production) {
    guard file.byteCount <= Self.longestReport,
      let (bytes, _) = try? production.fileSystem.read(version.path(of: file, in: production)),
      let report = try? JSONDecoder().decode(Report.self, from: Data(bytes))
    else { return nil }
    self = report.totals
  }
}

extension PublishedVersion {
  /// The page about a conformed cut.
  package var conformPage: VersionRecord.File? { files.first { $0.name.hasSuffix(".html") } }
}
