import Diagnostics
import Engine
import FoundationEssentials
import ObjectStore
package import TaskGraph

/// A file of a job, relative to its folder.
package struct JobFile: Sendable {
  package var path: String
  package var text: String
  package var isExecutable: Bool

  package init(path: String, text: String, isExecutable: Bool = false) {
    self.path = path
    self.text = text
    self.isExecutable = isExecutable
  }
}

/// How one farm is told of a job.
package protocol JobFormat: Sendable {
  /// As `farm export` calls it.
  static var name: String { get }
  /// The files beside the tasks.
  func files(of job: FarmJob) throws -> [JobFile]
  /// What the user types next, with the folder as typed.
  func start(_ job: FarmJob, folder: String) -> [String]
  /// The variable by which the farm's number of a list reaches a worker, and how many tasks one number stands for.
  func numbering(of step: FarmJob.Step) -> TaskList.Numbering?
}

extension JobFormat {
  package func numbering(of step: FarmJob.Step) -> TaskList.Numbering? { nil }
}

/// A job on disk: a file for each task, a list for each step, and what the farm reads. It needs no coordinator: everything
/// that will run is in it, and what a task needs of another is named by the other's key.
package struct JobBundle: Sendable {
  package let job: FarmJob
  package let format: any JobFormat

  package init(_ job: FarmJob, format: any JobFormat) {
    self.job = job
    self.format = format
  }

  /// Says whether a job can be written to a folder: a new one, or one that is empty.
  ///
  /// - Parameter typed: the folder as the user named it.
  /// - Throws: `usage`, code `export.folderInUse` or `export.noFolder`; `storage.…`.
  package static func check(_ folder: String, typed: String? = nil) throws {
    let files = FileSystem(root: folder)
    func refusal(_ code: String, _ message: String) -> Diagnostic {
      Diagnostic(
        family: .usage, code: code, location: SourceLocation(file: typed ?? folder), message: message,
        remedy: "Name a new folder.")
    }
    let names = try told(of: typed ?? folder) {
      if let facts = try files.facts(folder), facts.isRegularFile {
        throw refusal("export.noFolder", "there is a file of this name, and a job is a folder")
      }
      return try files.names(in: folder)
    }
    guard names.isEmpty else {
      throw refusal(
        "export.folderInUse", "there is something in this folder already, and a farm may be at work with it")
    }
  }

  /// Writes the job into a new folder.
  ///
  /// - Throws: as `check`; `storage.…`.
  package func write(to folder: String, typed: String? = nil) throws {
    try Self.check(folder, typed: typed)
    try Self.told(of: typed ?? folder) { try writeFiles(to: folder) }
  }

  /// Faults of the disk concern the folder that the user named, and no production.
  private static func told<Value>(of folder: String, _ work: () throws -> Value) throws -> Value {
    do {
      return try work()
    } catch var fault as Diagnostic where fault.code.hasPrefix("storage.") {
      let inside = fault.location?.file ?? "."
      fault.location = SourceLocation(file: inside == "." ? folder : "\(folder)/\(inside)")
      fault.remedy = "Name a new folder, on a disk that has room and may be written."
      throw fault
    }
  }

  private func writeFiles(to folder: String) throws {
    let files = FileSystem(root: folder)
    let described = try format.files(of: job)
    let folders = Set((["tasks/"] + described.map(\.path)).map { FileSystem.parent(of: "\(folder)/\($0)") })
    for name in folders.sorted() { try files.createFolder(name) }
    for (index, step) in job.steps.enumerated() {
      for task in step.tasks {
        let bytes = try job.plan.nodes[task].taskFile(attempt: "", tools: job.tools)
        try files.writeNew(bytes, at: "\(folder)/\(job.taskPath(task))", isDurable: false)
      }
      // The lists lie beside the tasks.
      let names = step.tasks.map { FileSystem.lastName(of: job.taskPath($0)) }
      let list = TaskList(name: step.name, numbering: format.numbering(of: step), tasks: names)
      try files.writeNew(try Self.json(list), at: "\(folder)/\(job.listPath(index))", isDurable: false)
    }
    for file in described {
      try files.writeNew(
        Array(file.text.utf8), at: "\(folder)/\(file.path)", mode: file.isExecutable ? 0o777 : 0o666,
        isDurable: false)
    }
  }

  static func json(_ value: some Encodable) throws -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
    return Array(try encoder.encode(value)) + [UInt8(ascii: "\n")]
  }
}
