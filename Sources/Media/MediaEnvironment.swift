import CFFmpeg
import Glibc
import Synchronization

/// The process-wide state of FFmpeg: CPU extensions, log and memory bound.
package enum MediaEnvironment {
  /// Sets FFmpeg up for this process; every opening call does it, so calling it first only fixes the moment.
  ///
  /// With `INTERLOCK_CPU=baseline` in the environment no CPU extension is used, which must be decided before any
  /// codec or scaler exists.
  package static func start() { _ = started }

  /// Whether the CPU's extensions are hidden from everything that makes bytes.
  static let isBaseline: Bool = {
    guard let value = unsafe getenv("INTERLOCK_CPU") else { return false }
    return unsafe String(cString: value) == "baseline"
  }()

  private static let started: Void = {
    if isBaseline { av_force_cpu_flags(0) }
    // One picture plane or packet never needs more; a hostile header asks for more.
    av_max_alloc(1 << 30)
    unsafe ffs_log_install { _, line in
      guard let line = unsafe line else { return }
      LastLogLine.record(unsafe String(cString: line))
    }
  }()

  /// Names the libraries, e.g. `FFmpeg 5.1.9-0+deb12u1, libavcodec 59.37.100, libswscale …, libebur128 1.2.6`.
  package static var identity: String {
    let release = unsafe av_version_info().map { unsafe String(cString: $0) } ?? "unknown"
    return
      "FFmpeg \(release), libavcodec \(version(avcodec_version())), libswscale \(version(swscale_version())), "
      + "libswresample \(version(swresample_version())), \(LoudnessMeter.identity)"
  }

  static func version(_ number: UInt32) -> String {
    "\(number >> 16).\(number >> 8 & 0xff).\(number & 0xff)"
  }
}

/// The last error line FFmpeg logged, which usually says more than its status code.
enum LastLogLine {
  private static let line = Mutex<String?>(nil)

  static func record(_ text: String) {
    var text = text
    while text.last?.isNewline == true { text.removeLast() }
    guard !text.isEmpty else { return }
    line.withLock { $0 = text }
  }

  static func clear() { line.withLock { $0 = nil } }

  static var current: String? { line.withLock { $0 } }
}
