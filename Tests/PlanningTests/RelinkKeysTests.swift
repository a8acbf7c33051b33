import Editorial
import Foundation
import ImageGraph
import Planning
import TaskGraph
import TaskKinds
import TestSupport
import Testing

/// The keys of `timeline:` that say how media is found, in a pipeline and as options.
@Suite struct RelinkKeysTests {
  private func load(_ keys: String) throws -> RelinkSettings {
    try PipelineText().load(Self.text(keys)).timeline.relink
  }

  private static func text(_ keys: String) -> String {
    """
    interlock: 1
    programme: test
    timeline:
      cut: cut.edl
      media: [rushes]
    \(keys)
    raster: 640x360
    stages: {edit: {kind: editing}}
    """
  }

  @Test func `without keys every rule counts and nothing is guessed or filled`() throws {
    #expect(try load("") == RelinkSettings())
    #expect(try load("").rules == RelinkRule.allCases && RelinkSettings().ambiguity == .stop)
  }

  @Test func `every key is read`() throws {
    let text = try PipelineText()
    let lock = RelinkLock(choices: [
      RelinkLock.Choice(
        event: RelinkLock.Event(
          kind: .picture, reel: "R", name: "", source: "00:00:00:00", record: "01:00:00:00"),
        file: "R.mov", identity: nil, rule: "")
    ])
    _ = try text.folder.write(String(decoding: lock.bytes, as: UTF8.self), to: "cut.lock")
    let settings = try text.load(
      Self.text(
        """
          relink: [reel+timecode, file name+timecode, path]
          reels: [metadata, {file-name: "{reel}_*"}, {folder: 2}, log]
          paths: [{from: "D:\\\\RAID", to: rushes}]
          ambiguity: first
          lock: cut.lock
          partial: hold
          missing: slug
        """)
    ).timeline.relink
    #expect(settings.rules == [.reelAndTimecode, .fileNameAndTimecode, .path])
    let pattern = try #require(NamePattern("{reel}_*"))
    #expect(settings.reels == [.metadata, .fileName(pattern), .folder(2), .log])
    let real = try #require(FilePaths.real(text.folder.path + "/rushes"))
    #expect(settings.paths == [PathMap(from: "D:\\RAID", to: real)])
    #expect(settings.ambiguity == .first && settings.partial == .hold && settings.missing == .slug)
    #expect(settings.lock?.choices.map(\.file) == ["R.mov"])
  }

  @Test(arguments: [
    (
      "  relink: [reel+timecod]", "`reel+timecod` is not a value of `relink`"
    ),
    ("  relink: []", "`relink` must be a value or a list of values"),
    ("  reels: [tape]", "`tape` is no place where a reel is read"),
    ("  reels: [{file-name: \"A*\"}]", "`A*` is no pattern of a file name with its reel"),
    ("  reels: [{folder: 0}]", "`folder` must be a whole number from 1 to 16, not `0`"),
    (
      "  reels: [{folder: 1, file-name: \"{reel}\"}]",
      "an entry of `reels` has either `file-name` or `folder`"
    ),
    ("  paths: [{from: /x}]", "an entry of `paths` needs the key `to`"),
    ("  missing: hold", "`hold` is not a value of `missing`: without media there is no frame to hold"),
    ("  lock: none.lock", "cannot read the lock file `none.lock`"),
    ("  lock: cut.edl", "cut.edl:1:1: error:"),
  ])
  func `faults are told where they are`(keys: String, message: String) throws {
    let errors = try PipelineText().errors(Self.text(keys))
    #expect(errors.contains(message), "\(errors)")
  }

  @Test func `options are the same keys`() throws {
    let text = try PipelineText()
    var request = ConformRequest(
      cuts: [text.folder.path + "/cut.edl"], media: [text.folder.path + "/rushes"], rate: "24", start: nil,
      handles: 0, raster: "640x360", fit: "letterbox", profile: nil)
    request.relink = ["path", "identity"]
    request.reels = ["folder:1", "file-name:{reel}.mov", "metadata"]
    request.paths = ["/Volumes/RAID=\(text.folder.path)/rushes"]
    request.ambiguity = .first
    request.partial = "black"
    let settings = try request.pipeline().timeline.relink
    #expect(settings.rules == [.path, .identity])
    let pattern = try #require(NamePattern("{reel}.mov"))
    #expect(settings.reels == [.folder(1), .fileName(pattern), .metadata])
    #expect(settings.paths.map(\.from) == ["/Volumes/RAID"])
    #expect(settings.ambiguity == .first && settings.partial == .black && settings.missing == .fail)
    request.paths = ["/Volumes/RAID"]
    #expect(failure { _ = try request.pipeline() }.contains("an entry of `paths` needs the key `to`"))
  }

  // MARK: Probes

  @Test func `many files are probed by few tasks, and large ones by more`() throws {
    func file(_ number: Int, _ bytes: Int64) -> ScannedFile {
      ScannedFile(
        location: MediaLocation(path: "/m/\(number).mov", root: "/m", byteCount: bytes, modified: 1),
        probeKey: ProbeTask.key(device: 1, inode: UInt64(number), byteCount: bytes, modified: 1, changed: 1))
    }
    let small = try ScannedFile.probes(of: (0..<1000).map { file($0, 1000) })
    #expect(small.map(\.commits.count) == Array(repeating: 64, count: 15) + [40])
    #expect(Set(small.flatMap(\.commits)).count == 1000)
    let large = try ScannedFile.probes(of: (0..<5).map { file($0, 600 << 20) })
    #expect(large.map(\.commits.count) == [1, 1, 1, 1, 1])
    #expect(large[0].label == "0.mov" && small[0].label == "0.mov and 63 more")
  }

  // MARK: The page

  @Test func `thumbnails are made of the first and last frame of every event, each file's together`() throws {
    let plan = try Programme(
      [
        ListEvent(reel: "A001", source: 10, record: hour, count: 10),
        ListEvent(reel: "A001", source: 100, record: hour + 10, count: 1),
      ], files: [Facts.picture("A001", start: "00:00:00:00", frames: 300, width: 1920, height: 1080)]
    ).plan()
    let node = try #require(plan.nodes("thumbnails").first)
    let input = try JSONDecoder().decode(ThumbnailsTask.Input.self, from: Data(node.payload))
    #expect(input.frames == [10, 19, 100] && input.raster.description == "160x90")
    let pageNode = try #require(plan.nodes("conform-page").first)
    let page = try JSONDecoder().decode(ConformPageTask.Input.self, from: Data(pageNode.payload))
    #expect(page.pictures.map { $0.map(\.index) } == [[0, 1], [2]])
    #expect(plan.objects[page.report] != nil)
  }
}
