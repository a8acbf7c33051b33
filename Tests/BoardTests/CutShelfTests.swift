import Board
import Diagnostics
import Foundation
import ObjectStore
import TestSupport
import Testing

@Suite struct `Cuts that are given` {
  private func production() throws -> (TemporaryFolder, Production) {
    let folder = try TemporaryFolder()
    return (folder, try Production.create(at: folder.path + "/out"))
  }

  private let examined = CutDesk.Examination(frames: 96, clips: 4, faults: [])

  private func give(
    _ name: String, _ text: String, _ desk: CutDesk, programme: String = "film"
  ) async throws -> CutVersion {
    let incoming = try await desk.begin(name)
    try await desk.append(Array(text.utf8), to: incoming)
    try await desk.finish(incoming)
    let version = try await desk.publish(incoming, programme: programme, examined: examined, by: "mika")
    await desk.discard(incoming)
    return version
  }

  @Test(arguments: [
    ("next.edl", "next.edl"), ("Reel 1 (lock).EDL", "Reel_1__lock_.edl"), ("..edl", "cut.edl"),
    ("-rf.edl", "rf.edl"),
    ("<script>.otio", "script_.otio"), ("grün.xml", "gr_n.xml"),
    (String(repeating: "a", count: 300) + ".edl", String(repeating: "a", count: 100) + ".edl"),
  ])
  func `a name is kept as far as it can be the name of a file`(sent: String, kept: String) throws {
    #expect(try CutFileName.kept(sent) == kept)
    #expect(PortableName.isValid(kept))
  }

  @Test(arguments: [
    "", "next", "next.exe", "../next.edl", "/etc/passwd", "a\\b.edl", "a\nb.edl", "a\0.edl", ".edl/", "edl",
    "next.edl.sh",
  ])
  func `what names a place or no cut is refused`(sent: String) {
    #expect(throws: Diagnostic.self) { try CutFileName.kept(sent) }
  }

  @Test func `the newest cut is in force, and the pipeline's own can be again`() async throws {
    let (folder, production) = try production()
    let (desk, shelf) = (CutDesk(production), CutShelf(production))
    #expect(try shelf.inForce("film") == nil)
    let first = try await give("a.edl", "TITLE: A", desk)
    #expect((first.name, first.file, first.byteCount, first.frames) == ("v001", "a.edl", 8, 96))
    let second = try await give("b.edl", "TITLE: B", desk)
    #expect(try shelf.inForce("film") == second)
    #expect(try shelf.versions(of: "film") == [second, first])
    #expect(try shelf.inForce("other") == nil)
    let path = try #require(shelf.path(of: second))
    #expect(try String(contentsOfFile: path, encoding: .utf8) == "TITLE: B")
    #expect(shelf.path(of: second, typed: "Output") == "Output/Cuts/film/v002/b.edl")

    let own = try await desk.putInForce(nil, programme: "film", by: "mika")
    #expect(own?.file == nil && own?.name == "v003")
    #expect(try shelf.inForce("film") == nil)
    let again = try #require(try await desk.putInForce(first, programme: "film", by: "mika"))
    #expect((again.name, again.digest) == ("v004", first.digest))
    #expect(try String(contentsOfFile: shelf.path(of: again) ?? "", encoding: .utf8) == "TITLE: A")
    #expect(
      try await desk.putInForce(again, programme: "film", by: "mika") == again, "it is in force already")
    withExtendedLifetime(folder) {}
  }

  @Test func `a killed upload is no cut, and its number is not given twice`() async throws {
    let (folder, production) = try production()
    let desk = CutDesk(production)
    let half = try await desk.begin("half.edl")
    try await desk.append(Array("TITLE".utf8), to: half)
    // As a server that was killed between making the folder and writing the record has left it.
    let left = production.root + "/Cuts/film/v001"
    try FileManager.default.createDirectory(atPath: left, withIntermediateDirectories: true)
    #expect(try CutShelf(production).versions(of: "film") == [])
    #expect(try await give("a.edl", "TITLE: A", desk).name == "v002")
    await desk.discard(half)
    let incoming = production.interlockFolder + "/incoming"
    #expect(try FileManager.default.contentsOfDirectory(atPath: incoming) == [])
    withExtendedLifetime(folder) {}
  }

  @Test func `no more files are on their way than the disk can take`() async throws {
    let (folder, production) = try production()
    let desk = CutDesk(production)
    var incoming: [CutDesk.Incoming] = []
    for number in 0..<4 { incoming.append(try await desk.begin("\(number).edl")) }
    await #expect(throws: Diagnostic.self) { try await desk.begin("more.edl") }
    await desk.discard(incoming[0])
    _ = try await desk.begin("more.edl")
    withExtendedLifetime(folder) {}
  }
}

