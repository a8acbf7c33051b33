import Digests
import Foundation
import ObjectStore
import TestSupport
import Testing

@Suite struct `File seals` {
  /// A moment after which nothing has happened yet: files that were just written are old by then.
  private var later: WallClock { WallClock(milliseconds: WallClock.now().milliseconds + 60_000) }

  @Test func `a seal holds until a file is written, replaced, touched, made or removed`() throws {
    let folder = try TemporaryFolder()
    let (file, other) = ("\(folder.path)/a", "\(folder.path)/b")
    _ = try folder.write("one", to: "a")
    var last = try #require(FileSeal.digest(of: [file, other], asOf: later))
    #expect(FileSeal.digest(of: [file, other], asOf: later) == last)
    func expectBroken(_ what: String) throws {
      let now = try #require(FileSeal.digest(of: [file, other], asOf: later))
      #expect(now != last, "\(what)")
      last = now
    }
    let handle = try #require(FileHandle(forWritingAtPath: file))
    try handle.write(contentsOf: Data("two".utf8))
    try handle.close()
    try expectBroken("written in place")
    try FileManager.default.moveItem(atPath: file, toPath: "\(folder.path)/old")
    try expectBroken("moved away")
    _ = try folder.write("two", to: "a")
    try expectBroken("made again")
    _ = try folder.write("three", to: "b")
    try expectBroken("made")
    try FileManager.default.removeItem(atPath: other)
    try FileManager.default.createSymbolicLink(atPath: other, withDestinationPath: file)
    try expectBroken("a link in its place")
    try FileManager.default.setAttributes(
      [.modificationDate: Date(timeIntervalSince1970: 1_000_000_000)], ofItemAtPath: file)
    try expectBroken("behind a link")
  }

  @Test func `a file that changed as it was read has no seal`() throws {
    let folder = try TemporaryFolder()
    _ = try folder.write("one", to: "a")
    let before = WallClock(milliseconds: WallClock.now().milliseconds - 60_000)
    #expect(FileSeal.digest(of: ["\(folder.path)/a"], asOf: before) == nil)
    #expect(FileSeal.digest(of: ["\(folder.path)/none"], asOf: before) != nil)
  }

  @Test func `the keys of results are the names of their files`() throws {
    let production = try TemporaryProduction()
    let store = ObjectStore(production.production)
    let keys = (0..<40).map { Digest.sha256([UInt8($0)]) }
    for key in keys {
      let path = store.resultPath(of: key)
      try store.fileSystem.createFolder(FileSystem.parent(of: path))
      try store.fileSystem.writeNew([], at: path)
    }
    // Strangers are left out.
    try store.fileSystem.writeNew([], at: FileSystem.parent(of: store.resultPath(of: keys[0])) + "/notes.txt")
    #expect(Set(try store.resultKeys(inFolders: 0..<ObjectStore.resultFolders)) == Set(keys))
    let half = try store.resultKeys(inFolders: 0..<128)
    #expect(Set(half) == Set(keys.filter { $0.bytes[0] < 128 }))
  }
}
