/// A page that only says something: why there is nothing, or why something was refused.
package struct MessagePage {
  package var heading: String
  package var message: String
  package var remedy: String?
  /// Each fault of several, in full.
  package var details: [String]

  package init(heading: String, message: String, remedy: String? = nil, details: [String] = []) {
    (self.heading, self.message, self.remedy, self.details) = (heading, message, remedy, details)
  }

  package var body: HTML {
    let more: HTML? = remedy.map { "<p>\($0, longest: 600)</p>" }
    let list: HTML? =
      details.isEmpty
      ? nil
      : "<pre>\(details.prefix(40).map { HTML("\(HTML.lines($0))<br>") })</pre>"
    return """
      <h1>\(heading)</h1><p class="lead">\(message, longest: 600)</p>\(list)\(more)<p><a href="/">All deliverables</a></p>
      """
  }
}
