import Diagnostics
import Editorial
import Foundation
import Planning

/// OpenTimelineIO's `otioconvert`, where it is installed, and the Python it runs in.
///
/// Files are converted in a process of their own with limits on time, memory and the size of what it writes: a cut
/// file is somebody else's, and the adapters are written for files that mean well.
struct OTIOConverter: Sendable {
  /// Absolute path of `otioconvert`.
  var path: String
  /// Absolute path of the Python interpreter that `otioconvert` starts with.
  var python: String

  /// The variable that names `otioconvert` when it is not on the PATH.
  static let variable = "INTERLOCK_OTIOCONVERT"

  static let instruction =
    "Install it with `python3 -m venv ~/.otio && ~/.otio/bin/pip install OpenTimelineIO otio-aaf-adapter "
    + "otio-xges-adapter` (Debian: apt install python3-venv), then `export "
    + "\(variable)=~/.otio/bin/otioconvert`."

  /// What is installed; `nil` without `otioconvert`.
  static func installed() -> OTIOConverter? {
    let environment = ProcessInfo.processInfo.environment
    var candidates: [String] = []
    if let named = environment[variable], !named.isEmpty {
      candidates = [FilePaths.resolve(named, from: FilePaths.current)]
    } else {
      candidates = (environment["PATH"] ?? "").split(separator: ":").map { "\($0)/otioconvert" }
        .filter { $0.hasPrefix("/") }
    }
    guard let path = candidates.first(where: FileManager.default.isExecutableFile(atPath:)) else {
      return nil
    }
    let first = (try? FilePaths.read(path, limit: 1 << 20)) ?? []
    let beside = FilePaths.folder(of: path) + "/python3"
    let known = [interpreter(ofScript: String(decoding: first, as: UTF8.self)), beside].compactMap { $0 }
    let python = known.first(where: FileManager.default.isExecutableFile(atPath:))
    return python.map { OTIOConverter(path: path, python: $0) }
  }

  /// The Python of a console script's first lines; long paths stand behind a shell's `exec`.
  static func interpreter(ofScript text: String) -> String? {
    let lines = text.split(separator: "\n", maxSplits: 2, omittingEmptySubsequences: false)
    guard let first = lines.first, first.hasPrefix("#!") else { return nil }
    let program = first.dropFirst(2).drop { $0 == " " }
    if !program.hasSuffix("/sh") {
      return program.hasPrefix("/") && program.contains("python") ? String(program) : nil
    }
    guard lines.count > 1, let exec = lines[1].firstRange(of: "exec' ") else { return nil }
    let rest = lines[1][exec.upperBound...]
    if rest.first == "\"" { return rest.dropFirst().split(separator: "\"").first.map(String.init) }
    return rest.split(separator: " ").first.map(String.init)
  }

  /// - Throws: how to install it.
  static func found(for cut: String) throws -> OTIOConverter {
    if let installed = installed() { return installed }
    let name = FilePaths.fileExtension(of: cut).uppercased()
    let format = name.isEmpty ? "this format" : name
    throw DiagnosticList([
      Diagnostic(
        family: .usage, code: "cut.noConverter", location: SourceLocation(file: cut),
        message: "\(format) is read through OpenTimelineIO's `otioconvert`, which is not installed",
        remedy: instruction)
    ])
  }

  // MARK: What it can do

  struct Adapters: Decodable, Sendable {
    struct Adapter: Decodable, Sendable {
      var name: String
      var suffixes: [String]
      var canRead: Bool
    }

    var version: String
    var adapters: [Adapter]
    /// Version of pyaaf2; `nil` when the effects of an AAF cannot be listed.
    var pyaaf2: String?

    func reads(_ suffix: String) -> Bool {
      adapters.contains { $0.canRead && $0.suffixes.contains { $0.lowercased() == suffix } }
    }
  }

  func adapters() async throws -> Adapters {
    let folder = try PrivateFolder()
    let run = LimitedRun(program: python, folder: folder.path)
    let script = folder.path + "/list_adapters.py"
    try Data(PackageResources.list_adapters_py).write(to: URL(fileURLWithPath: script))
    let result = try await run.run([script])
    guard result.isSuccess else { throw ConverterFailure(reason: result.reason) }
    return try JSONDecoder().decode(Adapters.self, from: Data(result.output))
  }

