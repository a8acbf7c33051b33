package import Diagnostics
import Digests
import Glibc
package import TaskGraph

extension ObjectStore {
  /// How many folders the results are spread over, by the first byte of their keys.
  package static let resultFolders = 256

  /// The keys of the results in some of the folders, by the names of their files, which says nothing of their contents.
  ///
  /// Cheaper than a look at every file once a good part of all results is asked for, by far when nothing of them is in
  /// memory: the files themselves are not touched.
  package func resultKeys(inFolders folders: Range<Int>) throws(Diagnostic) -> [TaskKey] {
    var keys: [TaskKey] = []
    for folder in folders {
      let name = hexText([UInt8(folder)])
      unsafe try fileSystem.forEachName(in: "\(production.resultsFolder)/\(name)") { bytes in
        // `<64 digits>.json`
        guard bytes.count == 69,
          let key = unsafe Digest(hexDigits: UnsafeRawBufferPointer(rebasing: bytes[..<64]))
        else { return }
        keys.append(key)
      }
    }
    return keys
  }
}

extension FileSystem {
  /// Every name in a folder as bytes, which are lent for the call, in no order; none when the folder does not exist.
  func forEachName(in folder: String, _ body: (UnsafeRawBufferPointer) -> Void) throws(Diagnostic) {
    guard let stream = unsafe opendir(folder) else {
      let code = errno
      if code == ENOENT { return }
      throw fault("list", folder, code)
    }
    defer { _ = unsafe closedir(stream) }
    while true {
      errno = 0
      guard let entry = unsafe readdir(stream) else {
        let code = errno
        if code == 0 { return }
        throw fault("list", folder, code)
      }
      unsafe withUnsafeBytes(of: &entry.pointee.d_name) { name in
        let length = unsafe name.firstIndex(of: 0) ?? name.count
        unsafe body(UnsafeRawBufferPointer(rebasing: name[..<length]))
      }
    }
  }
}
