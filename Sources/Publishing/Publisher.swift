import Diagnostics
import Digests
import Foundation
package import ObjectStore
package import TaskGraph
package import TaskKinds

/// The version of the program.
package let interlockVersion = "0.1.0"

/// Publishes versions from what tasks have made. The coordinator does it in its own runs, a worker where there is none.
package struct Publisher: Sendable {
  package let store: ObjectStore

  package init(store: ObjectStore) { self.store = store }

  /// Publishes what a task asks for; a version with the same files is left as it is.
  package func publish(_ node: TaskNode) throws -> VersionRecord {
    try publish(try JSONDecoder().decode(PublishTask.Input.self, from: Data(node.payload)), key: node.key)
  }

  /// - Parameter key: of the task that asks for it.
  package func publish(_ input: PublishTask.Input, key: TaskKey) throws -> VersionRecord {
    let files = try files(of: input)
    let provenance = VersionPublisher.Provenance(
      madeFrom: [key] + [input.assembly].compactMap { $0 } + input.results, facts: try facts(of: input),
      verification: try verification(of: input), tool: "interlock \(interlockVersion)")
    return try VersionPublisher(store).publish(files, as: line(of: input), provenance: provenance)
      .record
  }

  package func line(of input: PublishTask.Input) -> VersionLine {
    VersionLine(
      input.shelf == .assets ? .asset : .deliverable, programme: input.programme, name: input.name)
  }

  /// The newest version with exactly the files a task would publish.
  package func existing(_ input: PublishTask.Input) throws -> VersionHead? {
    let publisher = VersionPublisher(store)
    let line = line(of: input)
    guard publisher.hasVersions(line) else { return nil }
    let makers = [input.assembly].compactMap { $0 } + input.results
    guard makers.allSatisfy(store.hasResult) else { return nil }
    let wanted = Set(try files(of: input).map { "\($0.object.hex).\($0.fileExtension)" })
    return try publisher.newest(of: line) { version in
      let stem = line.fileName(version: version.version, fileExtension: "").count
      return wanted == Set(version.files.map { "\($0.digest.hex).\($0.name.dropFirst(stem))" })
        && publisher.isIntact(version)
    }
  }

  private func verification(of input: PublishTask.Input) throws -> JSONValue {
    guard let assembly = input.assembly else { return .null }
    guard let result = try store.result(assembly, as: AssembleTask.Output.self) else {
      throw Self.missing("the assembly of \(input.name)", assembly)
    }
    return try JSONValue(encoding: result.output.evidence)
  }

  private func files(of input: PublishTask.Input) throws -> [PublishedFile] {
    var files = input.documents.map { document in
      PublishedFile(
        object: document.object,
        fileExtension: document.suffix.isEmpty
          ? document.fileExtension : "\(document.suffix).\(document.fileExtension)")
    }
    if let assembly = input.assembly {
      guard let result = try store.result(assembly, as: AssembledFiles.self) else {
        throw Self.missing("the assembly of \(input.name)", assembly)
      }
      files += result.output.files.map { file in
        PublishedFile(
          object: file.object,
          fileExtension: file.suffix.isEmpty ? input.fileExtension : "\(file.suffix).\(input.fileExtension)")
      }
    }
    for key in input.results {
      guard let result = try store.result(key, as: MadeFiles.self) else {
        throw Self.missing("a task that makes files of \(input.name)", key)
      }
      files += result.output.files.map { file in
        PublishedFile(
          object: file.object,
          fileExtension: file.suffix.isEmpty ? file.fileExtension : "\(file.suffix).\(file.fileExtension)")
      }
    }
    return files
  }

  private func facts(of input: PublishTask.Input) throws -> JSONValue {
    guard let recipe = input.recipe else { return .null }
    guard let bytes = try store.readObject(recipe) else { throw Self.missing("the recipe", recipe) }
    return try JSONDecoder().decode(JSONValue.self, from: Data(bytes))
  }

  private static func missing(_ what: String, _ digest: Digest) -> Diagnostic {
    Diagnostic(
      family: .verification, code: "object.missing",
      message: "\(what) is missing or was damaged (\(digest.hex.prefix(12)))",
      remedy: "Run again: what is missing or damaged is made again.")
  }
}

/// The part of an assembly's output that names its files.
private struct AssembledFiles: Codable, Sendable {
  var files: [AssembleTask.File]
}
