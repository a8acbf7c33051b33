import CDrawing
import Glibc

/// The process-wide state of the drawing libraries: CPU extensions and the fonts that may be used.
package enum DrawingEnvironment {
  /// Where fonts are looked for; nowhere else, so that a host's own fonts change nothing.
  package static let fontFolders = ["/usr/share/fonts/truetype/noto", "/usr/share/fonts/opentype/noto"]

  static func start() { _ = started }

  private static let started: Void = {
    if let value = unsafe getenv("INTERLOCK_CPU"), unsafe String(cString: value) == "baseline" {
      // Read by pixman when it draws for the first time.
      unsafe setenv("PIXMAN_DISABLE", "mmx sse2 ssse3", 1)
    }
  }()

  /// Names the libraries that draw, e.g. `cairo 1.16.0, pango 1.50.12`.
  package static var identity: String {
    let cairo = unsafe String(cString: cairo_version_string())
    let pango = unsafe pango_version_string().map { unsafe String(cString: $0) } ?? "unknown"
    let shaper = unsafe hb_version_string().map { unsafe String(cString: $0) } ?? "unknown"
    return "cairo \(cairo), pango \(pango), harfbuzz \(shaper)"
  }

  /// Every font file that may be used as one line each, `path bytes modified`, sorted: what changes when a font
  /// package does. A package's files carry the times it was built with, so equal packages read equal on every host;
  /// reading the fonts themselves would take seconds.
  package static func fontFiles() -> [String] {
    var files: [String] = []
    for folder in fontFolders {
      guard let stream = unsafe opendir(folder) else { continue }
      defer { unsafe closedir(stream) }
      while let entry = unsafe readdir(stream) {
        let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) { pointer in
          unsafe pointer.withMemoryRebound(to: CChar.self, capacity: 256) { unsafe String(cString: $0) }
        }
        var status = stat()
        guard unsafe stat("\(folder)/\(name)", &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
          continue
        }
        files.append("\(folder)/\(name) \(status.st_size) \(status.st_mtim.tv_sec)")
      }
    }
    return files.sorted()
  }
}
