import Editorial
import Foundation
import ImageGraph
import Planning
import TaskGraph
import TestSupport
import Testing

/// Licences, pools, priorities and memory in pipeline files and plans.
@Suite struct ResourceKeysTests {
  private func errors(_ top: String, _ stage: String) throws -> String {
    try PipelineText().errors(
      """
      interlock: 1
      programme: test
      timeline: {cut: cut.edl, media: [rushes]}
      raster: 640x360
      \(top)
      stages:
        edit: {kind: editing}
        out: {kind: delivery, picture: edit, profile: stills-16bit, \(stage)}
      """)
  }

  @Test func `what a stage takes goes to each of its tasks in workers, with its priority`() throws {
    let programme = try Programme(
      [ListEvent(reel: "A001", source: 0, record: hour, count: 48)],
      files: [Facts.picture("A001", start: "00:00:00:00", frames: 100)])
    #expect(try programme.pipeline().tokens.isEmpty)
    let text = """
      interlock: 1
      programme: test
      timeline: {cut: cut.edl, rate: 24000/1001, start: "01:00:00:00", media: [rushes]}
      raster: 640x360
      licences: {nuke: 2}
      pools: {raid: 3, tape: 1}
      stages:
        edit: {kind: editing}
        out: {kind: delivery, picture: edit, profile: stills-16bit, priority: 7, pools: {raid: 2}, licences: {nuke: 1}}
      """
    let pipeline = try PipelineLoader.parse(text, path: "p.yaml", absolute: programme.folder.path + "/p.yaml")
    #expect(pipeline.tokens == ["nuke": 2, "raid": 3, "tape": 1])
    let plan = try ProgrammePlanner.plan(
      pipeline, files: programme.files, tools: tools, library: FakeLibrary())
    let out = plan.plan.nodes.filter { $0.stage == "out" }
    #expect(out.contains { $0.kind == "render" } && out.contains { $0.kind == "publish" })
    for node in out {
      #expect(node.weight == 7)
      #expect(node.needs.tokens == (node.place == .worker ? ["nuke": 1, "raid": 2] : [:]))
    }
    #expect(
      plan.plan.nodes.filter { $0.stage == "edit" }.allSatisfy { $0.weight == 0 && $0.needs.tokens.isEmpty })
  }

  @Test func `a name that is not declared is told with the nearest that is`() throws {
    #expect(
      try errors("licences: {nuke: 2, flame: 1}", "licences: {nuek: 1}") == """
        p.yaml:8:74: error: the pipeline has no licence `nuek`
            out: {kind: delivery, picture: edit, profile: stills-16bit, licences: {nuek: 1}}
                                                                                   ^
          Did you mean `nuke`?
        """)
    #expect(
      try errors("licences: {nuke: 2}", "pools: {nuke: 1}").contains(
        "It is declared under `licences`: write it there."))
    #expect(
      try errors("pools: {raid: 1}", "licences: {houdini: 1}").contains(
        "Declare it at the top of the file, for instance licences: {houdini: 2}."))
  }

  @Test func `what no run could ever give is an error of the file`() throws {
    #expect(
      try errors("pools: {raid: 2}", "pools: {raid: 3}") == """
        p.yaml:8:77: error: a task of `out` takes 3 of the pool `raid`, and there are 2
            out: {kind: delivery, picture: edit, profile: stills-16bit, pools: {raid: 3}}
                                                                                      ^
          Raise `pools: {raid: 2}` at the top, or take fewer here.
        """)
  }

  @Test func `counts, names and priorities are checked where they stand`() throws {
    #expect(
      try errors("licences: {nuke: many}", "priority: 7").contains(
        "p.yaml:5:18: error: `nuke` must be a whole number from 1 to 100000, not `many`"))
    #expect(
      try errors("licences: [nuke]", "priority: 7").contains(
        "p.yaml:5:11: error: `licences` must be a mapping"))
    #expect(
      try errors("licences: {nuke: 1}\npools: {nuke: 1}", "priority: 7").contains(
        "p.yaml:6:9: error: `nuke` is a licence and a pool"))
    #expect(
      try errors("licence: {nuke: 1}", "priority: 7").contains(
        "p.yaml:5:1: error: the pipeline has no key `licence`\n  licence: {nuke: 1}\n  ^\n  Did you mean `licences`?"
      ))
    #expect(
      try errors("pools: {raid: 1}", "priority: high").contains(
        "`priority` must be a whole number from -1000 to 1000, not `high`"))
  }

  @Test func `the schema knows the keys at the top and in every stage`() throws {
    let text = String(decoding: try PipelineSchema.json(), as: UTF8.self)
    #expect(text.components(separatedBy: "\"priority\"").count == StageRegistry.all.count + 1)
    #expect(text.components(separatedBy: "\"pools\"").count >= StageRegistry.all.count + 2)
    #expect(text.contains("\"maximum\" : 100000"))
  }

  // MARK: Memory

  private func memory(width: Int, height: Int, profile: String, isIntra: Bool = true) throws -> Int64 {
    let programme = try Programme(
      [ListEvent(reel: "A001", source: 0, record: hour, count: 48)],
      files: [
        Facts.picture("A001", start: "00:00:00:00", frames: 100, width: width, height: height) {
          $0.isIntraOnly = isIntra
        }
      ])
    var pipeline = try programme.pipeline(
      """
      edit: {kind: editing}
      mix: {kind: sound-mix, sound: edit}
      out: {kind: delivery, picture: edit, profile: \(profile)\(profile == "stills-16bit" ? "" : ", sound: mix")}
      """)
    pipeline.raster.width = width
    pipeline.raster.height = height
    let plan = try ProgrammePlanner.plan(
      pipeline, files: programme.files, tools: tools, library: FakeLibrary())
    let renders = plan.nodes("render").compactMap(\.needs.memoryBytes)
    let others = plan.nodes("assemble") + plan.nodes("mix")
    #expect(others.allSatisfy { $0.needs.memoryBytes ?? 0 > 100 << 20 })
    return try #require(renders.max())
  }

  @Test func `the memory of a render grows with its pictures, its sources and what its encoder holds`() throws
  {
    let small = try memory(width: 1280, height: 720, profile: "prores-422hq")
    let large = try memory(width: 3840, height: 2160, profile: "prores-422hq")
    #expect(small > 200 << 20 && small < 800 << 20)
    #expect(large > 4 * small / 2 && large < 9 * small)
    #expect(try memory(width: 3840, height: 2160, profile: "prores-422hq", isIntra: false) > large)
    #expect(try memory(width: 3840, height: 2160, profile: "review-h264") > large)
  }
}
