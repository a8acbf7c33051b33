import Foundation
import ImageGraph
import Planning
import TestSupport
import Testing

@Suite struct PipelineValueTests {
  @Test func `an empty file says so`() throws {
    for text in ["", "\n\n", "# only a comment\n"] {
      #expect(
        try PipelineText().errors(text) == """
          p.yaml: error: the file is empty
            Start from `interlock schema` or Pipelines/short-film.yaml.
          """)
    }
  }

  @Test func `a key given twice is an error at its line`() throws {
    let text = try PipelineText().errors(
      """
      interlock: 1
      programme: test
      raster: 640x360
      programme: other
      """)
    #expect(
      text == """
        p.yaml:2:1: error: not valid YAML: a key is given twice: programme
          programme: test
          ^
          Check indentation, colons and quotes on this line.
        """)
  }

  @Test func `a quote that is not closed is located`() throws {
    let text = try PipelineText().errors("interlock: 1\nprogramme: \"test\n")
    // The end of the text is where the quote is missed at last.
    #expect(
      text == "p.yaml:3:1: error: not valid YAML: found unexpected end of stream\n  \n  ^\n"
        + "  Check indentation, colons and quotes on this line.")
  }

  @Test func `a brace that is not closed is located`() throws {
    let text = try PipelineText().errors(
      """
      interlock: 1
      stages:
        edit: {kind: editing
        mix: {kind: sound-mix}
      """)
    #expect(
      text == """
        p.yaml:4:6: error: not valid YAML: did not find expected ',' or '}'
            mix: {kind: sound-mix}
               ^
          Check indentation, colons and quotes on this line.
        """)
  }

  @Test func `a tab for indentation is located`() throws {
    let text = try PipelineText().errors("interlock: 1\n\traster: 2\n")
    #expect(
      text == """
        p.yaml:2:1: error: not valid YAML: found a tab character that violates indentation
          \traster: 2
          ^
          Check indentation, colons and quotes on this line.
        """)
  }

  @Test func `a list where a mapping is wanted is an error`() throws {
    #expect(
      try PipelineText().errors("- interlock").hasPrefix(
        """
        p.yaml:1:1: error: the pipeline must be a mapping of keys to values
          - interlock
          ^

        """))
  }

  private static let text = """
    interlock: 1
    programme: test
    timeline: {cut: none.edl, media: [rushes]}
    raster: 640x360
    stages: {edit: {kind: editing}}
    """

  @Test func `a set value replaces one of the file, its path counted from the current folder`() throws {
    let text = try PipelineText()
    let pipeline = try text.load(
      Self.text,
      overrides: [
        (key: "timeline.cut", value: text.folder.path + "/cut.edl"), (key: "raster", value: "1280x720"),
        (key: "timeline.handles", value: "12"), (key: "stages.edit.fit", value: "fill"),
      ])
    #expect(pipeline.timeline.cuts.map(\.path) == [text.folder.path + "/cut.edl"])
    #expect(pipeline.raster.description == "1280x720")
    #expect(pipeline.timeline.handles == 12)
  }

  @Test func `a wrong set value is reported as such`() throws {
    let text = try PipelineText()
    let errors = text.errors(
      Self.text,
      overrides: [(key: "timeline.cut", value: text.folder.path + "/cut.edl"), (key: "rastr", value: "1x1")])
    #expect(
      errors == """
        --set rastr: error: the pipeline has no key `rastr`
          Did you mean `raster`?
        """)
  }
}
