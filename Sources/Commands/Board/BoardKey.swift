import BoardServer
import Diagnostics
import Foundation
import Glibc

/// The file that holds the key of a board, so that it stays the same over starts.
enum BoardKey {
  /// Reads the key, or makes one, which only the user may read.
  ///
  /// - Throws: `usage`, `serve.badKey`, for a file that is none or that others may read.
  static func read(_ path: String, typed: String) throws -> String {
    let key = Doorkeeper.secret()
    let made = unsafe open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    if made >= 0 {
      defer { _ = close(made) }
      let bytes = Array("\(key)\n".utf8)
      guard unsafe write(made, bytes, bytes.count) == bytes.count else {
        throw fault(typed, "cannot be written")
      }
      return key
    }
    var facts = stat()
    guard unsafe stat(path, &facts) == 0, facts.st_mode & S_IFMT == S_IFREG else {
      throw fault(typed, "cannot be read")
    }
    guard facts.st_mode & 0o077 == 0 else { throw fault(typed, "may be read by others") }
    let text = (try? String(contentsOfFile: path, encoding: .utf8)) ?? ""
    let known = text.trimmingCharacters(in: .whitespacesAndNewlines)
    guard (32...256).contains(known.utf8.count), known.utf8.allSatisfy(isPlain) else {
      throw fault(typed, "holds no key of at least 32 letters and digits")
    }
    return known
  }

  private static func isPlain(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "-"), UInt8(ascii: "_"):
      true
    default: false
    }
  }

  private static func fault(_ typed: String, _ what: String) -> DiagnosticList {
    DiagnosticList([
      Diagnostic(
        family: .usage, code: "serve.badKey", message: "the key file \(typed) \(what)",
        remedy: "Name a file that is not there yet, and it is made; or `chmod 600` it.")
    ])
  }
}
