import Board
import BoardServer
import Logging
import ObjectStore
import TestSupport
import Testing

@Suite struct `Streams of news` {
  private func feed() throws -> (TemporaryFolder, BoardFeed) {
    let folder = try TemporaryFolder()
    let production = try Production.create(at: folder.path + "/out")
    let reader = ProductionReader(production, typed: "out", version: "1", plans: false)
    return (
      folder,
      BoardFeed(reader, RunReader(production), logger: Logger(label: "test"), inputs: { [] }, surveyor: nil)
    )
  }

  @Test func `whoever does not read gets the newest news, and nothing is kept for them`() async throws {
    let (folder, feed) = try feed()
    var slow = try #require(feed.listen()).makeAsyncIterator()
    for _ in 0..<10_000 { feed.noteNews() }
    #expect(await slow.next() == 10_000)
    feed.noteNews()
    #expect(await slow.next() == 10_001)
    withExtendedLifetime(folder) {}
  }

  @Test func `a place is free again when its stream was left or never begun`() async throws {
    let (folder, feed) = try feed()
    // As of a HEAD request: an answer whose body nobody reads.
    for _ in 0..<(BoardFeed.mostListeners * 2) { _ = feed.listen() }
    #expect(feed.listenerCount == 0)
    let left = Task {
      for await _ in try #require(feed.listen()) { try await Task.sleep(for: .seconds(3600)) }
    }
    while feed.listenerCount == 0 { await Task.yield() }
    left.cancel()
    _ = await left.result
    #expect(feed.listenerCount == 0)
    let open = (0..<BoardFeed.mostListeners).map { _ in feed.listen() }
    #expect(open.allSatisfy { $0 != nil })
    #expect(feed.listen() == nil, "no more than there are places for")
    withExtendedLifetime((folder, open)) {}
  }
}
