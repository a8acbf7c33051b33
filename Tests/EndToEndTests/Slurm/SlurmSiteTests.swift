import Foundation
import TestSupport
import Testing

/// What a site asks of jobs, on a real Slurm with the module command of Debian.
@Suite(
  .enabled(if: RealSlurm.obstacle == nil, "no Slurm here: \(RealSlurm.obstacle ?? "")"),
  .enabled(
    if: FileManager.default.fileExists(atPath: "/etc/profile.d/modules.sh"),
    "environment-modules is not installed; `make test` installs it"))
struct `A site's Slurm` {
  /// Of two shots, each gone over by a program that takes a licence and tells what its worker was given.
  private func fixture() throws -> (Fixture, pipeline: String) {
    let fixture = try Fixture()
    for (index, reel) in ["A001", "B001"].enumerated() {
      try fixture.clip(
        reel, frames: 24, firstNumber: index * 500, timecode: "01:00:00:00", codec: Fixture.prores)
    }
    let cut = ListWriter.edl(
      ["A001", "B001"].map { .init(reel: $0, source: 86_400, count: 8) }, base: 24, recordStart: 86_400)
    _ = try fixture.folder.write(cut, to: "cut.edl")
    try program(
      """
      #!/bin/sh
      set -e
      ffmpeg -v error -start_number "$3" -i "$1" -vf negate -start_number "$3" "$2"
      echo "libraries:" $(tr '\\0' '\\n' < /proc/$PPID/environ | sed -n 's/^LD_LIBRARY_PATH=//p') > report.txt

      """, "tools/negate.sh", fixture)
    let pipeline = try fixture.folder.write(
      """
      interlock: 1
      programme: test
      timeline: {cut: cut.edl, rate: 24000/1001, start: "01:00:00:00", media: [rushes]}
      raster: \(NumberedClip.width)x\(NumberedClip.height)
      licences: {grain: 4}
      stages:
        edit: {kind: editing}
        negate:
          kind: external
          picture: edit
          unit: shot
          program: [tools/negate.sh, "{input-printf}", "{output-printf}", "{first}"]
          outputs: {picture: out/frame.####.png, report: report.txt}
          licences: {grain: 1}
        master: {kind: delivery, picture: negate, profile: test}

      """, to: "p.yaml")
    return (fixture, pipeline)
  }

  private func program(_ text: String, _ name: String, _ fixture: Fixture) throws {
    let path = try fixture.folder.write(text, to: name)
    try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: path)
  }

  /// In the place of Apptainer, which Debian does not have: it keeps what it was called with, and where it may, it hides all
  /// of the fixture but what is bound, as an image would.
  private func apptainer(_ fixture: Fixture) throws {
    try program(
      """
      #!/bin/bash
      echo "$*" >> "\(fixture.path)/calls"
      [ "$1" = exec ] || exit 64
      shift
      binds=()
      while [ "$1" = --bind ]; do binds+=("$2"); shift 2; done
      shift
      unshare --mount true 2>/dev/null || exec "$@"
      exec unshare --mount bash -ec '
        folder=$1 count=$2
        shift 2
        binds=("${@:1:count}")
        shift "$count"
        mount -t tmpfs none /mnt
        for index in "${!binds[@]}"; do
          mkdir "/mnt/$index"
          mount --bind "${binds[index]}" "/mnt/$index"
        done
        mount -t tmpfs none "$folder"
        for index in "${!binds[@]}"; do
          mkdir -p "${binds[index]}"
          mount --bind "/mnt/$index" "${binds[index]}"
        done
        cd /
        exec "$@"' bash "\(fixture.path)" "${#binds[@]}" "${binds[@]}" "$@"

      """, "bin/apptainer", fixture)
  }

  @Test func `modules, container, account and licences are what the site's file says`() throws {
    let slurm = try RealSlurm()
    let (fixture, pipeline) = try fixture()
    let here = try fixture.run(pipeline, production: "here")
    try apptainer(fixture)
    // What a module is for: programs and libraries of the site.
    _ = try fixture.folder.write(
      """
      #%Module1.0
      prepend-path PATH \(fixture.path)/bin
      prepend-path LD_LIBRARY_PATH \(fixture.path)/lib

      """, to: "modulefiles/film")
    let site = try fixture.folder.write(
      """
      partition: farm
      account: feature
      modules: [\(fixture.path)/modulefiles/film]
      container: \(fixture.path)/interlock.sif
      licences: {grain: testlicence}

      """, to: "site.yaml")
    let there = try fixture.interlock(
      ["run", pipeline, "--production", "there", "--json", "--executor", "slurm", "--farm", site],
      environment: slurm.environment)
    #expect(there.status == 0, "\(there.errors)")
    let report = try JSONDecoder().decode(RunReport.self, from: there.output)
    #expect(
      try fixture.digest(of: fixture.path + "/" + report.master.path)
        == fixture.digest(of: fixture.path + "/" + here.master.path))

    // The worker has what the module set, the program is as clean as ever.
    let assets = fixture.path + "/there/Assets/test/negate/v001"
    let reports = try FileManager.default.contentsOfDirectory(atPath: assets).filter { $0.hasSuffix(".txt") }
    #expect(reports.count == 2)
    for name in reports {
      let text = try String(contentsOfFile: "\(assets)/\(name)", encoding: .utf8)
      #expect(text == "libraries: \(fixture.path)/lib\n")
    }
    let calls = try String(contentsOfFile: fixture.path + "/calls", encoding: .utf8).split(separator: "\n")
    let words =
      "exec --bind \(fixture.path)/rushes --bind \(fixture.path)/there \(fixture.path)/interlock.sif "
    #expect(calls.contains { $0.hasPrefix(words) }, "\(calls)")

    let jobs = try slurm.call("squeue", ["-h", "-r", "-t", "all", "-o", "%P|%a|%W|%k"]).split(separator: "\n")
      .map { $0.split(separator: "|", omittingEmptySubsequences: false).map(String.init) }
    #expect(jobs.count > 4 && jobs.allSatisfy { $0[0] == "farm" && $0[1] == "feature" }, "\(jobs)")
    #expect(jobs.allSatisfy { $0[3].hasPrefix("interlock ") })
    // One for each shot, and nothing else asks for it.
    #expect(jobs.count { $0[2] == "testlicence:1" } == 2, "\(jobs)")
  }
}
