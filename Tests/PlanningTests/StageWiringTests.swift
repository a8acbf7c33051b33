import Planning
import TestSupport
import Testing

@Suite struct StageWiringTests {
  @Test func `a wire of the wrong kind is refused with both lines shown`() throws {
    let errors = try PipelineText().stages(
      """
        edit: {kind: editing}
        mix: {kind: sound-mix, sound: edit}
        grade: {kind: color-grade, picture: mix}
      """)
    #expect(
      errors.contains(
        "p.yaml:8:39: error: `picture: mix` needs a picture, but `mix` (line 7) is sound-mix, which makes mix"
      ))
    #expect(
      errors == """
        p.yaml:8:39: error: `picture: mix` needs a picture, but `mix` (line 7) is sound-mix, which makes mix
            grade: {kind: color-grade, picture: mix}
                                                ^
          Wire `picture` to a stage that makes a picture.
        p.yaml:7:3: note: `mix` is declared here
            mix: {kind: sound-mix, sound: edit}
            ^
        """)
  }

  @Test func `a deliverable is no picture`() throws {
    let errors = try PipelineText().stages(
      """
        edit: {kind: editing}
        out: {kind: delivery, picture: edit, profile: stills-16bit}
        again: {kind: delivery, picture: out, profile: stills-16bit}
      """)
    #expect(
      errors.contains(
        "`picture: out` needs a picture, but `out` (line 7) is delivery, which makes deliverable"
      ))
  }

  @Test func `a sound edit is no mix`() throws {
    let errors = try PipelineText().stages(
      """
        edit: {kind: editing}
        out: {kind: delivery, picture: edit, sound: edit, profile: prores-422hq}
      """)
    #expect(
      errors.contains(
        "`sound: edit` needs a mix, but `edit` (line 6) is editing, which makes picture and sound edit"))
  }

  @Test func `a wire to no stage is told the stage that was meant`() throws {
    #expect(
      try PipelineText().stages(
        """
          edit: {kind: editing}
          grade: {kind: color-grade, picture: edti}
          other: {kind: color-grade, picture: conformed}
        """) == """
          p.yaml:7:39: error: `picture: edti` names no stage
              grade: {kind: color-grade, picture: edti}
                                                  ^
            Did you mean `edit`?
          p.yaml:8:39: error: `picture: conformed` names no stage
              other: {kind: color-grade, picture: conformed}
                                                  ^
            The stages are edit, grade, other.
          """)
  }

  @Test func `a wire must be one name`() throws {
    #expect(
      try PipelineText().stages(
        """
          edit: {kind: editing}
          grade: {kind: color-grade, picture: [edit]}
        """) == """
          p.yaml:7:39: error: `picture` must be the name of one stage
              grade: {kind: color-grade, picture: [edit]}
                                                  ^
          """)
  }

  @Test func `stages in a circle are refused`() throws {
    #expect(
      try PipelineText().stages(
        """
          edit: {kind: editing}
          one: {kind: color-grade, picture: two}
          two: {kind: color-grade, picture: one}
        """) == """
          p.yaml:7:3: error: the stages one, two wait for each other in a circle
              one: {kind: color-grade, picture: two}
              ^
            Let each stage take its input from a stage before it.
          """)
    #expect(
      try PipelineText().stages("  one: {kind: color-grade, picture: one}") == """
        p.yaml:6:3: error: the stages one wait for each other in a circle
            one: {kind: color-grade, picture: one}
            ^
          Let each stage take its input from a stage before it.
        """)
  }

  @Test func `a stage of an unknown kind is reported once, not again by those wired to it`() throws {
    #expect(
      try PipelineText().stages(
        """
          edit: {kind: edting}
          grade: {kind: color-grade, picture: edit}
        """) == """
          p.yaml:6:16: error: there is no kind of stage `edting`
              edit: {kind: edting}
                           ^
            Did you mean `editing`?
          """)
  }
}
