import Board
import Testing

@Suite struct `Safe markup` {
  @Test func `what others wrote is shown and never obeyed`() {
    let name = "<script>alert('x')</script>\" onload=\"y&\u{202E}"
    let html: HTML = "<td title=\"\(name)\">\(name)</td>"
    #expect(
      html.text
        == "<td title=\"&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;&quot; onload=&quot;y&amp;\\u{202e}\">"
        + "&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;&quot; onload=&quot;y&amp;\\u{202e}</td>")
  }

  @Test func `markup stands in markup as it is, and nothing where there is none`() {
    let inner: HTML = "<b>\("a<b")</b>"
    let none: HTML? = nil
    #expect(
      ("<p>\(inner)\(none)\([inner, inner])</p>" as HTML).text
        == "<p><b>a&lt;b</b><b>a&lt;b</b><b>a&lt;b</b></p>")
    #expect(("<option\("selected", if: true)\("disabled", if: false)>" as HTML).text == "<option selected>")
  }

  @Test func `lines of a note stay lines`() {
    #expect(HTML.lines("too green\n<b>").text == "too green<br>&lt;b&gt;")
  }

  @Test func `an address keeps its meaning whatever a name is`() {
    #expect(Address.path("files", "a b/../c", "ü") == "/files/a%20b%2F..%2Fc/%C3%BC")
    #expect(Address.query([("search", "a&b=c"), ("state", "")]) == "?search=a%26b%3Dc")
  }
}
