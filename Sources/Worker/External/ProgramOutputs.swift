import Diagnostics
import Digests
import Foundation
import Glibc
import ImageGraph
import Media
import MediaTime
import ObjectStore
import TaskGraph
import TaskKinds

/// Checks what a program has made against what it was declared to make, and takes it into the store.
///
/// Every picture is decoded once. Nothing is taken before all of it was found right.
struct ProgramOutputs {
  let input: ExternalTask.Input
  let folder: ProgramFolder
  let context: TaskContext
  private var files: FileSystem { context.store.fileSystem }

  init(_ input: ExternalTask.Input, in folder: ProgramFolder, context: TaskContext) {
    self.input = input
    self.folder = folder
    self.context = context
  }

  func take() throws -> (ExternalTask.Output, [ObjectReference]) {
    var output = ExternalTask.Output()
    var objects: [ObjectReference] = []
    for file in input.outputs { try check(folder.output(file.path), called: file.path) }
    var stills: [String] = []
    if let made = input.made {
      if let numbered = NumberedPath(made.path) {
        stills = try self.stills(made, numbered)
        output.pixelFormat = try decode(stills, made)
      } else {
        output.pixelFormat = try movie(made)
      }
    }
    output.undeclared = undeclared()
    for path in stills {
      let object = try commit(folder.output(path), name: "frame")
      output.stills.append(object.digest)
      objects.append(object)
    }
    if let made = input.made, stills.isEmpty {
      let object = try commit(folder.output(made.path), name: "movie")
      output.movie = object.digest
      objects.append(object)
    }
    for file in input.outputs {
      let object = try commit(folder.output(file.path), name: file.name)
      objects.append(object)
      let name = FileSystem.lastName(of: file.path)
      let dot = name.lastIndex(of: ".").map { name.index(after: $0) }
      output.files.append(
        MadeFile(
          object: object.digest, byteCount: object.byteCount, suffix: file.suffix,
          fileExtension: dot.map { String(name[$0...]).lowercased() } ?? "dat"))
    }
    return (output, objects)
  }

  private func fault(_ message: String, _ remedy: String? = nil) -> WorkerFailure {
    .program(
      "external.badOutput", "`\(input.stage)` \(message)", exit: 4, family: .verification, .application,
      remedy: remedy ?? "Its log says what it did: \(context.logName)")
  }

  // MARK: Files

  /// A regular file that lies where it should; a program may have put links in its place or in that of a folder.
  private func check(_ path: String, called name: String) throws {
    let parent = FileSystem.parent(of: path)
    guard let real = unsafe realpath(parent, nil) else { throw fault("did not make `\(name)`") }
    defer { unsafe free(real) }
    guard unsafe String(cString: real) == parent else {
      throw fault("made a link to another place where the folder of `\(name)` should be")
    }
    guard let facts = try files.facts(path) else { throw fault("did not make `\(name)`") }
    guard facts.isRegularFile else { throw fault("made something that is no file where `\(name)` should be") }
    guard facts.byteCount > 0 else { throw fault("left `\(name)` empty") }
  }

  private func commit(_ path: String, name: String) throws -> ObjectReference {
    var status = stat()
    guard unsafe lstat(path, &status) == 0, status.st_nlink > 1 else {
      return try context.keep(partFile: path, name: name)
    }
    // Another name of one file, such as a frame passed through: the object must be nobody else's.
    let copy = context.part("copy")
    guard copyfile(path, to: copy) else { throw fault("left `\(name)` unreadable") }
    return try context.keep(partFile: copy, name: name)
  }

  private func copyfile(_ path: String, to copy: String) -> Bool {
    try? files.remove(copy)
    return (try? FileManager.default.copyItem(atPath: path, toPath: copy)) != nil
  }

  // MARK: Pictures

  /// The members in order, all there and no other.
  private func stills(_ made: ExternalTask.MadePictures, _ numbered: NumberedPath) throws -> [String] {
    let parent = FileSystem.parent(of: folder.output(made.path))
    let prefix = made.path.contains("/") ? FileSystem.parent(of: made.path) + "/" : ""
    let found = Set(try files.names(in: parent).compactMap { numbered.number(of: prefix + $0) })
    let wanted = input.firstNumber..<input.firstNumber + made.count
    let missing = wanted.filter { !found.contains($0) }
    let extra = found.filter { !wanted.contains($0) }.sorted()
    guard missing.isEmpty, extra.isEmpty else {
      var parts: [String] = []
      if !missing.isEmpty { parts.append("without \(Self.words(missing))") }
      if !extra.isEmpty { parts.append("with \(Self.words(extra)), which nobody asked for") }
      throw fault(
        "made \(found.count) of the \(made.count) pictures `\(made.path)` from \(wanted.lowerBound) to "
          + "\(wanted.upperBound - 1): \(parts.joined(separator: ", and "))")
    }
    return wanted.map { numbered.path($0) }
  }

  /// Numbers as ranges, at most eight of them.
  private static func words(_ numbers: [Int64]) -> String {
    var ranges: [ClosedRange<Int64>] = []
    for number in numbers {
      if let last = ranges.last, last.upperBound + 1 == number {
        ranges[ranges.count - 1] = last.lowerBound...number
      } else {
        ranges.append(number...number)
      }
    }
    let shown = ranges.prefix(8).map {
      $0.count == 1 ? "\($0.lowerBound)" : "\($0.lowerBound)–\($0.upperBound)"
    }
    return shown.joined(separator: ", ") + (ranges.count > 8 ? " and \(ranges.count - 8) more" : "")
  }

