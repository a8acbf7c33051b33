import Synchronization

/// Who may ask for what: only who has the key that `interlock serve` printed, only pages of our own origin, and only under
/// a name of this machine.
///
/// Every user of this machine can reach a port of it, so an address alone lets nobody in. A page of others can make a
/// browser send requests here: its cookie is not sent along then, and nothing is changed without the token of our own
/// pages. A name of others that suddenly means 127.0.0.1 (DNS rebinding) is not ours.
package final class Doorkeeper: Sendable {
  /// What lets somebody in: part of the address that is printed, and what programs send as a bearer.
  package let key: String
  /// What a form has to bring along to change anything. New with every start.
  package let token = Doorkeeper.secret()
  /// What a browser that was let in keeps as a cookie. New with every start: while no server runs, anybody on this machine
  /// may listen on its port, and an open page would send them the cookie as it looks for the server.
  private let pass = Doorkeeper.secret()
  private let port = Mutex<Int?>(nil)

  /// - Parameter key: nil for one that is made now.
  package init(key: String? = nil) { self.key = key ?? Self.secret() }

  /// 256 random bits, as 64 hexadecimal digits.
  package static func secret() -> String {
    var random = SystemRandomNumberGenerator()
    let digits = Array("0123456789abcdef")
    return String((0..<64).map { _ in digits[Int.random(in: 0..<16, using: &random)] })
  }

  /// The port that the system gave; before it is known nobody is let in.
  package func open(port number: Int) { port.withLock { $0 = number } }

  /// Why a request is refused.
  package enum Refusal: Error, Hashable, Sendable {
    /// Under a name that is not one of this machine.
    case wrongName
    /// From somebody who was not let in.
    case noKey
    /// From a page that is not ours.
    case otherOrigin
    case noToken
  }

  /// - Parameter host: the `Host` header, with its port.
  package func check(host: String?) throws(Refusal) {
    guard let port = port.withLock({ $0 }), let host else { throw .wrongName }
    let names = ["127.0.0.1", "localhost"]
    guard names.contains(where: { host == "\($0):\(port)" || (port == 80 && host == $0) }) else {
      throw .wrongName
    }
  }

  /// Of a request that changes something; its token is checked when its body was read.
  ///
  /// - Parameters:
  ///   - origin: the `Origin` header, which browsers send with every such request.
  ///   - site: the `Sec-Fetch-Site` header.
  package func check(host: String?, origin: String?, site: String?) throws(Refusal) {
    try check(host: host)
    if let origin, origin != "http://\(host ?? "")" { throw .otherOrigin }
    if let site, site != "same-origin" { throw .otherOrigin }
  }

  /// Of a form of our pages.
  package func check(token given: String?) throws(Refusal) {
    guard Self.isSame(token, given) else { throw .noToken }
  }

  // MARK: Letting in

  /// Whether somebody was let in before, as a browser's cookie or a program's key says.
  package func check(cookies: String?, authorization: String?) throws(Refusal) {
    if isProgram(authorization) { return }
    let named = (cookies ?? "").split(separator: ";").map { $0.drop { $0 == " " } }
    let ours = "\(cookieName)="
    guard named.contains(where: { $0.hasPrefix(ours) && Self.isSame(pass, String($0.dropFirst(ours.count))) })
    else { throw .noKey }
  }

  /// Whether it is a program that sends the key itself, which no browser does for a page of others.
  package func isProgram(_ authorization: String?) -> Bool {
    guard let authorization, authorization.lowercased().hasPrefix("bearer ") else { return false }
    return isKey(String(authorization.dropFirst(7)))
  }

  package func isKey(_ given: String?) -> Bool { Self.isSame(key, given) }

  /// The cookie of a browser that has shown the key: not for scripts, and not sent along from pages of others.
  package var cookie: String { "\(cookieName)=\(pass); Path=/; HttpOnly; SameSite=Strict" }

  /// Cookies do not know ports: two boards on one machine must not take each other's.
  private var cookieName: String { "interlock-\(port.withLock { $0 } ?? 0)" }

  /// Compares in a time that does not depend on where the two differ.
  private static func isSame(_ secret: String, _ given: String?) -> Bool {
    let (left, right) = (Array(secret.utf8), Array((given ?? "").utf8))
    guard left.count == right.count else { return false }
    var difference: UInt8 = 0
    for (one, other) in zip(left, right) { difference |= one ^ other }
    return difference == 0
  }
}

/// Who decides. Until there are accounts it is the user who started the server, whoever was let in; everything else asks
/// here.
package protocol Identity: Sendable {
  /// The name that decisions carry.
  var person: String { get }
}

/// The user of this process.
package struct LocalUser: Identity {
  package let person: String

  package init(_ person: String) { self.person = person }
}
