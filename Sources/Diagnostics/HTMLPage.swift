/// A page of its own: nothing is loaded from anywhere, and nothing in it runs.
package enum HTMLPage {
  /// The whole page; pictures may be part of it as `data:`.
  ///
  /// - Parameters:
  ///   - title: plain text.
  ///   - style: one style sheet.
  ///   - body: markup, made with `HTMLText.escape`.
  package static func page(title: String, style: String, body: String) -> String {
    """
    <!DOCTYPE html>
    <html lang="en">
    <head>
    <meta charset="utf-8">
    <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>\(HTMLText.escape(title))</title>
    <style>
    \(style)
    </style>
    </head>
    <body>
    \(body)
    </body>
    </html>

    """
  }
}
