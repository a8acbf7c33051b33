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
    return "cairo \(cairo), pango \(pango)"
  }
}
