package import Diagnostics
import ObjectStore
import Planning

/// The name under which a cut that somebody sends is kept.
package enum CutFileName {
  /// Extensions of cuts: a file is read as what its name says.
  package static let extensions = ConvertedFormat.ownExtensions.subtracting(["", "ale", "json"])
    .union(["aaf", "xges", "otioz", "kdenlive"])

  private static let longest = 100

  /// - Parameter sent: a name and no path.
  /// - Throws: `usage`, `cut.badName`: it names a place, or no cut.
  package static func kept(_ sent: String) throws(Diagnostic) -> String {
    guard !sent.isEmpty, !sent.contains(where: { $0 == "/" || $0 == "\\" || $0.isNewline || $0 == "\0" })
    else {
      throw fault("a cut is sent with the name of its file, without a folder")
    }
    var name = ""
    for scalar in sent.unicodeScalars {
      let isPlain = scalar.isASCII && PortableName.isValid("a\(Character(scalar))")
      name.unicodeScalars.append(isPlain ? scalar : "_")
    }
    let parts = name.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count > 1, let end = parts.last?.lowercased(), extensions.contains(end) else {
      throw fault("this is not the name of a cut: \(extensions.sorted().joined(separator: ", ")) are read")
    }
    let stem = parts.dropLast().joined(separator: ".").drop { !$0.isLetter && !$0.isNumber }
    return "\(stem.isEmpty ? "cut" : String(stem.prefix(longest))).\(end)"
  }

  private static func fault(_ message: String) -> Diagnostic {
    Diagnostic(
      family: .usage, code: "cut.badName", message: message,
      remedy: "Send the list or timeline as the editing program exported it.")
  }
}
