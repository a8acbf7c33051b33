import Foundation
import TestSupport
import Testing

/// The whole program on a small disk of its own, which fills up, becomes read-only, and grows again.
@Suite(.enabled(if: FullDisk.isPossible, "mounting a tmpfs needs root and a mount namespace"))
struct `Full and read-only disks` {
  @Test func `a run says what it needs of a full disk, waits, and goes on when there is room`() throws {
    let fixture = try Fixture()
    try fixture.clip("A001", frames: 120, firstNumber: 0, timecode: "01:00:00:00", codec: Fixture.prores)
    let events = (0..<4).map { ListWriter.Event(reel: "A001", source: 86_400 + $0 * 30, count: 24) }
    _ = try fixture.folder.write(ListWriter.edl(events, base: 24, recordStart: 86_400), to: "cut.edl")
    let pipeline = try fixture.pipeline("p.yaml", cut: "cut.edl")
    _ = try fixture.run(pipeline, production: "undisturbed")

    // Every size stops somewhere else: at folders, the ledger, attempts, segments, the movie, the version.
    let steps = try FullDisk.run(
      fixture, sizes: ["64k", "160k", "256k", "320k", "384k", "448k", "512k", "640k", "768k", "64m"],
      command: ["run", pipeline, "--production", "disk", "--workers", "2"])
    #expect(steps.last?.status == 0, "\(steps.last?.errors ?? "")")
    for step in steps.dropLast() where step.status != 0 {
      #expect(step.status == 75, "\(step.errors)")
      #expect(step.errors.contains("No space left on device"), "\(step.errors)")
      #expect(step.errors.contains("still to write, "), "\(step.errors)")
    }
    #expect(steps.count { $0.status == 75 } >= 2, "\(steps.map(\.status))")
    let master = "Deliverables/test/master/v001/test_master_v001.mov"
    #expect(
      try fixture.digest(of: "\(fixture.path)/undisturbed/\(master)")
        == fixture.digest(of: "\(fixture.path)/kept/\(master)"))
    let kept = try FileManager.default.subpathsOfDirectory(atPath: fixture.path + "/kept")
    #expect(!kept.contains { $0.hasSuffix(".part") })
    #expect(!kept.contains { $0.contains("quarantine/") })
    let verified = try fixture.interlock(["verify", "--production", "kept"])
    #expect(verified.status == 0, "\(verified.text)\(verified.errors)")
  }

  @Test func `a read-only disk is named, and a run goes on when it can be written again`() throws {
    let fixture = try Fixture()
    try fixture.clip("A001", frames: 40, firstNumber: 0, timecode: "01:00:00:00", codec: Fixture.prores)
    _ = try fixture.folder.write(
      ListWriter.edl([.init(reel: "A001", source: 86_400, count: 24)], base: 24, recordStart: 86_400),
      to: "cut.edl")
    let pipeline = try fixture.pipeline("p.yaml", cut: "cut.edl")
    let steps = try FullDisk.run(
      fixture, sizes: ["64m", "ro", "64m"], command: ["run", pipeline, "--production", "disk"],
      before: ["rm -rf disk/.interlock/results/* disk/Deliverables"])
    #expect(steps.map(\.status) == [0, 1, 0], "\(steps.map(\.errors))")
    #expect(steps[1].errors.contains("Read-only file system"), "\(steps[1].errors)")
    #expect(steps[1].errors.contains("Mount the disk for writing"), "\(steps[1].errors)")
  }
}

/// Runs commands with `disk` being a tmpfs, in a mount namespace that goes away with them.
enum FullDisk {
  static let isPossible =
    (try? Programs.run("unshare", ["-m", "mount", "-t", "tmpfs", "-o", "size=1m", "none", "/mnt"]).status)
    == 0

  struct Step {
    var status: Int32
    var errors: String
  }

  /// - Parameters:
  ///   - sizes: of the disk, one after the other; `ro` makes it read-only instead. A run that still waits when the
  ///     next size comes goes on with it; else the command is run again.
  ///   - before: done before the disk becomes read-only.
  /// - Returns: the runs.
  static func run(
    _ fixture: Fixture, sizes: [String], command: [String], before: [String] = []
  ) throws -> [Step] {
    let script = """
      set -u
      program=$1; sizes=$2; shift 2
      mkdir -p disk
      mount -t tmpfs -o size=64k,mode=0755 none disk
      number=0; run=
      for size in $sizes; do
        if [ "$size" = ro ]; then
          \(before.joined(separator: "; "))
          mount -o remount,ro disk
        else
          mount -o "remount,rw,size=$size" disk
        fi
        if [ -z "$run" ]; then
          "$program" "$@" >"out.$number" 2>"err.$number" &
          run=$!
        fi
        # Until it ends, or as long as it takes to run into the wall again.
        for tick in $(seq 40); do kill -0 $run 2>/dev/null || break; sleep 0.1; done
        last=${sizes##* }
        if [ "$size" = "$last" ] || [ "$size" = ro ] || ! kill -0 $run 2>/dev/null; then
          wait $run
          echo $? >"status.$number"
          number=$((number + 1)); run=
        fi
      done
      cp -a disk kept
      """
    let result = try Programs.run(
      "unshare",
      ["-m", "bash", "-c", script, "bash", Repository.product("interlock"), sizes.joined(separator: " ")]
        + command, folder: fixture.path)
    guard result.status == 0 else { throw FixtureError(text: result.errors) }
    func text(_ name: String) -> String? {
      try? String(contentsOfFile: "\(fixture.path)/\(name)", encoding: .utf8)
    }
    return sizes.indices.compactMap { index in
      guard let status = text("status.\(index)").flatMap({ Int32($0.dropLast()) }) else { return nil }
      return Step(status: status, errors: (text("out.\(index)") ?? "") + (text("err.\(index)") ?? ""))
    }
  }
}
