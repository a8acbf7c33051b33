/// A page that only says something: why there is nothing, or why something was refused.
package struct MessagePage {
  package var heading: String
  package var message: String
  package var remedy: String?

  package init(heading: String, message: String, remedy: String? = nil) {
    (self.heading, self.message, self.remedy) = (heading, message, remedy)
  }

  package var body: HTML {
    let more: HTML? = remedy.map { "<p>\($0, longest: 600)</p>" }
    return """
      <h1>\(heading)</h1><p class="lead">\(message, longest: 600)</p>\(more)<p><a href="/">All deliverables</a></p>
      """
  }
}
