import BoardServer
import Testing

@Suite struct `Who is let in` {
  private func open() -> Doorkeeper {
    let doorkeeper = Doorkeeper()
    doorkeeper.open(port: 8470)
    return doorkeeper
  }

  @Test(arguments: ["127.0.0.1:8470", "localhost:8470"])
  func `names of this machine are let in`(host: String) throws {
    try open().check(host: host)
    try open().check(host: host, origin: "http://\(host)", site: "same-origin")
    try open().check(host: host, origin: nil, site: nil)
  }

  @Test(arguments: [
    nil as String?, "", "evil.example:8470", "127.0.0.1", "127.0.0.1:80", "localhost:8470.evil.example",
    "127.0.0.1:8470@evil.example",
    "LOCALHOST:8470 ", "[::1]:8470",
  ])
  func `any other name is refused, whatever it resolves to`(host: String?) {
    #expect(throws: Doorkeeper.Refusal.wrongName) { try open().check(host: host) }
  }

  @Test func `nobody is let in before the port is known`() {
    #expect(throws: Doorkeeper.Refusal.wrongName) { try Doorkeeper().check(host: "127.0.0.1:8470") }
  }

  @Test(arguments: [
    ("http://evil.example", nil) as (String?, String?), ("null", nil), ("https://127.0.0.1:8470", nil),
    ("http://localhost:8470", nil),
    ("http://127.0.0.1:8470", "cross-site"), (nil, "same-site"), (nil, "none"),
  ])
  func `pages of others change nothing`(origin: String?, site: String?) {
    #expect(throws: Doorkeeper.Refusal.otherOrigin) {
      try open().check(host: "127.0.0.1:8470", origin: origin, site: site)
    }
  }

  @Test func `the token is long, new with every start, and compared whole`() throws {
    let doorkeeper = open()
    #expect(doorkeeper.token.count == 64)
    #expect(doorkeeper.token != open().token)
    try doorkeeper.check(token: doorkeeper.token)
    for wrong in [
      nil, "", String(doorkeeper.token.dropLast()), String(doorkeeper.token.reversed()) + "0", open().token,
    ] {
      #expect(throws: Doorkeeper.Refusal.noToken) { try doorkeeper.check(token: wrong) }
    }
  }

  @Test func `an address alone lets nobody in`() throws {
    let doorkeeper = open()
    let pass = try #require(doorkeeper.cookie.split(separator: ";").first.map(String.init))
    #expect(!doorkeeper.cookie.contains(doorkeeper.key), "a stolen cookie does not tell the key")
    #expect(doorkeeper.cookie.hasSuffix("; Path=/; HttpOnly; SameSite=Strict"))
    try doorkeeper.check(cookies: pass, authorization: nil)
    try doorkeeper.check(cookies: "theme=dark; \(pass); more=1", authorization: nil)
    try doorkeeper.check(cookies: nil, authorization: "Bearer \(doorkeeper.key)")
    try doorkeeper.check(cookies: "interlock-8470=wrong", authorization: "bearer \(doorkeeper.key)")
    let other = open()
    for (cookies, authorization) in [
      (nil, nil), ("", ""), ("interlock-8470=", nil), (other.cookie, nil), ("x\(pass)", nil),
      (pass.replacing("8470", with: "8471"), nil), (nil, "Bearer \(other.key)"), (nil, "Bearer "),
      (nil, "Basic \(doorkeeper.key)"), (nil, doorkeeper.key), ("interlock-8470=\(doorkeeper.key)", nil),
    ] as [(String?, String?)] {
      #expect(throws: Doorkeeper.Refusal.noKey, "\(cookies ?? "-"), \(authorization ?? "-")") {
        try doorkeeper.check(cookies: cookies, authorization: authorization)
      }
    }
  }

  @Test func `a key that is kept is good after the next start, and what a browser kept is not`() throws {
    let key = Doorkeeper.secret()
    let (first, second) = (Doorkeeper(key: key), Doorkeeper(key: key))
    first.open(port: 8470)
    second.open(port: 8470)
    let pass = try #require(first.cookie.split(separator: ";").first.map(String.init))
    try first.check(cookies: pass, authorization: nil)
    // Whoever listened on the port in between may have got it.
    #expect(throws: Doorkeeper.Refusal.noKey) { try second.check(cookies: pass, authorization: nil) }
    try second.check(cookies: nil, authorization: "Bearer \(key)")
    #expect(first.token != second.token)
    #expect(first.isKey(key) && !first.isKey(nil) && !first.isKey(key + "0"))
  }
}
