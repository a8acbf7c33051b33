import Foundation
import Planning
import TestSupport
import Testing

@Suite struct FilePathsTests {
  @Test(arguments: [
    ("a.edl", "/work/Pipelines", "/work/Pipelines/a.edl"),
    ("../cut/a.edl", "/work/Pipelines", "/work/cut/a.edl"),
    ("./a/./b", "/work", "/work/a/b"), ("/media//x/", "/work", "/media/x"), ("../../../..", "/work", "/"),
    ("", "/work", "/work"), ("a/../../b", "/work/x", "/work/b"),
  ]) func `paths are joined as text`(path: String, folder: String, expected: String) {
    #expect(FilePaths.resolve(path, from: folder) == expected)
  }

  @Test func `a path has a folder, a name and an extension`() {
    #expect(
      FilePaths.folder(of: "/a/b.mov") == "/a" && FilePaths.folder(of: "/b") == "/"
        && FilePaths.folder(of: "b") == ".")
    #expect(FilePaths.name(of: "/a/b.mov") == "b.mov" && FilePaths.name(of: "b/") == "b")
    #expect(FilePaths.fileExtension(of: "/a.b/C.MOV") == "mov")
    #expect(FilePaths.fileExtension(of: "/a.b/c").isEmpty && FilePaths.fileExtension(of: ".hidden").isEmpty)
  }

  @Test func `reading gives the bytes, or the system's reason`() throws {
    let folder = try TemporaryFolder()
    let path = try folder.write("abc", to: "x")
    #expect(try FilePaths.read(path) == Array("abc".utf8))
    func reason(_ path: String, limit: Int = 10) -> String {
      do {
        _ = try FilePaths.read(path, limit: limit)
        return ""
      } catch {
        return error.reason
      }
    }
    #expect(reason(folder.path + "/y") == "No such file or directory")
    #expect(reason(folder.path) == "not a regular file")
    #expect(reason(path, limit: 2) == "larger than 0 MiB")
  }

  @Test func `entries are sorted, and none when there is no folder`() throws {
    let folder = try TemporaryFolder()
    for name in ["b", "a", ".c"] { _ = try folder.write("", to: name) }
    #expect(FilePaths.entries(of: folder.path) == [".c", "a", "b"])
    #expect(FilePaths.entries(of: folder.path + "/none").isEmpty)
  }
}
