/// The files that pages load, from this server and from nowhere else.
package enum BoardFiles {
  package static let all: [(path: String, bytes: [UInt8], type: String)] = [
    ("/board.css", PackageResources.board_css, "text/css; charset=utf-8"),
    ("/board.js", PackageResources.board_js, "text/javascript; charset=utf-8"),
    ("/icon.svg", PackageResources.icon_svg, "image/svg+xml"),
  ]
}
