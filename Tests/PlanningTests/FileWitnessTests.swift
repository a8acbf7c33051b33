import Planning
import TestSupport
import Testing

@Suite struct `File witness` {
  @Test func `every path that loading asks about is noted, there or not`() throws {
    let programme = try Programme([], files: [])
    let witness = FileWitness()
    _ = try FileWitness.$current.withValue(witness) { try programme.pipeline() }
    let folder = programme.folder.path
    #expect(witness.paths.contains("\(folder)/cut.edl"))
    // A profile of the same name beside the pipeline would be taken.
    #expect(witness.paths.contains("\(folder)/profiles/stills-16bit.yaml"))
    #expect(witness.paths == witness.paths.sorted())
  }

  @Test func `nothing is noted outside`() throws {
    let programme = try Programme([], files: [])
    let witness = FileWitness()
    _ = try programme.pipeline()
    #expect(witness.paths.isEmpty)
  }

  @Test func `media folders are scanned each time and not noted`() throws {
    let programme = try Programme([], files: [])
    let pipeline = try programme.pipeline()
    let witness = FileWitness()
    _ = FileWitness.$current.withValue(witness) { MediaScan.scan(pipeline.timeline.mediaRoots) }
    #expect(witness.paths.isEmpty)
  }

  @Test func `plans of gates follow from more than files`() throws {
    let programme = try Programme([], files: [])
    #expect(try programme.pipeline().isClosed)
    let gated = """
      edit: {kind: editing}
      review: {kind: delivery, picture: edit, profile: stills-16bit}
      gate: {kind: approval, of: review, for: edit, role: editor}
      """
    #expect(try !programme.pipeline(gated).isClosed)
  }
}
