import ArgumentParser
import Editorial
import Engine
import Foundation
import Glibc
import ObjectStore
import Planning
import Publishing
import TaskGraph
import TaskKinds

extension ConformCommand {
  /// Renders the conform, and copies what was made to where the user wants it.
  func render(
    _ plan: ProgrammePlan, to output: OutputPath, engine: Coordinator,
    replan: @escaping () async throws -> ProgrammePlan
  ) async throws {
    let publisher = Publisher(store: engine.store)
    let outcome = try await Rewind(engine: engine, replan: replan).run(plan)
    Outcome.printDiagnostics(outcome.warnings)
    if outcome.exitCode != 0 {
      Outcome.printDiagnostics(outcome.failures.flatMap(\.diagnostics))
      throw ExitCode(Int32(outcome.exitCode))
    }
    guard let publish = plan.publishes.first(where: { $0.assembly != nil }),
      let version = try publisher.existing(publish)
    else { throw PublishFault(what: "the output was made, but is not there") }
    let target = output.path
    let manager = FileManager.default
    // Beside the target first, under a name of our own, so that a half-copied file never has its name.
    let part = "\(target).\(ULID.next()).part"
    defer { try? manager.removeItem(atPath: part) }
    if let file = version.mainFile {
      try manager.copyItem(atPath: version.path(of: file, in: engine.store.production), toPath: part)
    } else {
      try manager.createDirectory(atPath: part, withIntermediateDirectories: true)
      for file in version.files {
        try manager.copyItem(
          atPath: version.path(of: file, in: engine.store.production), toPath: part + "/" + file.name)
      }
    }
    if version.mainFile != nil {
      // The object is read-only; the user's own file is not.
      try manager.setAttributes([.posixPermissions: 0o644], ofItemAtPath: part)
    }
    guard unsafe rename(part, target) == 0 else {
      throw PublishFault(what: "cannot write \(output.typed): \(unsafe String(cString: strerror(errno)))")
    }
    try writeCompanions(of: version, beside: output, production: engine.store.production)
    let message = "\(output.typed): \(plan.conform.timeline.frameCount) frames"
    if json { Outcome.printError(message) } else { Outcome.printResult(message) }
  }

  /// Chapters and the like go beside the file, under its name: `review.chapters.vtt` with `review.mp4`.
  private func writeCompanions(
    of version: VersionHead, beside output: OutputPath, production: Production
  ) throws {
    guard let main = version.mainFile else { return }
    let stem = version.line.fileName(version: version.version, fileExtension: "")
    let target = URL(fileURLWithPath: output.path).deletingPathExtension().path
    for file in version.files where file.name != main.name {
      let path = "\(target).\(file.name.dropFirst(stem.count))"
      let bytes = try Data(contentsOf: URL(fileURLWithPath: version.path(of: file, in: production)))
      try bytes.write(to: URL(fileURLWithPath: path), options: .atomic)
    }
  }
}

/// Something was made and cannot be found or put where it is wanted.
struct PublishFault: Error, CustomStringConvertible {
  var what: String

  var description: String { what }
}
