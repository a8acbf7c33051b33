package import Diagnostics
import Digests
package import TaskGraph

/// Probes several media files in one attempt, since starting one costs more than reading a small file does.
///
/// Each file's facts are a result of their own, under the key of its `ProbeTask`: a batch is only how they are made.
/// A file that is no media leaves the result of a batch of this file alone.
package enum ProbeFilesTask: DescribedTask {
  package static let identifier = "probe-files"
  package static let version = 1
  /// Files of one attempt at the most.
  package static let mostFiles = 64
  /// Bytes of one attempt at the most, unless one file has more: some containers are read through.
  package static let mostBytes: Int64 = 1 << 30

  package struct File: Codable, Sendable {
    package var media: MediaLocation
    /// Of its `ProbeTask`.
    package var key: TaskKey

    package init(media: MediaLocation, key: TaskKey) {
      self.media = media
      self.key = key
    }
  }

  package struct Input: Codable, Sendable {
    package var files: [File]

    package init(files: [File]) { self.files = files }
  }

  /// A file that cannot be used as media; its content says so, and reading it again would, too.
  package struct Failure: Codable, Sendable {
    package var key: TaskKey
    package var diagnostics: [Diagnostic]

    package init(key: TaskKey, diagnostics: [Diagnostic]) {
      self.key = key
      self.diagnostics = diagnostics
    }
  }

  package struct Output: Codable, Sendable {
    package var failures: [Failure]

    package init(failures: [Failure]) { self.failures = failures }
  }

  package static func key(_ files: [File]) -> TaskKey { key(Input(files: files)) }

  package static func describe(_ input: Input, names: KeyNames, in recipe: inout KeyRecipe) {
    recipe.add("probe", ProbeTask.version, group: "code of \(ProbeTask.identifier)")
    recipe.add("files", input.files.count)
    for file in input.files { recipe.add(MediaNames.file(of: file.media.path), file.key, group: "file") }
  }
}
