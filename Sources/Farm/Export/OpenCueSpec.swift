import FoundationEssentials
import TaskGraph

/// `opencue.xml`: a job specification as OpenCue's cuebot takes it, one layer for each step.
///
/// Layers wait for layers. None is of type `Post`: the farm would take it out of the job, and nothing can wait for it by
/// name then. A worker that runs out of memory exits with 33, upon which OpenCue raises the memory of the
/// layer and tries again. Source: cuebot, cjsl-1.14.dtd (order of elements), `JobSpec`.
package struct OpenCueSpec: JobFormat {
  package static let name = "opencue"

  private let show: String
  private let shot: String
  private let user: String

  /// - Parameters:
  ///   - show: must exist on the farm.
  ///   - user: as the farm knows the one who submits; it takes no `root`.
  package init(show: String, shot: String, user: String) {
    self.show = show
    self.shot = shot
    self.user = user
  }

  package func files(of job: FarmJob) -> [JobFile] {
    let name = Self.identifier(job.name)
    var lines = [
      #"<?xml version="1.0"?>"#,
      #"<!DOCTYPE spec SYSTEM "http://localhost:8080/spcue/dtd/cjsl-1.14.dtd">"#, "<spec>",
      "  <facility>local</facility>", "  <show>\(Self.escaped(show))</show>",
      "  <shot>\(Self.escaped(shot))</shot>", "  <user>\(Self.escaped(user))</user>",
      "  <job name=\"\(name)\">", "    <paused>False</paused>", "    <maxretries>3</maxretries>",
      "    <autoeat>False</autoeat>", "    <layers>",
    ]
    for (index, step) in job.steps.enumerated() { lines += layer(step, at: index, of: job) }
    lines += ["    </layers>", "  </job>"]
    let depends = job.steps.flatMap { step in
      step.dependencies.flatMap { other in
        [
          "    <depend type=\"LAYER_ON_LAYER\" anyframe=\"False\">", "      <depjob>\(name)</depjob>",
          "      <deplayer>\(Self.identifier(step.name))</deplayer>", "      <onjob>\(name)</onjob>",
          "      <onlayer>\(Self.identifier(job.steps[other].name))</onlayer>", "    </depend>",
        ]
      }
    }
    if !depends.isEmpty { lines += ["  <depends>"] + depends + ["  </depends>"] }
    lines.append("</spec>")
    return [
      JobFile(path: "opencue.xml", text: lines.joined(separator: "\n") + "\n"),
      JobFile(path: "submit.sh", text: Self.submission, isExecutable: true),
    ]
  }

  /// The farm's own library hands in the specification, and says what the jobs are called there.
  private static let submission = #"""
    #!/bin/sh
    # Needs Python with OpenCue's library (pip install opencue-pycue) and CUEBOT_HOSTS. PYTHON names another python3.
    set -eu
    cd "$(dirname "$0")"
    exec "${PYTHON:-python3}" -c '
    import opencue
    for job in opencue.api.launchSpecAndWait(open("opencue.xml").read()):
        print("job " + job.name())
    '

    """#

  private func layer(_ step: FarmJob.Step, at index: Int, of job: FarmJob) -> [String] {
    let words = job.arguments(
      list: "\(job.places.folder)/\(job.listPath(index))", production: job.places.production,
      tasks: "#FRAMESPEC#")
    let command = ([job.places.program] + words).map(Self.word).joined(separator: " ")
    var lines = [
      "      <layer name=\"\(Self.identifier(step.name))\" type=\"\(step.kind == "publish" ? "Util" : "Render")\">",
      "        <cmd>\(Self.escaped(command))</cmd>", "        <range>1-\(step.tasks.count)</range>",
      "        <chunk>1</chunk>", "        <cores>\(step.needs.cores).0</cores>",
      "        <threadable>\(step.needs.cores > 1 ? "True" : "False")</threadable>",
      "        <memory>\(step.needs.memory)m</memory>",
    ]
    if let timeout = step.needs.timeout {
      lines.append("        <timeout>\(max(1, (timeout + 59) / 60))</timeout>")
    }
    let limits = step.needs.tokens.keys.sorted()
    if !limits.isEmpty {
      lines.append("        <limits>")
      lines += limits.map { "          <limit>\(Self.escaped(FarmText.portable($0, atMost: 60)))</limit>" }
      lines.append("        </limits>")
    }
    lines.append("        <services><service>default</service></services>")
    return lines + ["      </layer>"]
  }

  package func start(_ job: FarmJob, folder: String) -> [String] {
    [FarmText.call("submit.sh", in: folder)]
  }

  /// The farm puts numbers in for words between `#`; everything else a shell reads.
  private static func word(_ word: String) -> String {
    word.hasPrefix("#") && word.hasSuffix("#") ? word : FarmText.shellQuoted(word)
  }

  /// Letters, digits, `.` and `_`, at least three: what the farm takes for names.
  private static func identifier(_ text: String) -> String {
    let name = FarmText.portable(text, atMost: 60).replacing("-", with: "_")
    return name + String(repeating: "_", count: max(0, 3 - name.count))
  }

  private static func escaped(_ text: String) -> String {
    FarmText.line(text, atMost: 8192).replacing("&", with: "&amp;").replacing("<", with: "&lt;")
      .replacing(">", with: "&gt;").replacing("\"", with: "&quot;")
  }
}
