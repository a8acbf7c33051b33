import Digests
import Engine
import TaskGraph
import Testing

/// A render of one shot as a planner would describe it.
private func render(
  _ shot: String, slope: String = "1.0 1.0 1.0", look: String = "2f3a", frames: String = "0–23",
  identity: String = "aa11", origin: String = "short.ccc", version: Int = 1, stage: String = "master"
) -> TaskNode {
  let about = "shot \(shot)"
  let parts = [shot, slope, look, frames, identity, "\(version)", stage]
  let name = parts.joined(separator: "|")
  return TaskNode(
    key: key(name), kind: "render", version: version, stage: stage, label: "\(shot).mov frames \(frames)",
    payload: [], frames: 24, commits: [key("segment \(name)")], reason: "test",
    ingredients: [
      Ingredient("version", "\(version)", group: "code of render"),
      Ingredient("quantiser", "9", group: "encoding"),
      Ingredient("", "\(shot).mov", group: "picture", about: about),
      Ingredient("identity", key(identity).hex, group: "source \(shot).mov"),
      Ingredient("slope", slope, group: "grade", about: about, origin: origin),
      Ingredient("saturation", "1.0", group: "grade", about: about, origin: origin),
      Ingredient("digest", key(slope).shortHex, group: "grade", about: about, origin: origin),
      Ingredient("", key(look).hex, group: "look", about: about, origin: "show.cube"),
      Ingredient("\(shot).mov", frames, group: Ingredient.frames, about: about),
    ])
}

private func record(_ nodes: [TaskNode], run: String) throws -> PlanRecord {
  PlanRecord(try Plan(nodes), run: run, began: "2026-11-03T10:00:00.000Z", purpose: RunPurpose())
}

private func sentences(
  _ nodes: [TaskNode], after earlier: [[TaskNode]], log: RunLog = RunLog()
) throws -> [[String]] {
  let plan = try record(nodes, run: "")
  var history = TaskHistory(for: plan)
  for (index, nodes) in earlier.enumerated().reversed() {
    history.add(try record(nodes, run: "RUN\(index)"))
  }
  return history.causes(of: plan) { _ in log }.map { $0.map(CauseWords.sentence) }
}

