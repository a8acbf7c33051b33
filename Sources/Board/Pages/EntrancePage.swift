/// What somebody sees who has not shown the key yet; it says nothing about the production.
package struct EntrancePage {
  /// Whether a key was shown that is none.
  private let isWrong: Bool

  package init(isWrong: Bool) { self.isWrong = isWrong }

  package var text: String {
    let fault: HTML? =
      isWrong
      ? "<div class=\"notice bad\" role=\"alert\"><p>This is not the key of the server that runs now.</p></div>"
      : nil
    return Self.page(
      title: "Key needed", head: "",
      body: """
        <h1>Open the address that <span class="mono">interlock serve</span> printed</h1>
        <p class="lead">Everybody on this machine can reach this port; the key in that address says that it is you, and is \
        wanted again when the server was started anew.</p>\(fault)
        <form class="decide narrow" method="post" action="/enter">
        <div class="field"><label for="key">Key</label><input id="key" name="key" type="password" autocomplete="off" required></div>
        <div class="buttons"><button class="key" type="submit">Enter</button></div>
        </form>
        """)
  }

  /// Leads on to the board.
  package static let opened = page(
    title: "Welcome", head: "<meta http-equiv=\"refresh\" content=\"0; url=/\">",
    body: "<h1>Welcome</h1><p class=\"lead\"><a href=\"/\">Go to the board</a></p>")

  private static func page(title: String, head: HTML, body: HTML) -> String {
    let html: HTML = """
      <!DOCTYPE html>
      <html lang="en">
      <head>
      <meta charset="utf-8">
      <meta name="viewport" content="width=device-width, initial-scale=1">
      <title>\(title) · Interlock</title>
      \(head)
      <link rel="stylesheet" href="/board.css">
      <link rel="icon" href="/icon.svg" type="image/svg+xml">
      </head>
      <body><main id="main">
      \(body)
      </main></body>
      </html>

      """
    return html.text
  }
}
