import Digests
import Foundation
import Ledger
import ObjectStore
import TaskGraph
import Testing

/// Results that appear with nobody of ours at work.
@Suite struct AdoptionTests {
  private let temporary: TemporaryProduction

  init() throws {
    temporary = try TemporaryProduction()
  }

  @Test func `what others have committed is taken up from the results alone, frames too`() throws {
    let ledger = try Ledger.open(temporary.production)
    #expect(try ledger.adoptResults(from: temporary.store).isEmpty)
    let segment = try temporary.commitSegment(chain: "shot", first: 24, count: 24)
    let probe = try temporary.commit("a")
    #expect(try ledger.knownResults().isEmpty)
    #expect(try Set(ledger.adoptResults(from: temporary.store)) == [segment, probe])
    #expect(try ledger.knownResults() == [segment, probe])
    let frames = try ledger.frameIntervals(
      encoding: temporary.key("prores"), chains: [temporary.key("shot")])
    #expect(frames[temporary.key("shot")]?.map(\.segment) == [segment])
    #expect(try ledger.adoptResults(from: temporary.store).isEmpty)
  }

  @Test
  func `a folder that was looked at long after its last change is not listed again, and one that changed is`()
    throws
  {
    let ledger = try Ledger.open(temporary.production)
    let first = try temporary.commit("a")
    let folder = "\(temporary.production.resultsFolder)/\(first.hex.prefix(2))"
    func age(_ seconds: TimeInterval) throws {
      try FileManager.default.setAttributes(
        [.modificationDate: Date(timeIntervalSinceNow: -seconds)], ofItemAtPath: folder)
    }
    try age(1_000)
    #expect(try ledger.adoptResults(from: temporary.store) == [first])
    // Forgotten, and in a folder that has not changed since: nobody looks.
    try ledger.forget([first])
    #expect(try ledger.adoptResults(from: temporary.store).isEmpty)
    try age(500)
    #expect(try ledger.adoptResults(from: temporary.store) == [first])
    // A folder that changed this very moment may change again unseen: it is listed until it has settled.
    try ledger.forget([first])
    try age(0)
    #expect(try ledger.adoptResults(from: temporary.store) == [first])
    try ledger.forget([first])
    #expect(try ledger.adoptResults(from: temporary.store) == [first])
  }

  @Test func `a damaged result is set aside and not taken up`() throws {
    let ledger = try Ledger.open(temporary.production)
    let key = try temporary.commit("a")
    let path = "\(temporary.production.resultsFolder)/\(key.hex.prefix(2))/\(key.hex).json"
    try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: path)
    try Data("{}".utf8).write(to: URL(fileURLWithPath: path))
    #expect(try ledger.adoptResults(from: temporary.store).isEmpty)
    #expect(!temporary.store.hasResult(key))
  }
}
