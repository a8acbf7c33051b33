import Foundation
import Glibc

/// The same graph for Ninja: files that are copied along chains, all of them made already.
///
/// Ninja remembers the command of every output in its log, by a hash. To make 100,000 files with Ninja takes
/// minutes, so files and log are written here; `ninja` itself says afterwards whether it believes them.
struct NinjaProject {
  let path: String
  let chains: Int
  let chainLength: Int

  /// Modification time of every file: what is not newer than its output is up to date.
  private static let modified = timespec(tv_sec: 1_700_000_000, tv_nsec: 0)
  private static let chainsInFolder = 100

  /// A trivial program that makes other contents of what it reads: all but the first byte. A store that keeps equal
  /// contents once would be spared the work that a copy is.
  static let program = [
    "dd", "if=$in", "of=$out", "bs=4096", "iflag=skip_bytes", "skip=1", "status=none",
  ]

  /// The project with nothing made yet; its rule runs `program`.
  func writeSources() throws {
    var build = "rule cp\n  command = \(Self.program.joined(separator: " "))\n"
    for chain in 0..<chains {
      if chain % Self.chainsInFolder == 0 { try makeFolder(folder(of: chain)) }
      try Data("a shot numbered \(chain)\n".utf8).write(to: URL(fileURLWithPath: "\(path)/\(file(chain, 0))"))
      for step in 1...chainLength {
        build += "build \(file(chain, step)): cp \(file(chain, step - 1))\n"
      }
    }
    try Data(build.utf8).write(to: URL(fileURLWithPath: "\(path)/build.ninja"))
  }

  private static let rule = "rule cp\n  command = cp $in $out\n"

  /// The project with everything made.
  func write() throws {
    var build = Self.rule
    // Version 5 is that of Ninja 1.9 to 1.11; another Ninja discards the log and copies everything once.
    var log = "# ninja log v5\n"
    let modified = Self.modified.tv_sec * 1_000_000_000
    for chain in 0..<chains {
      if chain % Self.chainsInFolder == 0 { try makeFolder(folder(of: chain)) }
      try touch(file(chain, 0))
      for step in 1...chainLength {
        let input = file(chain, step - 1)
        let output = file(chain, step)
        try touch(output)
        build += "build \(output): cp \(input)\n"
        let hash = String(murmurHash64A("cp \(input) \(output)"), radix: 16)
        log += "0\t1\t\(modified)\t\(output)\t\(hash)\n"
      }
    }
    try Data(build.utf8).write(to: URL(fileURLWithPath: "\(path)/build.ninja"))
    try Data(log.utf8).write(to: URL(fileURLWithPath: "\(path)/.ninja_log"))
  }

  private func folder(of chain: Int) -> String { "reel\(chain / Self.chainsInFolder)" }

  private func file(_ chain: Int, _ step: Int) -> String { "\(folder(of: chain))/shot\(chain).\(step)" }

  private func makeFolder(_ name: String) throws {
    try FileManager.default.createDirectory(atPath: "\(path)/\(name)", withIntermediateDirectories: true)
  }

  private func touch(_ name: String) throws {
    let descriptor = unsafe open("\(path)/\(name)", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { throw BenchError("cannot make \(path)/\(name)") }
    defer { _ = close(descriptor) }
    let times = [Self.modified, Self.modified]
    guard unsafe futimens(descriptor, times) == 0 else { throw BenchError("cannot date \(path)/\(name)") }
  }
}

/// Ninja's hash of a command line.
///
/// Source: MurmurHash64A by Austin Appleby, public domain, with the seed of `src/build_log.cc` in Ninja 1.11.
func murmurHash64A(_ text: String) -> UInt64 {
  let multiplier: UInt64 = 0xc6a4_a793_5bd1_e995
  let bytes = Array(text.utf8)
  var hash: UInt64 = 0xDECA_FBAD_DECA_FBAD ^ (UInt64(bytes.count) &* multiplier)
  func word(_ range: Range<Int>) -> UInt64 { bytes[range].reversed().reduce(0) { $0 << 8 | UInt64($1) } }
  let whole = bytes.count / 8 * 8
  for start in stride(from: 0, to: whole, by: 8) {
    var part = word(start..<start + 8) &* multiplier
    part ^= part >> 47
    hash = (hash ^ (part &* multiplier)) &* multiplier
  }
  if whole < bytes.count { hash = (hash ^ word(whole..<bytes.count)) &* multiplier }
  hash ^= hash >> 47
  hash = hash &* multiplier
  return hash ^ (hash >> 47)
}
