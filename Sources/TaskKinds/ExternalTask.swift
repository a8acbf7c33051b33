package import Delivery
package import Digests
package import ImageGraph
package import TaskGraph

/// Runs somebody else's program on declared inputs and keeps what it was declared to make.
///
/// Its shape is static: how many pictures of which size come out is declared, so everything after it is planned before
/// it has run. The pictures are named by the key of the task that makes them, see `madePictures`.
package enum ExternalTask: TaskKind {
  package static let identifier = "external"
  package static let version = 1

  /// Where programs named without a path are looked for, and what they see as `PATH`.
  package static let searchPath = ["/usr/local/bin", "/usr/bin", "/bin"]

  /// A text with places that the worker fills in, such as `{input}`.
  package struct Template: Hashable, Codable, Sendable, CanonicallyEncodable, CustomStringConvertible {
    package enum Part: Hashable, Codable, Sendable {
      case text(String)
      /// The name of a value, without its braces.
      case value(String)
    }

    package var parts: [Part]

    package init(_ parts: [Part]) { self.parts = parts }

    package var names: [String] {
      parts.compactMap { if case .value(let name) = $0 { name } else { nil } }
    }

    /// As it was written.
    package var description: String {
      parts.map { part in
        switch part {
        case .text(let text): text
        case .value(let name): "{\(name)}"
        }
      }.joined()
    }

    package func encode(into encoder: inout CanonicalEncoder) {
      encoder.append(parts.count)
      for part in parts {
        switch part {
        case .text(let text):
          encoder.append("text")
          encoder.append(text)
        case .value(let name):
          encoder.append("value")
          encoder.append(name)
        }
      }
    }
  }

  /// A file that the program reads: an object of the store with a place among the program's files.
  package struct File: Hashable, Codable, Sendable, CanonicallyEncodable {
    /// The value that stands for it in arguments.
    package var name: String
    /// Relative path of portable names.
    package var path: String
    package var object: Digest
    package var isExecutable: Bool

    package init(name: String, path: String, object: Digest, isExecutable: Bool) {
      self.name = name
      self.path = path
      self.object = object
      self.isExecutable = isExecutable
    }

    package func encode(into encoder: inout CanonicalEncoder) {
      encoder.append(name)
      encoder.append(path)
      encoder.append(object)
      encoder.append(isExecutable)
    }
  }

  /// Frames of a stage that the program gets, as numbered stills or as a movie.
  package struct GivenPictures: Codable, Sendable {
    package var profile: DeliveryProfile
    package var encoding: Encoding
    /// The frames by what they are; this decides the key.
    package var runs: [FrameRun]
    /// The frames by where they are.
    package var pieces: [AssembleTask.Piece]
    /// Label of the first frame, for movies.
    package var startTimecode: String

    package init(
      profile: DeliveryProfile, encoding: Encoding, runs: [FrameRun], pieces: [AssembleTask.Piece],
      startTimecode: String
    ) {
      self.profile = profile
      self.encoding = encoding
      self.runs = runs
      self.pieces = pieces
      self.startTimecode = startTimecode
    }
  }

  /// Pictures that the program makes, as numbered stills or as a movie.
  package struct MadePictures: Hashable, Codable, Sendable, CanonicallyEncodable {
    /// Path in the program's folder; of stills with a `#` for each digit of the number.
    package var path: String
    package var raster: Raster
    package var count: Int64
    /// Of a movie, as `24000/1001`; nil for stills.
    package var rate: String?
    /// Bits of a sample; nil takes whatever comes, as long as all frames are alike.
    package var depth: Int?
    /// How the pictures downstream read the numbers; tags that say otherwise are a fault.
    package var interpretation: Interpretation

    package init(
      path: String, raster: Raster, count: Int64, rate: String?, depth: Int?, interpretation: Interpretation
    ) {
      self.path = path
      self.raster = raster
      self.count = count
      self.rate = rate
      self.depth = depth
      self.interpretation = interpretation
    }

    package func encode(into encoder: inout CanonicalEncoder) {
      encoder.append(path)
      encoder.append(raster)
      encoder.append(count)
      encoder.append(rate ?? "")
      encoder.append(depth ?? -1)
      encoder.append(interpretation)
    }
  }

  /// A file that the program makes and that is published.
  package struct MadeFileName: Hashable, Codable, Sendable, CanonicallyEncodable {
    package var name: String
    /// Path in the program's folder.
    package var path: String
    /// What distinguishes it in its version.
    package var suffix: String

    package init(name: String, path: String, suffix: String) {
      self.name = name
      self.path = path
      self.suffix = suffix
    }

    package func encode(into encoder: inout CanonicalEncoder) {
      encoder.append(name)
      encoder.append(path)
      encoder.append(suffix)
    }
  }

  /// How far a program may go, and how its failures are told apart. None of it decides what it makes.
  package struct Limits: Codable, Sendable {
    /// Seconds the program may take.
    package var timeout: Int?
    /// Resident memory of the program and everything it started, in bytes.
    package var memoryBytes: Int64?
    /// Exit codes that mean that no licence was free.
    package var licenceExits: [Int32]
    /// Parts of a line of output that mean the same, in whatever case.
    package var licenceTexts: [String]

    package init(
      timeout: Int? = nil, memoryBytes: Int64? = nil, licenceExits: [Int32] = [], licenceTexts: [String] = []
    ) {
      self.timeout = timeout
      self.memoryBytes = memoryBytes
      self.licenceExits = licenceExits
      self.licenceTexts = licenceTexts
    }
  }

  package struct Input: Codable, Sendable {
    /// What messages call it.
    package var stage: String
    /// The program and its arguments; no shell reads them.
    package var program: [Template]
    package var files: [File]
    package var environment: [String: Template]
    /// As the user declares it.
    package var programVersion: String?
    package var pictures: GivenPictures?
    /// Number of the first frame, in and out.
    package var firstNumber: Int64
    package var made: MadePictures?
    /// The colour space of the pictures, in and out; nil where colour is not managed.
    package var space: String?
    package var outputs: [MadeFileName]
    /// Values of the templates that are known before the program's folder is: `frames`, `first`, `rate`, …
    package var values: [String: String]
    package var limits: Limits

    package init(
      stage: String, program: [Template], files: [File], environment: [String: Template],
      programVersion: String?, pictures: GivenPictures?, firstNumber: Int64, made: MadePictures?,
      outputs: [MadeFileName], values: [String: String], limits: Limits = Limits(), space: String? = nil
    ) {
      self.stage = stage
      self.program = program
      self.files = files
      self.environment = environment
      self.programVersion = programVersion
      self.pictures = pictures
      self.firstNumber = firstNumber
      self.made = made
      self.space = space
      self.outputs = outputs
      self.values = values
      self.limits = limits
    }
  }

  package struct Output: Codable, Sendable {
    /// One object for each frame in order, of stills.
    package var stills: [Digest]
    package var movie: Digest?
    package var files: [MadeFile]
    /// Files that the program left and nobody had declared; not kept.
    package var undeclared: [String]
    /// Names of processes that it left running and that were ended.
    package var leftRunning: [String]
    /// Pixel format of the pictures, by FFmpeg's name.
    package var pixelFormat: String?
    package var seconds: Double

    package init(
      stills: [Digest] = [], movie: Digest? = nil, files: [MadeFile] = [], undeclared: [String] = [],
      leftRunning: [String] = [], pixelFormat: String? = nil, seconds: Double = 0
    ) {
      self.stills = stills
      self.movie = movie
      self.files = files
      self.undeclared = undeclared
      self.leftRunning = leftRunning
      self.pixelFormat = pixelFormat
      self.seconds = seconds
    }
  }

  package static func key(_ input: Input) -> TaskKey {
    var encoder = CanonicalEncoder(domain: "interlock.task.external", version: version)
    encoder.append(input.program)
    encoder.append(input.files)
    encoder.append(input.environment.count)
    for (name, value) in input.environment.sorted(by: { $0.key < $1.key }) {
      encoder.append(name)
      encoder.append(value)
    }
    encoder.append(input.programVersion ?? "")
    encoder.appendPresence(input.pictures != nil)
    if let pictures = input.pictures {
      encoder.append(pictures.encoding)
      encoder.append(pictures.profile.container.rawValue)
      encoder.append(pictures.profile.fileExtension)
      encoder.append(pictures.profile.picture.codecTag ?? "")
      encoder.append(pictures.runs)
      // Groups of pictures are other bytes when they are split otherwise.
      if pictures.encoding.unit == .group { encoder.append(pictures.pieces.map(\.segment)) }
      if pictures.profile.container != .sequence { encoder.append(pictures.startTimecode) }
    }
    encoder.append(input.firstNumber)
    encoder.append(input.made)
    // Nothing at all without one: what ran before there were any keeps its name. The transforms into the space are in
    // the frames that it gets, the way out of it in those that are made of its own.
    if let space = input.space {
      encoder.append("space")
      encoder.append(space)
    }
    encoder.append(input.outputs)
    // Values that no template shows cannot reach the program.
    let shown = Set((input.program + input.environment.values).flatMap(\.names))
    let values = input.values.filter { shown.contains($0.key) }.sorted { $0.key < $1.key }
    encoder.append(values.count)
    for (name, value) in values {
      encoder.append(name)
      encoder.append(value)
    }
    return encoder.digest()
  }

  /// The identity of the pictures that a task makes, known before they are made: what signatures of frames hold.
  package static func madePictures(of key: TaskKey) -> Digest {
    var encoder = CanonicalEncoder(domain: "interlock.made-pictures", version: 1)
    encoder.append(key)
    return encoder.digest()
  }
}

