import Delivery
import Foundation
import Glibc
import Media
import ObjectStore
import TaskKinds

/// The private folder of one run of a program, inside the folder of its attempt: removed with everything in it.
///
/// `work` is where it starts and where its outputs go; beside it lie `input`, the pictures it gets, `files`, the files it
/// reads, `home` and `tmp`. Nothing that it reads is a link to anything of ours: whatever it does, it does to copies.
struct ProgramFolder {
  let path: String
  private let context: TaskContext
  private var files: FileSystem { context.store.fileSystem }

  var work: String { path + "/work" }
  var input: String { path + "/input" }
  var home: String { path + "/home" }
  var temporary: String { path + "/tmp" }

  func file(_ place: String) -> String { "\(path)/files/\(place)" }
  func output(_ path: String) -> String { "\(work)/\(path)" }

  init(_ context: TaskContext) throws {
    self.context = context
    path = context.part("program")
    // A farm may start an attempt again.
    try files.removeTree(path)
    for folder in ["", "/work", "/input", "/files", "/home", "/tmp"] { try Self.makeFolder(path + folder) }
  }

  private static func makeFolder(_ path: String) throws {
    try FileManager.default.createDirectory(
      atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
  }

  /// Copies in what the program reads, and makes the folders of what it is to write.
  func lay(_ input: ExternalTask.Input) throws {
    for file in input.files {
      let place = self.file(file.path)
      try Self.makeFolder(FileSystem.parent(of: place))
      guard !files.exists(place) else { continue }
      try files.writeNew(
        try context.store.bytes(of: file.object), at: place, mode: file.isExecutable ? 0o555 : 0o444,
        isDurable: false)
    }
    for path in [input.made?.path].compactMap({ $0 }) + input.outputs.map(\.path) {
      try Self.makeFolder(FileSystem.parent(of: output(path)))
    }
    if let pictures = input.pictures { try lay(pictures, input) }
  }

  /// Where the pictures are that the program gets: a path with digits, or a movie.
  func givenPath(_ pictures: ExternalTask.GivenPictures) -> String {
    let name = pictures.profile.container == .sequence ? "frame.####" : "movie"
    return "\(input)/\(name).\(pictures.profile.fileExtension)"
  }

  private func lay(_ pictures: ExternalTask.GivenPictures, _ input: ExternalTask.Input) throws {
    let path = givenPath(pictures)
    guard let numbered = NumberedPath(path) else {
      let assembly = AssembleTask.Input(
        profile: pictures.profile, encoding: pictures.encoding, runs: pictures.runs, pieces: pictures.pieces,
        mix: nil, startTimecode: pictures.startTimecode, startFrame: 0, name: input.stage)
      _ = try MovieAssembly(
        assembly, container: pictures.profile.container == .mov ? .mov : .mp4, context: context
      )
      .write(to: path, mixes: [])
      return try readOnly(path)
    }
    var told = ContinuousClock.now
    try SegmentReader(store: context.store).forEachFrame(pictures.pieces) { frame, packet, _, _ in
      try StopRequest.check()
      try files.writeNew(packet, at: numbered.path(input.firstNumber + frame), mode: 0o444, isDurable: false)
      if ContinuousClock.now - told > .seconds(2) {
        told = .now
        context.reporter.progress(frames: 0, of: ExternalInterpreter.total(input))
      }
    }
  }

  private func readOnly(_ path: String) throws {
    guard unsafe chmod(path, 0o444) == 0 else {
      throw WorkerFailure(verification: "cannot make the program's input read-only: error \(errno)")
    }
  }

  /// Removes everything; for when no process of the program is left.
  func remove() {
    do {
      try files.removeTree(path)
    } catch {
      // The sweep of the attempt tries again.
      context.log.write("cannot remove the program's folder: \(error)")
    }
  }
}
