import Glibc

/// The machine we run on, as records name it.
package enum Machine {
  package static let hostName = firstLine("/proc/sys/kernel/hostname") ?? "unknown"
  /// Changes with every start: processes of another boot are gone.
  package static let bootID = firstLine("/proc/sys/kernel/random/boot_id") ?? ""

  package static let userName: String = {
    let id = geteuid()
    guard let entry = unsafe getpwuid(id), let name = unsafe entry.pointee.pw_name else {
      return "user \(id)"
    }
    return unsafe String(cString: name)
  }()

  private static func firstLine(_ path: String) -> String? {
    guard let text = ProcessFiles.read(path, atMost: 4096) else { return nil }
    return String(decoding: text.prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self)
  }
}