/// A path with the digits of a number in it, written as `#`.
package struct NumberedPath: Hashable, Sendable {
  package let prefix: String
  package let digits: Int
  package let suffix: String

  /// Nil where the path has no digits, or in more than one place.
  package init?(_ path: String) {
    guard let start = path.firstIndex(of: "#"), let last = path.lastIndex(of: "#"),
      path[start...last].allSatisfy({ $0 == "#" })
    else { return nil }
    prefix = String(path[..<start])
    digits = path[start...last].count
    suffix = String(path[path.index(after: last)...])
  }

  package func path(_ number: Int64) -> String {
    let text = "\(number)"
    return prefix + String(repeating: "0", count: max(0, digits - text.count)) + text + suffix
  }

  /// As C's `printf` writes it, which FFmpeg and others take.
  package var printf: String {
    prefix.replacing("%", with: "%%") + "%0\(digits)d" + suffix.replacing("%", with: "%%")
  }

  /// The number in a path that has one.
  package func number(of path: String) -> Int64? {
    guard path.hasPrefix(prefix), path.hasSuffix(suffix), path.count >= prefix.count + suffix.count + digits
    else { return nil }
    let text = path.dropFirst(prefix.count).dropLast(suffix.count)
    guard text.utf8.count <= 12,
      text.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }),
      text.utf8.count == digits || text.first != "0"
    else { return nil }
    return Int64(text)
  }
}
