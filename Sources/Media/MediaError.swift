import CFFmpeg
package import Diagnostics
import Glibc

/// A failed operation on one media file, encoder or decoder.
package struct MediaError: Error, Hashable, Sendable, Codable, CustomStringConvertible {
  package enum Code: String, Hashable, Sendable, Codable {
    /// There is no such file.
    case notFound
    /// The file exists and cannot be opened or read.
    case unreadable
    /// The content is not one of the media formats that are opened, or its structure is broken.
    case notMedia
    /// The file has no stream of the wanted kind or number.
    case noStream
    /// A format or codec this build of FFmpeg does not handle.
    case unsupported
    /// The file ends before its own index says so.
    case truncated
    /// A picture or sound packet could not be decoded without loss.
    case damaged
    /// A frame number outside the file.
    case outOfRange
    /// Settings that the encoder or the container refuses, or calls out of order.
    case settings
    /// The encoder failed.
    case encoding
    /// Writing failed.
    case writing
    case outOfMemory
  }

  /// Who can do something about it; only infrastructure errors are worth a retry.
  package enum Fault: String, Hashable, Sendable, Codable {
    case user, media, infrastructure
  }

  package var code: Code
  package var fault: Fault
  /// What was attempted, as a phrase after "cannot": `open`, `decode frame 12`.
  package var operation: String
  /// The file as the caller named it; a codec's name for encoders and decoders without a file.
  package var path: String
  /// FFmpeg's or the system's text of the status code, or our own sentence.
  package var reason: String
  /// The last error line FFmpeg logged during the operation.
  package var log: String?
  package var remedy: String?
  /// The `errno`, where the system refused.
  package var systemError: Int32?

  package init(
    code: Code, fault: Fault, operation: String, path: String, reason: String, log: String? = nil,
    remedy: String? = nil, systemError: Int32? = nil
  ) {
    self.code = code
    self.fault = fault
    self.operation = operation
    self.path = path
    self.reason = reason
    self.log = log
    self.remedy = remedy
    self.systemError = systemError
  }

  /// What happened, without the path and the remedy.
  package var message: String {
    "cannot \(operation): \(reason)" + (log.map { " (\($0))" } ?? "")
  }

  package var description: String {
    "\(path): \(message)" + (remedy.map { "\n  \($0)" } ?? "")
  }
}

extension MediaError {
  /// The error as a finding located at the file.
  package var diagnostic: Diagnostic {
    let family: Diagnostic.Family =
      switch code {
      case .notFound, .unreadable: .inputMissing
      case .settings: .usage
      default: .failed
      }
    return Diagnostic(
      severity: .error, family: family, code: "media.\(code.rawValue)",
      location: SourceLocation(file: path, line: nil, column: nil), message: message, remedy: remedy,
      excerpt: nil)
  }

  /// An FFmpeg status as an error.
  ///
  /// - Parameters:
  ///   - code: what a status without a more specific meaning stands for.
  ///   - fault: whose it is, likewise.
  init(status: Int32, _ operation: String, _ path: String, code: Code = .damaged, fault: Fault = .media) {
    var code = code
    var fault = fault
    var remedy: String?
    var systemError: Int32?
    switch status {
    case ffs_error_decoder_not_found(), ffs_error_demuxer_not_found(), ffs_error_patch_welcome(),
      ffs_error_encoder_not_found():
      code = .unsupported
    default:
      switch ffs_errno_from_error(status) {
      case ENOENT:
        (code, fault) = (.notFound, .user)
      case EACCES, EPERM, EISDIR, ENOTDIR, ENAMETOOLONG, ELOOP:
        (code, fault) = (.unreadable, .user)
      case ENOMEM:
        (code, fault) = (.outOfMemory, .infrastructure)
      case EIO, ENOSPC, EDQUOT, EMFILE, ENFILE, ESTALE, ETIMEDOUT, EROFS, ENODEV, ENXIO:
        fault = .infrastructure
        systemError = ffs_errno_from_error(status)
        if code == .damaged || code == .notMedia { code = .unreadable }
      default: break
      }
    }
    if code == .notMedia || code == .damaged {
      remedy = "The file is incomplete, damaged or not what its name says: copy or make it again."
    }
    var buffer = [CChar](repeating: 0, count: 128)
    unsafe av_strerror(status, &buffer, buffer.count)
    let text = String(decoding: buffer.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    self.init(
      code: code, fault: fault, operation: operation, path: path, reason: text, log: LastLogLine.current,
      remedy: remedy, systemError: systemError)
  }

  /// A failed system call, by `errno` at the time of the call.
  static func system(
    _ number: Int32, _ operation: String, _ path: String, code: Code = .unreadable
  ) -> MediaError {
    var error = MediaError(
      status: ffs_error_from_errno(number), operation, path, code: code, fault: .infrastructure)
    error.log = nil
    return error
  }

  static func outOfMemory(_ operation: String, _ path: String) -> MediaError {
    MediaError(
      code: .outOfMemory, fault: .infrastructure, operation: operation, path: path, reason: "out of memory")
  }
}

/// Turns a negative FFmpeg status into an error.
@discardableResult
func check(
  _ status: Int32, _ operation: String, _ path: String, code: MediaError.Code = .damaged,
  fault: MediaError.Fault = .media
) throws(MediaError) -> Int32 {
  guard status >= 0 else {
    throw MediaError(status: status, operation, path, code: code, fault: fault)
  }
  return status
}