@Suite struct `Commands that are started` {
  @Test func `a command is shown as it can be typed`() {
    let record = StartRecord(
      id: "", verb: .run, programme: "film", cut: nil,
      arguments: ["run", "Pipelines/my film.yaml", "--set", "timeline.cut=it's.edl", "$(reboot)", ""],
      by: "mika",
      made: "")
    #expect(
      record.command
        == "interlock run 'Pipelines/my film.yaml' --set 'timeline.cut=it'\\''s.edl' '$(reboot)' ''")
  }

  @Test func `what was started is known by what it says about itself`() async throws {
    let folder = try TemporaryFolder()
    let production = try Production.create(at: folder.path + "/out")
    let desk = StartDesk(production) { _, _ in }
    let began = ContinuousClock.now
    let started = try await desk.start(.run, programme: "film", cut: "a.edl", by: "mika") { _ in
      ["run", "./p.yaml"]
    }
    #expect(started.state == .waiting)
    let atWork = try await desk.atWork()
    // Who is not heard of for five minutes is lost; a machine that is busy with other tests may take as long.
    #expect(atWork == "`interlock run ./p.yaml`, which plans" || ContinuousClock.now - began > .seconds(300))
    let place = StartFolder(started.start, in: production)
    try place.notePresence()
    #expect(try await desk.command(started.start)?.state == .running)
    try Data("cannot find the cut\n".utf8).write(to: URL(fileURLWithPath: place.errorsPath))
    try place.write(StartEnding(ended: "2026-11-26T10:00:00.000Z", exit: 3))
    let over = try #require(try await desk.command(started.start))
    #expect((over.state, over.exit, over.messages) == (.ended, 3, "cannot find the cut\n"))
    #expect(try await desk.atWork() == nil)
    #expect(try await desk.cancel(start: "../../etc", isNow: false) == .unknown)
    #expect(try await desk.cancel(run: started.start, isNow: true) == .unknown)
    #expect(try await desk.command("01ARZ3NDEKTSV4RRFFQ69G5FAV") == nil)
  }

  @Test func `a record that names a process of another command stops nothing`() async throws {
    let folder = try TemporaryFolder()
    let production = try Production.create(at: folder.path + "/out")
    let desk = StartDesk(production) { _, _ in }
    let started = try await desk.start(.run, programme: "film", cut: nil, by: "mika") { _ in
      ["run", "./p.yaml"]
    }
    // It says that this process does it, which was not started for it; SIGINT would end the tests.
    try StartFolder(started.start, in: production).notePresence()
    #expect(try await desk.command(started.start)?.state == .running)
    #expect(try await desk.cancel(start: started.start, isNow: false) == .over)
    withExtendedLifetime(folder) {}
  }

  @Test func `of what a command says the end is shown, however long it is`() throws {
    let folder = try TemporaryFolder()
    let production = try Production.create(at: folder.path + "/out")
    let place = StartFolder(ULID.next().description, in: production)
    try FileManager.default.createDirectory(atPath: place.path, withIntermediateDirectories: true)
    #expect(place.tail(of: place.errorsPath, longest: 10) == "")
    try Data("first\nlast line\n".utf8).write(to: URL(fileURLWithPath: place.errorsPath))
    #expect(place.tail(of: place.errorsPath, longest: 10) == "last line\n")
    #expect(place.tail(of: place.errorsPath, longest: 100) == "first\nlast line\n")
    withExtendedLifetime(folder) {}
  }
}
