package import Diagnostics

extension FileSystem {
  /// Bytes on the disk that go when a file or a folder with all that is in it goes; links are not followed.
  package func space(under path: String) throws(Diagnostic) -> Int64 {
    guard let facts = try facts(path) else { return 0 }
    guard facts.isFolder else { return facts.linkCount > 1 ? 0 : facts.allocatedBytes }
    var sum: Int64 = facts.allocatedBytes
    for name in try names(in: path) { sum += try space(under: "\(path)/\(name)") }
    return sum
  }
}
