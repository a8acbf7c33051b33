/// All findings of one reading or check, thrown when it cannot go on.
package struct DiagnosticList: Error, Hashable, Sendable, Codable {
  package var diagnostics: [Diagnostic]

  package init(_ diagnostics: [Diagnostic]) {
    self.diagnostics = diagnostics
  }

  /// Whether any finding is an error; warnings and notes alone stop nothing.
  package var hasErrors: Bool { diagnostics.contains { $0.severity == .error } }

  /// The exit code of a command that ends with these findings: of several errors the first of 2, 3, 5, 4, 1, 75 wins.
  package var exitCode: Int {
    let families = Set(diagnostics.lazy.filter { $0.severity == .error }.map(\.family))
    let order: [Diagnostic.Family] = [.usage, .inputMissing, .ambiguous, .verification, .failed, .transient]
    return (order.first { families.contains($0) } ?? .failed).rawValue
  }
}

extension DiagnosticList: CustomStringConvertible {
  /// The findings in order, each as it prints itself.
  package var description: String {
    diagnostics.map(\.description).joined(separator: "\n")
  }
}
