/// What an attempt at a task occupies while it runs.
package struct TaskNeeds: Codable, Hashable, Sendable {
  /// Cores it keeps busy, at least 1.
  package var cores: Int
  /// Estimated resident memory at its peak in bytes, from raster and operations; nil when nobody knows.
  package var memoryBytes: Int64?
  /// Licences and places in named pools, by name, e.g. `nuke: 1`.
  package var tokens: [String: Int]
  /// The longest an attempt may take, in seconds; nil without a limit of its own.
  package var timeout: Int?

  package init(
    cores: Int = 1, memoryBytes: Int64? = nil, tokens: [String: Int] = [:], timeout: Int? = nil
  ) {
    self.cores = cores
    self.memoryBytes = memoryBytes
    self.tokens = tokens
    self.timeout = timeout
  }
}
