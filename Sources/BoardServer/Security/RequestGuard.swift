import Board
import HTTPTypes
import Hummingbird

/// Stands before every route: lets in only what the doorkeeper does, and tells browsers to trust nothing but our own
/// files.
struct RequestGuard: RouterMiddleware {
  let doorkeeper: Doorkeeper
  let routes: RouteTable
  /// Makes the answer for what went wrong.
  let answer: @Sendable (any Error, Request) async -> Response

  /// The longest address that is looked at.
  private static let longestPath = 4096

  func handle(
    _ request: Request, context: BasicRequestContext,
    next: @concurrent (Request, BasicRequestContext) async throws -> Response
  ) async throws -> Response {
    var response: Response
    do {
      let host = request.head.authority
      if request.method == .get || request.method == .head {
        try doorkeeper.check(host: host)
      } else {
        try doorkeeper.check(
          host: host, origin: request.headers[.origin], site: request.headers[Self.fetchSite])
      }
      guard (request.head.path ?? "").utf8.count <= Self.longestPath else { throw HTTPError(.uriTooLong) }
      if !Self.isOpen(request.uri.path) {
        try doorkeeper.check(
          cookies: request.headers[.cookie], authorization: request.headers[.authorization])
      }
      try routes.check(request)
      try Self.checkOnce(request)
      response = try await next(request, context)
    } catch {
      response = await answer(error, request)
    }
    for field in Self.fields where response.headers[field.name] == nil {
      response.headers[field.name] = field.value
    }
    return response
  }

  /// What whoever was not let in may have: the way in, and what it looks like.
  private static func isOpen(_ path: String) -> Bool {
    path == EntranceRoutes.path || BoardFiles.all.contains { $0.path == path }
  }

  /// Of what a program gives twice nobody knows which it means; only `media` may be several.
  private static func checkOnce(_ request: Request) throws {
    guard request.uri.path.hasPrefix("/api/") else { return }
    var seen: Set<Substring> = ["media"]
    for (name, _) in request.uri.queryParameters where !seen.insert(name).inserted && name != "media" {
      throw Refused(
        status: .badRequest, code: "request.twice", message: "`\(name.prefix(80))` is given more than once")
    }
  }

  static let fetchSite = name("Sec-Fetch-Site")
  static let token = name("X-Interlock-Token")
  static let securityPolicy = name("Content-Security-Policy")
  static let frameOptions = name("X-Frame-Options")

  private static func name(_ text: String) -> HTTPField.Name {
    guard let name = HTTPField.Name(text) else { preconditionFailure("`\(text)` is the name of a header") }
    return name
  }

  /// No inline style or script, nothing from elsewhere, in frames only reports of ours, and no frame around it.
  static let policy =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; media-src 'self'; connect-src 'self'; "
    + "frame-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

  private static let fields: [(name: HTTPField.Name, value: String)] = [
    (securityPolicy, policy),
    (name("X-Content-Type-Options"), "nosniff"),
    (frameOptions, "DENY"),
    (name("Referrer-Policy"), "same-origin"),
    (name("Cross-Origin-Resource-Policy"), "same-origin"),
    (name("Cross-Origin-Opener-Policy"), "same-origin"),
    (name("Permissions-Policy"), "camera=(), microphone=(), geolocation=()"),
    (.cacheControl, "no-store"),
  ]
}