  /// - Returns: the pixel format that all of them have.
  private func decode(_ stills: [String], _ made: ExternalTask.MadePictures) throws -> String? {
    let decoder = try StillDecoder()
    var format: String?
    var told = ContinuousClock.now
    for path in stills {
      try StopRequest.check()
      try check(folder.output(path), called: path)
      let facts: StillFacts
      do {
        facts = try decoder.facts(of: folder.output(path))
      } catch let error as MediaError {
        throw fault("made `\(path)`, which is no whole picture: \(error.reason)")
      }
      try check(
        facts.format, depth: facts.bitDepth, range: facts.range, matrix: facts.matrix, of: path, made)
      if let format, format != facts.format.pixelFormat {
        throw fault("made `\(path)` in \(facts.format.pixelFormat), and those before it in \(format)")
      }
      format = facts.format.pixelFormat
      if ContinuousClock.now - told > .seconds(2) {
        told = .now
        let total = ExternalInterpreter.total(input)
        context.reporter.progress(frames: total, of: total)
      }
    }
    return format
  }

  private func movie(_ made: ExternalTask.MadePictures) throws -> String? {
    let path = folder.output(made.path)
    try check(path, called: made.path)
    do {
      guard let video = try probe(path: path).video else {
        throw fault("made `\(made.path)` without a picture")
      }
      guard video.rate.description == made.rate else {
        throw fault("made `\(made.path)` at \(video.rate) fps, and \(made.rate ?? "") was declared")
      }
      let reader = try PictureReader(path: path)
      guard reader.frameCount == made.count else {
        throw fault("made \(reader.frameCount) frames in `\(made.path)`, and \(made.count) were declared")
      }
      try check(
        PictureFormat(pixelFormat: video.pixelFormat, width: video.width, height: video.height),
        depth: video.bitDepth, range: video.range, matrix: video.matrix, of: made.path, made)
      for frame in 0..<made.count {
        try StopRequest.check()
        try reader.withFrame(at: frame) { picture in
          guard picture.width == made.raster.width, picture.height == made.raster.height else {
            throw fault("made frame \(frame) of `\(made.path)` in \(picture.width)x\(picture.height)")
          }
        }
      }
      return video.pixelFormat
    } catch let error as MediaError {
      throw fault("made `\(made.path)`, which is no whole movie: \(error.reason)")
    }
  }

  private func check(
    _ format: PictureFormat, depth: Int, range: String, matrix: String, of path: String,
    _ made: ExternalTask.MadePictures
  ) throws {
    guard format.width == made.raster.width, format.height == made.raster.height else {
      throw fault(
        "made `\(path)` in \(format.width)x\(format.height), and \(made.raster) was declared",
        "Let the program make that size, or declare `raster: \(format.width)x\(format.height)`.")
    }
    if let wanted = made.depth, depth != wanted {
      throw fault(
        "made `\(path)` with \(depth) bits a sample (\(format.pixelFormat)), and \(wanted) were declared")
    }
    let isRGB = !["yuv", "nv", "uyvy", "yuyv", "p0"].contains { format.pixelFormat.hasPrefix($0) }
    let isFull = isRGB ? range != "tv" : range == "pc" || format.pixelFormat.hasPrefix("yuvj")
    guard isFull == made.interpretation.isFullRange else {
      throw fault(
        "made `\(path)` in \(format.pixelFormat), \(isFull ? "full" : "legal") range; it is read as "
          + (made.interpretation.isFullRange ? "full range" : "Y'CbCr in legal range"),
        "Stills are full-range R'G'B' (JPEG: full-range Y'CbCr), movies are legal-range Y'CbCr.")
    }
    if !isRGB, let tagged = Interpretation.Matrix(tag: matrix), tagged != made.interpretation.matrix {
      throw fault(
        "tagged `\(path)` as \(matrix), and it is read as \(made.interpretation.matrix.rawValue)",
        "Let the program write \(made.interpretation.matrix.rawValue).")
    }
  }

  // MARK: Leftovers

  private static let mostNamed = 20

  /// Files in the program's own folder that are no declared outputs, at most twenty and a count of the others.
  private func undeclared() -> [String] {
    let declared = Set(input.outputs.map(\.path))
    let numbered = input.made.flatMap { NumberedPath($0.path) }
    var found: [String] = []
    var count = 0
    func walk(_ folder: String, _ prefix: String) {
      for name in (try? files.names(in: folder)) ?? [] {
        let (path, relative) = ("\(folder)/\(name)", prefix + name)
        if (try? files.facts(path))??.isFolder == true {
          walk(path, relative + "/")
        } else if !declared.contains(relative), relative != input.made?.path,
          numbered?.number(of: relative) == nil
        {
          count += 1
          if found.count < Self.mostNamed { found.append(relative) }
        }
      }
    }
    walk(folder.work, "")
    guard count > found.count else { return found }
    return found + ["and \(count - found.count) more"]
  }
}

extension Interpretation.Matrix {
  /// Nil for a tag that says nothing.
  fileprivate init?(tag: String) {
    switch tag {
    case "bt709": self = .bt709
    case "smpte170m", "bt470bg": self = .bt601
    case "bt2020nc": self = .bt2020
    default: return nil
    }
  }
}
