package import TaskGraph

/// `submit.sh`: one `sbatch` for each step, with dependencies, and nobody needs to be there afterwards.
///
/// A step whose job fails takes its dependants out of the queue; submitting again does only what is missing. For retries,
/// chunks that adapt, and jobs that are watched, there is `run --executor slurm`.
/// Source: sbatch(1), "--dependency", "--array", "--signal", "--kill-on-invalid-dep".
package struct SlurmScript: JobFormat {
  package static let name = "slurm"
  /// Elements of an array: one less than what Slurm allows where nobody has changed `MaxArraySize`.
  private static let mostElements = 1000

  package init() {}

  /// Tasks that one element of a step's array does.
  private func chunk(_ step: FarmJob.Step) -> Int {
    max(1, (step.tasks.count + Self.mostElements - 1) / Self.mostElements)
  }

  package func numbering(of step: FarmJob.Step) -> TaskList.Numbering? {
    step.tasks.count > 1 ? .init(variable: "SLURM_ARRAY_TASK_ID", size: chunk(step)) : nil
  }

  package func files(of job: FarmJob) -> [JobFile] {
    let task = [
      "#!/bin/sh", "# One job, or one element of an array, of \(FarmText.line(job.name)).",
      "exec \(FarmText.shellQuoted(job.places.program)) worker run \"$1\" --production "
        + FarmText.shellQuoted(job.places.production),
    ]
    var lines = [
      "#!/bin/sh",
      "# \(FarmText.line(job.name)): \(job.plan.nodes.count) tasks in \(job.steps.count) jobs that wait for each other.",
      "# Words for every sbatch are taken as arguments: ./submit.sh --partition=farm --account=show --time=2:00:00",
      "set -eu", "cd \"$(dirname \"$0\")\"", "mkdir -p logs", "",
      "submit() { # sbatch's words; prints the number of the job",
      "  id=$(sbatch --parsable --chdir=\"$PWD\" --export=NONE --kill-on-invalid-dep=yes --signal=B:USR1@60 \"$@\")",
      "  echo \"${id%%;*}\"", "}", "",
    ]
    for (index, step) in job.steps.enumerated() {
      lines.append("step\(index + 1)=$(submit \(words(of: step, job).joined(separator: " ")) \\")
      if !step.dependencies.isEmpty {
        let waits = step.dependencies.map { "$step\($0 + 1)" }.joined(separator: ":")
        lines.append("  --dependency=\"afterok:\(waits)\" \\")
      }
      lines.append("  \"$@\" task.sbatch \(job.listPath(index)))")
      lines.append("echo \"\(step.name): job $step\(index + 1)\"")
    }
    return [
      JobFile(path: "submit.sh", text: lines.joined(separator: "\n") + "\n", isExecutable: true),
      JobFile(path: "task.sbatch", text: task.joined(separator: "\n") + "\n", isExecutable: true),
    ]
  }

  private func words(of step: FarmJob.Step, _ job: FarmJob) -> [String] {
    var words = [
      "--job-name=\(FarmText.portable("\(job.name)-\(step.name)", atMost: 120))",
      "--cpus-per-task=\(step.needs.cores)", "--mem=\(step.needs.memory)M",
    ]
    let elements = (step.tasks.count + chunk(step) - 1) / chunk(step)
    words.append(
      step.tasks.count > 1 ? "--array=1-\(elements) --output=logs/%x.%A_%a.log" : "--output=logs/%x.%j.log")
    let licences = step.needs.tokens.sorted { $0.key < $1.key }
      .map { "\(FarmText.portable($0.key, atMost: 60)):\($0.value)" }
    if !licences.isEmpty { words.append("--licenses=\(licences.joined(separator: ","))") }
    if let timeout = step.needs.timeout {
      words.append("--time=\(max(1, (timeout * chunk(step) + 59) / 60 + 1))")
    }
    return words
  }

  package func start(_ job: FarmJob, folder: String) -> [String] {
    [FarmText.call("submit.sh", in: folder)]
  }
}
