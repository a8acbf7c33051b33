import Diagnostics
import Digests
import Engine
import Foundation
import ObjectStore
import TaskGraph
import Testing

@Suite struct RunArchiveTests {
  private func node(_ name: String, quantiser: Int) -> TaskNode {
    TaskNode(
      key: key("\(name) \(quantiser)"), kind: "render", version: 1, stage: "master", label: name, payload: [],
      reason: "test", subject: name,
      ingredients: [
        Ingredient("codec", "prores_ks", group: "encoding"),
        Ingredient("quantiser", "\(quantiser)", group: "encoding"),
        Ingredient("", name, group: "picture", about: "shot \(name)", origin: "cut.edl"),
      ])
  }

  @Test func `a plan keeps each group of ingredients once, and gives every task its own back`() throws {
    let nodes = (0..<50).map { node("shot \($0)", quantiser: 9) }
    let record = PlanRecord(
      try Plan(nodes), run: "R", began: "", purpose: RunPurpose(.main, programme: "film", cut: ["a.edl"]))
    // The encoding, and the picture of each.
    #expect(record.groups?.count == 51)
    let bytes = try JSONEncoder().encode(record)
    let read = try JSONDecoder().decode(PlanRecord.self, from: bytes)
    #expect(read.purpose == record.purpose)
    for (node, task) in zip(nodes, read.tasks) {
      let found = read.groups(of: task).flatMap { group in
        group.pairs.map {
          Ingredient($0.name, $0.value, group: group.group, about: group.about, origin: group.origin)
        }
      }
      #expect(found == node.ingredients)
      #expect(task.subject == node.subject)
    }
  }

  @Test func `runs are found by name, part of a name, latest and previous`() throws {
    let harness = try EngineHarness()
    defer { harness.remove() }
    let production = harness.production
    let archive = RunArchive(production)
    #expect(throws: Diagnostic.self) { try archive.resolve("latest") }
    func write(_ phase: RunPurpose.Phase) throws -> String {
      let name = ULID.next().description
      let record = PlanRecord(
        try Plan([node("a", quantiser: 1)]), run: name, began: "", purpose: RunPurpose(phase))
      let path = production.runsFolder + "/" + name
      try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
      try JSONEncoder().encode(record).write(to: URL(fileURLWithPath: path + "/plan.json"))
      return name
    }
    let first = try write(.main)
    #expect(try archive.resolve("latest") == first)
    let probe = try write(.probe)
    let second = try write(.main)
    #expect(try archive.resolve("latest") == second)
    #expect(try archive.resolve("previous") == first)
    #expect(try archive.resolve(probe) == probe)
    #expect(try archive.resolve(String(probe.suffix(8)).lowercased()) == probe)
    #expect(try archive.names() == [first, probe, second])
    // Runs of one moment share their beginning.
    let shared = String(first.prefix(4))
    do {
      _ = try archive.resolve(shared)
      Issue.record("three runs begin with \(shared)")
    } catch {
      #expect(error.code == "runs.ambiguous")
    }
    do {
      _ = try archive.resolve("NOSUCHRUN")
      Issue.record("there is no such run")
    } catch {
      #expect(error.code == "runs.unknown")
      #expect(error.remedy?.contains("A run that found nothing to do leaves no record") == true)
    }
  }

  @Test func `events of a killed run are read up to where they end`() throws {
    let name = key("a").hex
    let text = """
      {"event":"runStarted","at":"","seconds":0}
      {"event":"attemptStarted","at":"","seconds":1,"task":"\(name)"}
      {"event":"retrying","at":"","seconds":2,"task":"\(name)","pause":1}
      {"event":"attemptStarted","at":"","seconds":3,"task":"\(name)"}
      {"event":"taskDo
      """
    let log = RunLog(events: Array(text.utf8))
    #expect(log.exit == nil)
    #expect(log.outcome == "no end on record")
    #expect(log.tasks[key("a")]?.attempts == 2)
    #expect(log.tasks[key("a")]?.retries == 1)
    #expect(log.tasks[key("a")]?.ending == .undone)
  }
}
