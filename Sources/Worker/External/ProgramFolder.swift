import Delivery
import Foundation
import Glibc
import Media
import ObjectStore
import TaskKinds

/// The private folder of one run of a program, inside the folder of its attempt: removed with everything in it. Where
/// several programs run one after the other in an attempt, each finds it as if it were new.
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
    try clear()
    try makeFolder(path)
    for name in Self.folders { try makeFolder("\(path)/\(name)") }
  }

  private static let folders = ["work", "input", "files", "home", "tmp"]

  /// Removes everything but the empty folders themselves: to make and remove six of them costs more than a small program.
  private func clear() throws {
    for name in try files.names(in: path) {
      let entry = "\(path)/\(name)"
      let facts = try files.facts(entry)
      if entry == spare.path { continue }
      // The set-group-ID bit comes from the production's folder.
      guard Self.folders.contains(name), facts?.isFolder == true, facts.map({ $0.mode & 0o5777 }) == 0o700
      else {
        try files.removeTree(entry)
        continue
      }
      for inside in try files.names(in: entry) {
        let file = "\(entry)/\(inside)"
        if name == "files", try spare.keep(file) { continue }
        try files.removeTree(file)
      }
    }
  }

  private var spare: SpareFile { SpareFile(path: path + "/spare", files: files) }

  /// Makes a folder that only we may enter, and those above it in ours.
  private func makeFolder(_ folder: String) throws {
    guard unsafe mkdir(folder, 0o700) != 0 else { return }
    let code = errno
    if code == EEXIST { return }
    guard code == ENOENT, folder.utf8.count > path.utf8.count else {
      throw files.fault("create folder", folder, code)
    }
    try makeFolder(FileSystem.parent(of: folder))
    try makeFolder(folder)
  }

  /// Copies in what the program reads, and makes the folders of what it is to write.
  func lay(_ input: ExternalTask.Input) throws {
    for file in input.files {
      let place = self.file(file.path)
      try makeFolder(FileSystem.parent(of: place))
      guard !files.exists(place) else { continue }
      let bytes = try context.store.bytes(of: file.object)
      let mode: UInt32 = file.isExecutable ? 0o555 : 0o444
      if try !spare.become(place, bytes, mode: mode) {
        try files.writeNew(bytes, at: place, mode: mode, isDurable: false)
      }
    }
    for path in [input.made?.path].compactMap({ $0 }) + input.outputs.map(\.path) {
      try makeFolder(FileSystem.parent(of: output(path)))
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
  ///
  /// Of several programs the next one clears up after the last, and the end of their attempt sweeps: to look through
  /// empty folders twice costs as much as a small program.
  func remove() {
    guard context.group == nil else { return }
    do {
      try files.removeTree(path)
    } catch {
      // The sweep of the attempt tries again.
      context.log.write("cannot remove the program's folder: \(error)")
    }
  }
}
