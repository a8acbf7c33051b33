import ObjectStore
import TaskGraph

/// `template.json`: a job template of Open Job Description 2023-09, for any runtime of it, such as AWS Deadline Cloud.
///
/// Steps are chunked task spaces over their tasks. The production and the media are PATH parameters, so that job
/// attachments carry them; the runtime's path mapping is handed to the worker. A job environment sees to it that the
/// machine makes the same bytes before anything runs.
/// Source: Open Job Description, "Template Schemas 2023-09", with the extension TASK_CHUNKING.
package struct OpenJobTemplate: JobFormat {
  package static let name = "openjd"

  /// Job parameters for media; a job may have 50 in all. What is beyond is in `asset_references.yaml` alone.
  private static let mostMedia = 40
  /// Seconds from the notice to the kill: the worker needs 25 at most.
  private static let notice: Int64 = 30

  package init() {}

  package func files(of job: FarmJob) throws -> [JobFile] {
    let values = parameterValues(of: job)
    let listed = values.map { JSONValue.object(["name": .string($0.name), "value": .string($0.value)]) }
    let assets = JSONValue.object([
      "assetReferences": .object([
        "inputs": .object([
          "directories": .array(job.media.map(JSONValue.string)), "filenames": .array([]),
        ]), "outputs": .object(["directories": .array([.string(job.places.production)])]),
        "referencedPaths": .array([]),
      ])
    ])
    func file(_ path: String, _ value: JSONValue) throws -> JobFile {
      JobFile(path: path, text: String(decoding: try JobBundle.json(value), as: UTF8.self))
    }
    // JSON is YAML: these two are named as Deadline Cloud's job bundles want them.
    return [
      try file("template.json", template(of: job)),
      try file(
        "parameters.json",
        .object(Dictionary(uniqueKeysWithValues: values.map { ($0.name, .string($0.value)) }))),
      try file("parameter_values.yaml", .object(["parameterValues": .array(listed)])),
      try file("asset_references.yaml", assets),
    ]
  }

  package func start(_ job: FarmJob, folder: String) -> [String] {
    [
      "openjd run \(FarmText.shellQuoted("\(folder)/template.json")) -p "
        + FarmText.shellQuoted("file://\(folder)/parameters.json")
    ]
  }

  private func parameterValues(of job: FarmJob) -> [(name: String, value: String)] {
    [("Production", job.places.production), ("Tasks", "\(job.places.folder)/tasks")]
      + job.media.prefix(Self.mostMedia).enumerated().map { ("Media\($0 + 1)", $1) }
  }

  // MARK: The template

  private func template(of job: FarmJob) throws -> JSONValue {
    var members: [String: JSONValue] = [
      "specificationVersion": "jobtemplate-2023-09", "name": .string(FarmText.line(job.name, atMost: 128)),
      "description": .string(
        "\(job.plan.nodes.count) tasks in \(job.steps.count) steps, made by Interlock. Each step may be run again: only "
          + "what is missing is done."),
      "parameterDefinitions": .array(parameters(of: job)),
      "jobEnvironments": .array([try environment(of: job)]),
      "steps": .array(job.steps.indices.map { step($0, of: job) }),
    ]
    if job.steps.contains(where: { $0.tasks.count > 1 }) { members["extensions"] = ["TASK_CHUNKING"] }
    return .object(members)
  }

  private func parameters(of job: FarmJob) -> [JSONValue] {
    func folder(_ name: String, _ flow: String, _ description: String, value: String? = nil) -> JSONValue {
      var members: [String: JSONValue] = [
        "name": .string(name), "type": "PATH", "objectType": "DIRECTORY", "dataFlow": .string(flow),
        "description": .string(description),
      ]
      if let value { members["default"] = .string(value) }
      return .object(members)
    }
    var parameters = [
      folder("Production", "INOUT", "The production: what was made before, and where everything goes."),
      folder("Tasks", "IN", "The tasks of this job.", value: "tasks"),
      .object([
        "name": "Interlock", "type": "STRING", "default": .string(job.places.program),
        "description": "The program `interlock` on the machines that run tasks.",
      ]),
      .object([
        "name": "ChunkSeconds", "type": "INT", "default": 60, "minValue": 0,
        "description": "How long a chunk of tasks should take; 0 gives out single tasks.",
      ]),
    ]
    for index in job.media.prefix(Self.mostMedia).indices {
      parameters.append(folder("Media\(index + 1)", "IN", "A folder that media is read from."))
    }
    return parameters
  }

  /// Refuses a machine whose libraries would make other bytes, once for a session.
  private func environment(of job: FarmJob) throws -> JSONValue {
    let text = String(decoding: try JobBundle.json(job.neededTools), as: UTF8.self)
    return .object([
      "name": "Interlock",
      "script": .object([
        "embeddedFiles": .array([
          .object([
            "name": "Tools", "type": "TEXT", "filename": "tools.json", "data": .string(text),
          ])
        ]),
        "actions": .object([
          "onEnter": .object([
            "command": "{{Param.Interlock}}", "args": ["worker", "check", "{{Env.File.Tools}}"],
          ])
        ]),
      ]),
    ])
  }

  private func step(_ index: Int, of job: FarmJob) -> JSONValue {
    let step = job.steps[index]
    let isSpace = step.tasks.count > 1
    let list = FarmText.portable("\(step.name).json", atMost: 64)
    let words =
      job.arguments(
        list: "{{Param.Tasks}}/\(list)", production: "{{Param.Production}}",
        tasks: isSpace ? "{{Task.Param.Task}}" : nil) + [
        "--path-mapping", "{{Session.PathMappingRulesFile}}",
      ]
    var run: [String: JSONValue] = [
      "command": "{{Param.Interlock}}", "args": .array(words.map(JSONValue.string)),
      "cancelation": .object([
        "mode": "NOTIFY_THEN_TERMINATE", "notifyPeriodInSeconds": .integer(Self.notice),
      ]),
    ]
    if let timeout = step.needs.timeout { run["timeout"] = .integer(Int64(timeout)) }
    var members: [String: JSONValue] = [
      "name": .string(step.name), "hostRequirements": requirements(of: step),
      "script": .object(["actions": .object(["onRun": .object(run)])]),
    ]
    if !step.dependencies.isEmpty {
      members["dependencies"] = .array(
        step.dependencies.map { .object(["dependsOn": .string(job.steps[$0].name)]) })
    }
    if isSpace {
      // A time limit is for one task, so these go out one by one.
      let target: JSONValue = step.needs.timeout == nil ? "{{Param.ChunkSeconds}}" : 0
      members["parameterSpace"] = .object([
        "taskParameterDefinitions": .array([
          .object([
            "name": "Task", "type": "CHUNK[INT]", "range": .string("1-\(step.tasks.count)"),
            "chunks": .object([
              "defaultTaskCount": 1, "targetRuntimeSeconds": target, "rangeConstraint": "NONCONTIGUOUS",
            ]),
          ])
        ])
      ])
    }
    return .object(members)
  }

  private func requirements(of step: FarmJob.Step) -> JSONValue {
    var amounts: [(String, Int)] = [
      ("amount.worker.vcpu", step.needs.cores), ("amount.worker.memory", step.needs.memory),
    ]
    amounts += step.needs.tokens.sorted { $0.key < $1.key }.map { name, count in
      ("amount.licence.\(Self.identifier(name))", count)
    }
    var attributes: [JSONValue] = [.object(["name": "attr.worker.os.family", "anyOf": ["linux"]])]
    #if arch(x86_64)
      attributes.append(.object(["name": "attr.worker.cpu.arch", "anyOf": ["x86_64"]]))
    #elseif arch(arm64)
      attributes.append(.object(["name": "attr.worker.cpu.arch", "anyOf": ["arm64"]]))
    #endif
    return .object([
      "amounts": .array(
        amounts.map { .object(["name": .string($0.0), "min": .integer(Int64($0.1))]) }),
      "attributes": .array(attributes),
    ])
  }

  private static func identifier(_ name: String) -> String {
    let safe = name.map { $0.isASCII && ($0.isLetter || $0.isNumber) ? $0 : "_" }
    return (safe.first?.isNumber == true ? "_" : "") + String(safe.prefix(60))
  }
}
