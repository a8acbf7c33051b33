import Synchronization

/// Who may ask for what: only pages of our own origin, and only under a name of this machine.
///
/// A page of others can make a browser send requests here. It cannot read the answers, but must not decide anything
/// either; and a name of its own that suddenly means 127.0.0.1 (DNS rebinding) would let it read them.
package final class Doorkeeper: Sendable {
  /// What a form or a program has to bring along to change anything. New with every start.
  package let token: String
  private let port = Mutex<Int?>(nil)

  package init() {
    var random = SystemRandomNumberGenerator()
    let digits = Array("0123456789abcdef")
    token = String((0..<64).map { _ in digits[Int.random(in: 0..<16, using: &random)] })
  }

  /// The port that the system gave; before it is known nobody is let in.
  package func open(port number: Int) { port.withLock { $0 = number } }

  /// Why a request is refused.
  package enum Refusal: Error, Hashable, Sendable {
    /// Under a name that is not one of this machine.
    case wrongName
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

  /// Compares in a time that does not depend on where the two differ.
  package func check(token given: String?) throws(Refusal) {
    let (left, right) = (Array(token.utf8), Array((given ?? "").utf8))
    guard left.count == right.count else { throw .noToken }
    var difference: UInt8 = 0
    for (one, other) in zip(left, right) { difference |= one ^ other }
    guard difference == 0 else { throw .noToken }
  }
}

/// Who decides. Until there are accounts it is the user who started the server; everything else asks here.
package protocol Identity: Sendable {
  /// The name that decisions carry.
  var person: String { get }
}

/// The user of this process.
package struct LocalUser: Identity {
  package let person: String

  package init(_ person: String) { self.person = person }
}