@Suite struct CauseTests {
  @Test func `a changed grade is told with the value that changed, from what to what, and its file`() throws {
    let found = try sentences(
      [render("CITY_040", slope: "1.05 1.0 0.98")], after: [[render("CITY_040", slope: "1.02 1.0 0.98")]])
    #expect(
      found == [
        ["grade of shot CITY_040 changed: slope 1.02 1.0 0.98 → 1.05 1.0 0.98 (short.ccc)"]
      ])
  }

  @Test func `a replaced file is told by its identities`() throws {
    let found = try sentences([render("A", identity: "bb22")], after: [[render("A")]])
    let (old, new) = (key("aa11").hex.prefix(4), key("bb22").hex.prefix(4))
    #expect(found == [["source A.mov changed: identity \(old)… → \(new)… (the file was replaced)"]])
  }

  @Test func `another version of the code is told`() throws {
    let found = try sentences([render("A", version: 2)], after: [[render("A")]])
    #expect(found == [["code of render changed: version 1 → 2"]])
  }

  @Test func `values from another file name both files`() throws {
    let found = try sentences(
      [render("A", slope: "2.0 1.0 1.0", origin: "new.ccc")], after: [[render("A")]])
    #expect(found == [["grade of shot A changed: slope 1.0 1.0 1.0 → 2.0 1.0 1.0 (short.ccc → new.ccc)"]])
  }

  @Test func `frames and shots that were never asked for are told as new in the cut`() throws {
    let found = try sentences(
      [render("A", frames: "120–143"), render("B")], after: [[render("A")]])
    #expect(
      found == [
        ["frames 120–143 of A.mov (shot A) are new in the cut"], ["shot B is new in the cut"],
      ])
  }

  @Test func `what was made in several runs is compared with the latest`() throws {
    let found = try sentences(
      [render("A", slope: "3.0 1.0 1.0")],
      after: [[render("A", slope: "1.0 1.0 1.0")], [render("A", slope: "2.0 1.0 1.0")], [render("B")]])
    #expect(found == [["grade of shot A changed: slope 2.0 1.0 1.0 → 3.0 1.0 1.0 (short.ccc)"]])
  }

  @Test func `the first run has nothing to compare with`() throws {
    #expect(try sentences([render("A")], after: []) == [["nothing of it was made before"]])
    #expect(
      try sentences([render("A")], after: [[render("A", stage: "textless")]])
        == [["nothing of it was made before"]])
  }

  @Test func `a result that was there and is gone is told apart from one that was never made`() throws {
    let node = render("A")
    var log = RunLog()
    #expect(
      try sentences([node], after: [[node]], log: log)
        == [["it was begun in run RUN0, which ended before it was done"]])
    let events = """
      {"event":"attemptStarted","at":"","seconds":1,"task":"\(node.key.hex)"}
      {"event":"taskDone","at":"","seconds":3.5,"task":"\(node.key.hex)","frames":24}

      """
    log = RunLog(events: Array(events.utf8))
    #expect(log.tasks[node.key]?.seconds == 2.5)
    #expect(
      try sentences([node], after: [[node]], log: log)
        == [["it was made in run RUN0, and its result is gone or was taken back as missing or damaged"]])
  }

  @Test func `what waits for others says so, and not how the digests of them differ`() throws {
    func assembly(_ picture: String, after renders: [TaskNode]) -> TaskNode {
      TaskNode(
        key: key("assembly \(picture)"), kind: "assemble", version: 1, stage: "master",
        label: "assemble master", dependencies: renders.map(\.key), payload: [], reason: "test",
        ingredients: [
          Ingredient("frames", "48", group: "picture"),
          Ingredient("digest", key(picture).shortHex, group: "picture"),
          Ingredient("mix", key("mix").hex),
        ])
    }
    let old = render("A")
    let new = render("A", slope: "2.0 1.0 1.0")
    let found = try sentences(
      [new, assembly("two", after: [new])], after: [[old, assembly("one", after: [old])]])
    #expect(found[1] == ["an input of it is made again: A.mov frames 0–23"])
    // Without an input that is made again, only the order of the frames can differ.
    let reordered = try sentences([assembly("two", after: [])], after: [[assembly("one", after: [])]])
    let (from, to) = (key("one").hex.prefix(4), key("two").hex.prefix(4))
    #expect(reordered == [["picture changed: \(from)… → \(to)…"]])
  }

  @Test func `one look that changed under many shots is one line`() throws {
    let names = (0..<38).map { "S\($0)" }
    let plan = try record(names.map { render($0, look: "9bc1") }, run: "")
    var history = TaskHistory(for: plan)
    history.add(try record(names.map { render($0) }, run: "RUN0"))
    let causes = history.causes(of: plan) { _ in RunLog() }
    let lines = CauseSummary(causes.map { ($0, 24) }).lines
    let (old, new) = (key("2f3a").hex.prefix(4), key("9bc1").hex.prefix(4))
    #expect(lines.map(\.text) == ["look of 38 shots changed: \(old)… → \(new)… (show.cube)"])
    #expect(lines.map(\.tasks) == [38] && lines.map(\.frames) == [38 * 24])
  }

  @Test func `many grades that changed differently are one line with an example`() throws {
    let names = (0..<12).map { "S\($0)" }
    let plan = try record(names.map { render($0, slope: "1.0 \($0) 1.0") }, run: "")
    var history = TaskHistory(for: plan)
    history.add(try record(names.map { render($0) }, run: "RUN0"))
    let lines = CauseSummary(history.causes(of: plan) { _ in RunLog() }.map { ($0, 24) }).lines
    #expect(lines.count == 1)
    #expect(lines[0].tasks == 12)
    #expect(
      lines[0].text.hasPrefix(
        "grade of 12 shots changed, such as grade of shot S0 changed: slope 1.0 1.0 1.0 → "))
  }

  @Test func `three shots are named, and ranges of frames are put together`() throws {
    let plan = try record(
      ["0–23", "24–47", "96–119"].map { render("A", frames: $0) }, run: "")
    var history = TaskHistory(for: plan)
    history.add(try record([render("A", frames: "200–223")], run: "RUN0"))
    let lines = CauseSummary(history.causes(of: plan) { _ in RunLog() }.map { ($0, 24) }).lines
    #expect(lines.map(\.text) == ["frames 0–47, 96–119 of A.mov (shot A) are new in the cut"])
    let looks = ["A", "B", "C"]
    let second = try record(looks.map { render($0, look: "9bc1") }, run: "")
    var past = TaskHistory(for: second)
    past.add(try record(looks.map { render($0) }, run: "RUN0"))
    let text = CauseSummary(past.causes(of: second) { _ in RunLog() }.map { ($0, 24) }).lines.map(\.text)
    #expect(text.count == 1 && text[0].hasPrefix("look of shots A, B and C changed: "), "\(text)")
  }
}