  // MARK: Converting

  /// The cut as OpenTimelineIO JSON.
  func convert(typed: String, absolute: String) async throws -> CutFile {
    let folder = try PrivateFolder()
    defer { withExtendedLifetime(folder) {} }
    // The name that an adapter sees is ours: it is chosen by the extension, and no argument is ever an option.
    let suffix = Self.suffix(of: absolute)
    let input = folder.path + "/cut." + suffix
    let output = folder.path + "/converted.otio"
    try FileManager.default.createSymbolicLink(atPath: input, withDestinationPath: absolute)
    let converting = try await LimitedRun(program: path, folder: folder.path).run(["-i", input, "-o", output])
    guard converting.isSuccess, FileManager.default.fileExists(atPath: output) else {
      throw await failure(typed, suffix, converting.reason)
    }
    var findings: [Finding] = []
    var effects: [String] = []
    var made = output
    if suffix == "aaf" {
      let walked = folder.path + "/walked.otio"
      let script = folder.path + "/walk_aaf.py"
      try Data(PackageResources.walk_aaf_py).write(to: URL(fileURLWithPath: script))
      let walk = try await LimitedRun(program: python, folder: folder.path).run([
        script, input, output, walked,
      ])
      if walk.isSuccess, let list = try? JSONDecoder().decode(AAFEffects.self, from: Data(walk.output)) {
        findings = list.findings(path: typed)
        effects = list.listing
        made = walked
      } else {
        findings = [
          Finding(
            kind: .dropped,
            what: "the effects of the AAF could not be listed, so what the conversion lacks is not known: "
              + walk.reason, location: SourceLocation(file: typed), isFault: true)
        ]
      }
    } else {
      findings = [
        Finding(
          kind: .approximated,
          what:
            "the cut was converted by OpenTimelineIO's adapter for .\(suffix); what the adapter leaves out is "
            + "not listed", location: SourceLocation(file: typed))
      ]
    }
    do throws(FileReadError) {
      return CutFile(
        path: typed, bytes: try FilePaths.read(made, limit: Cut.largestFile), findings: findings,
        effects: effects,
        isConverted: true)
    } catch {
      throw DiagnosticList([
        Diagnostic(
          family: .usage, code: "cut.conversionTooLarge", location: SourceLocation(file: typed),
          message: "the converted cut cannot be read: \(error.reason)")
      ])
    }
  }

  private static func suffix(of path: String) -> String {
    let suffix = FilePaths.fileExtension(of: path)
    let isPlain =
      !suffix.isEmpty && suffix.utf8.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x7A).contains($0) }
    if isPlain, !ConvertedFormat.ownExtensions.contains(suffix) { return suffix }
    let start = (try? FileHandle(forReadingFrom: URL(fileURLWithPath: path)).read(upToCount: 4)) ?? Data()
    return start.first == 0xD0 ? "aaf" : "xges"
  }

  private func failure(_ typed: String, _ suffix: String, _ reason: String) async -> DiagnosticList {
    var message = "otioconvert cannot read the cut: \(reason)"
    var remedy =
      "Export the cut again, as an AAF without embedded media or as an EDL, FCP7 XML or OpenTimelineIO."
    if let adapters = try? await adapters(), !adapters.reads(suffix) {
      message = "OpenTimelineIO \(adapters.version) at \(path) has no adapter that reads .\(suffix)"
      let package = [
        "aaf": "otio-aaf-adapter", "xges": "otio-xges-adapter", "kdenlive": "otio-kdenlive-adapter",
      ]
      remedy = "Install it: `\(python) -m pip install \(package[suffix] ?? "the adapter for .\(suffix)")`."
    }
    return DiagnosticList([
      Diagnostic(
        family: .usage, code: "cut.conversionFailed", location: SourceLocation(file: typed), message: message,
        remedy: remedy)
    ])
  }
}

/// Why the converter could not even be asked.
struct ConverterFailure: Error, CustomStringConvertible {
  var reason: String

  var description: String { reason }
}
