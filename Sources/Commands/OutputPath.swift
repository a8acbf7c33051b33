import Diagnostics
import Foundation
import Planning

/// A file that a command writes where the user says: never over what the command reads, never over a folder.
struct OutputPath {
  let typed: String
  let path: String

  /// - Parameters:
  ///   - inputs: files and folders that the command reads.
  /// - Throws: `usage` when writing there would destroy something or cannot work.
  init(_ typed: String, option: String, inputs: [String]) throws(DiagnosticList) {
    self.typed = typed
    path = FilePaths.resolve(typed, from: FilePaths.current)
    let real = FilePaths.real(path) ?? path
    for input in inputs {
      let absolute = FilePaths.resolve(input, from: FilePaths.current)
      let source = FilePaths.real(absolute) ?? absolute
      let isFolder = FilePaths.isFolder(source)
      guard real != source, !(isFolder && FilePaths.lies(real, below: source)),
        !FilePaths.lies(source, below: real)
      else {
        throw Self.refused(option, typed, "it would be written over or into what is read, `\(input)`")
      }
    }
    if FilePaths.isFolder(real) { throw Self.refused(option, typed, "there is a folder of that name") }
    guard FilePaths.isFolder(FilePaths.folder(of: path)) else {
      throw Self.refused(option, typed, "its folder does not exist")
    }
  }

  /// - Throws: `usage` when two of them are one file.
  static func checkApart(_ outputs: [OutputPath]) throws(DiagnosticList) {
    var seen: Set<String> = []
    for output in outputs where !seen.insert(output.path).inserted {
      throw refused("command line", output.typed, "another option writes there, too")
    }
  }

  private static func refused(_ option: String, _ typed: String, _ reason: String) -> DiagnosticList {
    DiagnosticList([
      Diagnostic(
        severity: .error, family: .usage, code: "output.refused", location: SourceLocation(file: option),
        message: "`\(typed)` cannot be written: \(reason)", remedy: "Name another file.")
    ])
  }

  /// Whether its name asks for a page.
  var isPage: Bool { ["html", "htm"].contains(FilePaths.fileExtension(of: path)) }

  /// Writes bytes whole or not at all.
  func write(_ bytes: [UInt8]) throws {
    do {
      try Data(bytes).write(to: URL(fileURLWithPath: path), options: .atomic)
    } catch {
      throw Self.refused("command line", typed, error.localizedDescription)
    }
  }
}
