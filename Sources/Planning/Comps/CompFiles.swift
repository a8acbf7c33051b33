import Compositing
import Diagnostics
import Glibc
import TaskGraph
import TaskKinds

/// A file or a run of numbered stills that a comps file names, as the file system knows it.
enum CompFile: Sendable {
  case movie(ScannedFile)
  case stills(StillSequence, key: TaskKey)

  /// The probe as a task.
  func probe(stage: String) throws -> TaskNode {
    switch self {
    case .movie(let file):
      return try file.probe()
    case .stills(let sequence, let key):
      return TaskNode(
        key: key, kind: SequenceProbeTask.identifier, version: SequenceProbeTask.version, stage: stage,
        label: FilePaths.name(of: sequence.location(ofFrame: 0).path) + " and on",
        payload: try JSONBytes.encode(SequenceProbeTask.Input(sequence: sequence)),
        reason: "new or changed since it was last read",
        subject: FilePaths.name(of: sequence.location(ofFrame: 0).path),
        ingredients: SequenceProbeTask.ingredients(sequence, key: key))
    }
  }
}

/// Finds the files that layers name. Nothing is opened; what leaves the folder of the comps file and the media
/// folders is refused.
struct CompFiles {
  private static let stillExtensions: Set<String> = ["png", "tif", "tiff", "dpx", "exr", "jpg", "jpeg"]
  private static let mostMembers = 100_000

  /// Absolute, symbolic links resolved.
  private let roots: [Pipeline.MediaRoot]

  init(folder: String, mediaRoots: [Pipeline.MediaRoot]) {
    roots = (FilePaths.real(folder).map { [Pipeline.MediaRoot(path: $0, typed: folder)] } ?? []) + mediaRoots
  }

  /// Every file of the comps by its resolved path.
  func find(_ comps: [Comp], findings: Findings) -> [String: CompFile] {
    var files: [String: CompFile] = [:]
    for layer in comps.flatMap(\.layers) {
      guard case .file(let path) = layer.picture, files[path] == nil else { continue }
      do throws(Diagnostic) {
        files[path] = try find(path, layer)
      } catch {
        findings.add(error)
      }
    }
    return files
  }

  private func fault(
    _ code: String, _ message: String, _ layer: CompLayer, family: Diagnostic.Family = .inputMissing,
    remedy: String? = nil
  ) -> Diagnostic {
    Diagnostic(
      family: family, code: code, location: layer.location, message: message, remedy: remedy,
      excerpt: layer.excerpt)
  }

  private func find(_ path: String, _ layer: CompLayer) throws(Diagnostic) -> CompFile {
    let name = FilePaths.name(of: path)
    if path.contains("#") { return try stills(path, layer) }
    guard let real = FilePaths.real(path) else {
      throw fault(
        "comp.noFile", "there is no file `\(name)`", layer, remedy: "Paths are relative to the comps file.")
    }
    let root = try root(of: real, name, layer)
    var status = stat()
    FileWitness.note(real)
    guard unsafe stat(real, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
      throw fault("comp.noFile", "`\(name)` is not a regular file", layer)
    }
    if Self.stillExtensions.contains(FilePaths.fileExtension(of: real)) {
      let sequence = StillSequence(
        prefix: real, suffix: "", digits: 0, root: root.path, members: [Self.member(0, status)])
      return .stills(sequence, key: SequenceProbeTask.key(sequence, stamps: [Self.stamp(status)]))
    }
    guard MediaScan.extensions.contains(FilePaths.fileExtension(of: real)) else {
      throw fault(
        "comp.unknownFile", "`\(name)` is no kind of file that is read as pictures", layer, family: .usage,
        remedy: "Name a movie, or PNG, TIFF, DPX, OpenEXR or JPEG stills.")
    }
    return .movie(MediaScan.file(real, root: root, status: status))
  }

  private func root(of real: String, _ name: String, _ layer: CompLayer) throws(Diagnostic)
    -> Pipeline.MediaRoot
  {
    guard let root = roots.first(where: { FilePaths.lies(real, below: $0.path) }) else {
      throw fault(
        "comp.outside", "`\(name)` lies outside the folder of the comps file and the media folders", layer,
        family: .usage, remedy: "Put it beside the comps file, or name its folder under `timeline: media:`.")
    }
    return root
  }

