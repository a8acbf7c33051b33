/// What a job asks Slurm for: tasks of one shape go into one array.
package struct JobShape: Hashable, Sendable {
  package var cores: Int
  /// In MiB; nil leaves it to the partition.
  package var memory: Int?
  /// Licences by Slurm's names.
  package var licences: [String: Int]
  /// The longest that one attempt may take, in seconds, if its task says so.
  package var timeout: Int?
  /// How often the time limit was doubled because jobs ran into it.
  package var timeDoublings: Int

  package init(
    cores: Int, memory: Int? = nil, licences: [String: Int] = [:], timeout: Int? = nil, timeDoublings: Int = 0
  ) {
    self.cores = cores
    self.memory = memory
    self.licences = licences
    self.timeout = timeout
    self.timeDoublings = timeDoublings
  }
}

/// Where and how a site wants its jobs: the `farm:` of a pipeline file, or a file of the site.
package struct SlurmProfile: Codable, Hashable, Sendable {
  package var partition: String?
  package var account: String?
  package var qos: String?
  package var constraint: String?
  package var reservation: String?
  /// Loaded with `module load` before the work begins.
  package var modules: [String] = []
  /// A container image; the work runs in it through Apptainer, which is shown the production and the media.
  package var container: String?
  /// Words before the command of a job instead, e.g. `[podman-hpc, run, image]`; what it shows the job is its own affair.
  package var launcher: [String] = []
  /// Minutes that every job may take, instead of what the record of times suggests.
  package var minutes: Int?
  /// What jobs of small tasks are put together to last, in seconds.
  package var target: Double = 60
  /// How many attempts are with Slurm at most, waiting or running.
  package var jobs: Int = 1000
  /// How many elements of one array run at once at most.
  package var throttle: Int?
  /// Names of licences in Slurm by their names in the pipeline; others are asked for if Slurm counts one of that name.
  package var licences: [String: String] = [:]

  package init() {}

  /// The arguments of `sbatch` for one submission, without the script and what it is given.
  package func arguments(for submission: SlurmSubmission, folder: String, root: String) -> [String] {
    let shape = submission.shape
    // A percent sign in a path is no pattern.
    let log = folder.split(separator: "%", omittingEmptySubsequences: false).joined(separator: "%%")
    var words = [
      "--parsable", "--no-requeue", "--export=ALL", "--input=/dev/null", "--open-mode=append",
      "--job-name=\(submission.id.run)", "--comment=\(submission.id.comment)", "--signal=B:USR1@60",
      "--chdir=\(root)", "--nodes=1", "--ntasks=1", "--cpus-per-task=\(shape.cores)",
      "--output=\(log)/\(submission.isArray ? "%a" : "0").log",
    ]
    if let memory = shape.memory { words.append("--mem=\(memory)M") }
    if let minutes = timeLimit(of: submission) { words.append("--time=\(minutes)") }
    if !shape.licences.isEmpty {
      let licences = shape.licences.sorted { $0.key < $1.key }.map { "\($0.key):\($0.value)" }
      words.append("--licenses=" + licences.joined(separator: ","))
    }
    if submission.isArray {
      let limit = throttle.map { "%\($0)" } ?? ""
      words.append("--array=0-\(submission.elements.count - 1)\(limit)")
    }
    let places = [
      ("partition", partition), ("account", account), ("qos", qos), ("constraint", constraint),
      ("reservation", reservation),
    ]
    for case (let name, let value?) in places { words.append("--\(name)=\(value)") }
    return words
  }

  /// The words before the command of a job.
  ///
  /// - Parameter folders: what the work reads and writes.
  package func launcher(seeing folders: [String]) -> [String] {
    guard launcher.isEmpty, let container else { return launcher }
    return ["apptainer", "exec"] + MediaFolders.outermost(folders).flatMap { ["--bind", $0] } + [container]
  }

  /// Minutes; nil leaves it to the partition.
  func timeLimit(of submission: SlurmSubmission) -> Int? {
    let factor = 1 << min(submission.shape.timeDoublings, 10)
    if let minutes { return minutes * factor }
    return submission.longestSeconds.map { (Int($0 / 60) + 10) * factor }
  }
}
