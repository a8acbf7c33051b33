import TaskGraph

/// `run.sh`: plain POSIX sh, one step after the other; with `JOBS=4` four tasks of a step at once.
package struct ShellScript: JobFormat {
  package static let name = "shell"

  package init() {}

  package func files(of job: FarmJob) -> [JobFile] {
    var lines = [
      "#!/bin/sh", "# \(FarmText.line(job.name)): \(job.plan.nodes.count) tasks in \(job.steps.count) steps.",
      "# Run it again at any time: only what is missing is done. JOBS=4 does four tasks of a step at once.",
      "set -eu", "cd \"$(dirname \"$0\")\"",
      "INTERLOCK=${INTERLOCK:-\(Self.defaultValue(job.places.program))}",
      "PRODUCTION=${PRODUCTION:-\(Self.defaultValue(job.places.production))}", "JOBS=${JOBS:-1}",
      "export INTERLOCK PRODUCTION", "",
      "step() { # LIST COUNT",
      "  if [ \"$JOBS\" -le 1 ] || [ \"$2\" -le 1 ]; then",
      "    \"$INTERLOCK\" worker run \"$1\" --production \"$PRODUCTION\"",
      "  else",
      "    number=0",
      "    while [ \"$number\" -lt \"$2\" ]; do number=$((number + 1)); echo \"$number\"; done |",
      "      xargs -n 1 -P \"$JOBS\" sh -c \\",
      "        'exec \"$INTERLOCK\" worker run \"$0\" --production \"$PRODUCTION\" --tasks \"$1\"' \"$1\"",
      "  fi", "}", "",
    ]
    for (index, step) in job.steps.enumerated() {
      lines.append("step \(job.listPath(index)) \(step.tasks.count)")
    }
    return [JobFile(path: "run.sh", text: lines.joined(separator: "\n") + "\n", isExecutable: true)]
  }

  package func start(_ job: FarmJob, folder: String) -> [String] {
    [FarmText.call("run.sh", in: folder)]
  }

  /// A quoted word inside `${NAME:-…}` outside of double quotes: quotes count there as anywhere.
  static func defaultValue(_ text: String) -> String { FarmText.shellQuoted(text) }
}
