import Board
import HTTPTypes
import Hummingbird
import NIOCore

/// The way in: who brings the key that `interlock serve` printed gets a cookie, and is let in from then on.
struct EntranceRoutes {
  static let path = "/enter"

  private let desk: PageDesk

  init(_ desk: PageDesk) { self.desk = desk }

  func add(to router: Router<BasicRequestContext>) {
    let desk = desk
    router.get(RouterPath(Self.path)) { request, _ in
      Self.answer(to: request.uri.queryParameters.get("key"), desk.doorkeeper)
    }
    router.post(RouterPath(Self.path)) { request, _ in
      struct Form: Decodable {
        var key: String?
      }
      let body = try await request.body.collect(upTo: 1 << 12)
      let form = try? URLEncodedFormDecoder().decode(Form.self, from: String(buffer: body))
      return Self.answer(to: form?.key, desk.doorkeeper)
    }
  }

  /// A page that leads on, not a redirect: a cookie that is only sent from our own pages would not go along with one that
  /// began in a mail or a chat.
  private static func answer(to key: String?, _ doorkeeper: Doorkeeper) -> Response {
    guard doorkeeper.isKey(key) else {
      return page(EntrancePage(isWrong: key != nil), status: .unauthorized)
    }
    var response = PageDesk.text(EntrancePage.opened, "text/html; charset=utf-8")
    response.headers[.setCookie] = doorkeeper.cookie
    return response
  }

  static func page(_ page: EntrancePage, status: HTTPResponse.Status) -> Response {
    var response = PageDesk.text(page.text, "text/html; charset=utf-8", status: status)
    response.headers[.wwwAuthenticate] = "Bearer"
    return response
  }
}