  /// The members of `name.####.exr`, in the order of their numbers.
  private func stills(_ pattern: String, _ layer: CompLayer) throws(Diagnostic) -> CompFile {
    let name = FilePaths.name(of: pattern)
    let parts = name.split(separator: "#", omittingEmptySubsequences: false)
    let digits = parts.count - 1
    let folder = FilePaths.folder(of: pattern)
    guard digits <= 12, !folder.contains("#"), parts.dropFirst().dropLast().allSatisfy(\.isEmpty),
      Self.stillExtensions.contains(FilePaths.fileExtension(of: pattern))
    else {
      throw fault(
        "comp.badPattern", "`\(name)` is not a name of numbered stills", layer, family: .usage,
        remedy: "Write the digits of the number as # in one place of the name: spark.####.exr")
    }
    guard let real = FilePaths.real(folder) else {
      throw fault(
        "comp.noFile", "there is no folder for `\(name)`", layer,
        remedy: "Paths are relative to the comps file.")
    }
    let (prefix, suffix) = (String(parts[0]), String(parts[parts.count - 1]))
    var found: [(member: StillSequence.Member, stamp: SequenceProbeTask.Stamp)] = []
    let root = try root(of: real + "/" + name, name, layer)
    for entry in FilePaths.entries(of: real) {
      guard let number = Self.number(entry, prefix: prefix, suffix: suffix, digits: digits) else { continue }
      guard let member = FilePaths.real(real + "/" + entry), FilePaths.lies(member, below: root.path) else {
        throw fault("comp.outside", "`\(entry)` is a link that leaves its folder", layer, family: .usage)
      }
      var status = stat()
      FileWitness.note(member)
      guard unsafe stat(member, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { continue }
      found.append((Self.member(number, status), Self.stamp(status)))
    }
    found.sort { $0.member.number < $1.member.number }
    guard let first = found.first?.member.number, let last = found.last?.member.number else {
      throw fault(
        "comp.noMembers", "there are no stills `\(name)`", layer,
        remedy: "Paths are relative to the comps file.")
    }
    guard last - first + 1 == Int64(found.count), found.count <= Self.mostMembers else {
      throw fault(
        "comp.missingMembers",
        "of `\(name)` from \(first) to \(last) there \(Self.missing(found.map(\.member.number)))", layer,
        remedy: "Have them made again, or end the sequence before.")
    }
    let sequence = StillSequence(
      prefix: real + "/" + prefix, suffix: suffix, digits: digits, root: root.path,
      members: found.map(\.member))
    return .stills(sequence, key: SequenceProbeTask.key(sequence, stamps: found.map(\.stamp)))
  }

  /// The number in a member's name: at least so many digits, no leading zeros beyond.
  private static func number(_ name: String, prefix: String, suffix: String, digits: Int) -> Int64? {
    guard name.hasPrefix(prefix), name.hasSuffix(suffix),
      name.utf8.count >= prefix.utf8.count + suffix.utf8.count + digits
    else { return nil }
    let text = name.dropFirst(prefix.count).dropLast(suffix.count)
    guard text.utf8.count <= 12, text.utf8.allSatisfy({ UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 }),
      text.utf8.count == digits || text.first != "0"
    else { return nil }
    return Int64(text)
  }

  /// The gaps in words: `is no 1004` or `are no 1004, 1007–1009`, at most eight of them.
  private static func missing(_ numbers: [Int64]) -> String {
    let gaps = zip(numbers, numbers.dropFirst()).filter { $1 > $0 + 1 }.map { before, after in
      after == before + 2 ? "\(before + 1)" : "\(before + 1)–\(after - 1)"
    }
    guard !gaps.isEmpty else { return "are more than \(mostMembers)" }
    let named =
      gaps.prefix(8).joined(separator: ", ") + (gaps.count > 8 ? " and \(gaps.count - 8) more gaps" : "")
    return gaps.count == 1 && !named.contains("–") ? "is no \(named)" : "are no \(named)"
  }

  private static func member(_ number: Int64, _ status: stat) -> StillSequence.Member {
    StillSequence.Member(
      number: number, byteCount: Int64(status.st_size),
      modified: Int64(status.st_mtim.tv_sec) * 1_000_000_000 + Int64(status.st_mtim.tv_nsec))
  }

  private static func stamp(_ status: stat) -> SequenceProbeTask.Stamp {
    SequenceProbeTask.Stamp(
      device: UInt64(status.st_dev), inode: UInt64(status.st_ino),
      changed: Int64(status.st_ctim.tv_sec) * 1_000_000_000 + Int64(status.st_ctim.tv_nsec))
  }
}
