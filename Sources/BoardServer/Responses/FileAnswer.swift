import HTTPTypes
import Hummingbird

/// A file of a version, whole or in part. It never changes, so its digest names it.
struct FileAnswer {
  /// Found by digest, never made from what was asked for.
  var path: String
  var name: String
  var digest: String
  var size: Int64
  /// Whether it is to be kept and not shown.
  var isDownload: Bool

  private static let files = FileIO()

  func response(to request: Request, context: some RequestContext) async throws -> Response {
    let tag = "\"\(digest)\""
    var headers = HTTPFields()
    headers[.contentType] = isDownload ? "application/octet-stream" : contentType
    headers[.acceptRanges] = "bytes"
    headers[.eTag] = tag
    headers[.cacheControl] = "private, max-age=31536000, immutable"
    headers[.contentDisposition] = "\(isDownload ? "attachment" : "inline"); filename=\"\(name)\""
    // A published page may have styles of its own, and nothing else: no script, no form, no request.
    headers[RequestGuard.securityPolicy] =
      "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:; media-src 'self'; sandbox; frame-ancestors 'self'"
    // The page of a conform is shown inside of ours.
    headers[RequestGuard.frameOptions] = "SAMEORIGIN"
    if request.headers[.ifNoneMatch]?.split(separator: ",").contains(where: { $0.filter { $0 != " " } == tag }
    ) == true {
      return Response(status: .notModified, headers: headers)
    }
    // A part of another file would be of no use to who asks for the rest of this one.
    let isSame = request.headers[.ifRange].map { $0 == tag } ?? true
    switch isSame ? ByteRange(request.headers[.range], size: size) : .all {
    case .all:
      headers[.contentLength] = "\(size)"
      guard request.method != .head, size > 0 else { return Response(status: .ok, headers: headers) }
      return Response(
        status: .ok, headers: headers, body: try await Self.files.loadFile(path: path, context: context))
    case .part(let range):
      headers[.contentRange] = "bytes \(range.lowerBound)-\(range.upperBound)/\(size)"
      headers[.contentLength] = "\(range.count)"
      guard request.method != .head else { return Response(status: .partialContent, headers: headers) }
      return Response(
        status: .partialContent, headers: headers,
        body: try await Self.files.loadFile(
          path: path, range: Int(range.lowerBound)...Int(range.upperBound), context: context))
    case .unsatisfiable:
      headers[.contentRange] = "bytes */\(size)"
      return Response(status: .rangeNotSatisfiable, headers: headers)
    }
  }

  /// By the ending of the name; what is not known is only kept.
  private var contentType: String {
    switch name.split(separator: ".").last.map({ $0.lowercased() }) ?? "" {
    case "mp4": "video/mp4"
    case "webm": "video/webm"
    case "mov": "video/quicktime"
    case "png": "image/png"
    case "svg": "image/svg+xml"
    case "wav": "audio/wav"
    case "html": "text/html; charset=utf-8"
    case "pdf": "application/pdf"
    case "vtt": "text/vtt; charset=utf-8"
    case "json", "otio": "application/json"
    case "txt", "edl", "csv": "text/plain; charset=utf-8"
    default: "application/octet-stream"
    }
  }
}
