import ObjectStore
import Planning

/// Finds grades among the published versions.
struct GradeVersions {
  private let publisher: VersionPublisher

  init(_ publisher: VersionPublisher) { self.publisher = publisher }

  /// The version with exactly the files of a grade, such as `v002`; nil when there is none.
  func version(of grade: PlannedGrade, programme: String) throws -> String? {
    let line = VersionLine(.asset, programme: programme, name: grade.asset)
    guard publisher.hasVersions(line) else { return nil }
    let wanted = Set(grade.files)
    return try publisher.newest(of: line) { Set($0.files.map(\.digest)) == wanted }
      .map { VersionLine.folderName(version: $0.version) }
  }
}
