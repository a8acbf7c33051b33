import Board
import ObjectStore

/// Cuts, runs and conforms.
extension OpenAPIDocument {
  static let conformPaths: [String: JSONValue] = [
    "/api/v1/programmes": object([
      "get": operation("listProgrammes", "What can be run, with the cut that a run would take.", "Programmes")
    ]),
    "/api/v1/programmes/{programme}/cuts": object([
      "get": operation(
        "listCuts", "Cuts that were given to a programme, the newest first; that is in force.", "Cuts",
        parameters: [programme], failures: ["404"]),
      "post": sending(
        "giveCut",
        "Makes the file that is sent the cut of a programme, as `run --set timeline.cut=` names one.",
        "Cut", status: "201", parameters: [programme, fileName],
        content: ["application/octet-stream": .object([:])],
        failures: ["400", "403", "404", "413", "415", "422", "503"]),
    ]),
    "/api/v1/runs": object([
      "get": operation("listRuns", "The latest runs, as `run list` tells them.", "Runs"),
      "post": sending(
        "startRun",
        "Starts a run in a process of its own, as `interlock run` does; one that ended early goes on.",
        "Start", status: "202", content: json("RunRequest"),
        failures: ["400", "403", "404", "409", "413", "415", "422"]),
    ]),
    "/api/v1/runs/{run}/cancel": object([
      "post": sending(
        "cancelRun", "Asks a run to stop, as `interlock cancel` does.", "Cancelled", status: "202",
        parameters: [identifier("run")], content: json("CancelRequest"),
        failures: ["400", "403", "404", "409", "413", "415"])
    ]),
    "/api/v1/conforms": object([
      "post": sending(
        "startConform", "Conforms the cut that is sent without a pipeline, as `interlock conform` does.",
        "Start",
        status: "202",
        parameters: [
          fileName,
          query("programme", "Whose media, rate and handles are taken.", name),
          query("media", "Or a folder that was given to `serve --media`.", object(["type": "string"])),
          query(
            "rate", "Frame rate, where the cut does not say it.",
            object(["type": "string", "pattern": "^[0-9][0-9./]*$", "maxLength": .integer(20)])),
          query(
            "handles", "Frames wanted beyond each end of a shot.",
            object(["type": "integer", "minimum": .integer(0), "maximum": .integer(1000)])),
          query(
            "reference", "The editor's offline, by its path inside the folders of media.",
            object(["type": "string"])),
        ],
        content: ["application/octet-stream": .object([:])],
        failures: ["400", "403", "404", "413", "415", "422", "503"])
    ]),
    "/api/v1/starts": object([
      "get": operation("listStarts", "What was started from the board, the newest first.", "Starts")
    ]),
    "/api/v1/starts/{start}": object([
      "get": operation(
        "getStart", "One command: how far it is, what it said.", "Start", parameters: [identifier("start")],
        failures: ["404"])
    ]),
    "/api/v1/starts/{start}/cancel": object([
      "post": sending(
        "cancelStart", "Asks it to stop, as Ctrl-C does where a command was typed.", "Cancelled",
        status: "202",
        parameters: [identifier("start")], content: json("CancelRequest"),
        failures: ["400", "403", "404", "409", "413", "415"])
    ]),
  ]

  static let conformSchemas: [String: JSONValue] = [
    "Programmes": shape(
      [
        "schema": count,
        "programmes": list(
          shape(
            ["programme": text, "pipeline": text, "cut": list(text)],
            optional: ["given": reference("Cut"), "latestRun": text])),
      ], optional: ["atWork": text]),
    "Cut": shape(
      ["programme": text, "name": text, "by": text, "made": text],
      optional: ["file": text, "digest": text, "byteCount": count, "frames": count, "clips": count]),
    "Cuts": shape(["schema": count, "cuts": list(reference("Cut"))]),
    "Runs": shape([
      "schema": count,
      "runs": list(
        shape(
          ["run": text, "began": text, "isUnderWay": object(["type": "boolean"])],
          optional: ["programme": text, "seconds": number, "exit": object(["type": "integer"])])),
    ]),
    "RunRequest": shape(
      ["programme": text],
      optional: [
        "cut": object([
          "type": "string",
          "description":
            "A cut that was given, such as v002; `own` for the pipeline file's; else the one in force.",
        ]),
        "until": object(["enum": .array(["conform"]), "description": "No more than the conform."]),
      ]),
    "CancelRequest": shape(
      [:],
      optional: ["now": object(["type": "boolean", "description": "Kill its workers at once."])]),
    "Cancelled": shape(["now": object(["type": "boolean"])], optional: ["run": text, "start": text]),
    "Start": shape(
      [
        "schema": count, "start": text, "verb": object(["enum": .array(["run", "conform"])]), "command": text,
        "by": text, "made": text,
        "state": object(["enum": .array(["waiting", "running", "ended", "lost"])]), "messages": text,
        "output": text, "hasReport": object(["type": "boolean"]),
      ],
      optional: [
        "programme": text, "cut": text, "exit": object(["type": "integer"]), "ended": text, "run": text,
      ]),
    "Starts": shape(["schema": count, "starts": list(reference("Start"))]),
  ]

  private static let name = object(["type": "string", "pattern": "^[A-Za-z0-9][A-Za-z0-9._-]*$"])
  private static let programme = path("programme", "^[A-Za-z0-9][A-Za-z0-9._-]*$")

  private static func identifier(_ name: String) -> JSONValue {
    path(name, "^[0-7][0-9A-HJKMNP-TV-Z]{25}$")
  }

  private static let fileName = object([
    "name": "name", "in": "query", "required": .bool(true),
    "description": "Name of the file, without a folder; its ending says what it is.",
    "schema": object(["type": "string", "pattern": "^[A-Za-z0-9][A-Za-z0-9_-]*\\.(edl|otio|fcpxml|xml)$"]),
  ])

  private static func json(_ schema: String) -> [String: JSONValue] {
    ["application/json": object(["schema": reference(schema)])]
  }

  private static func sending(
    _ id: String, _ summary: String, _ answer: String, status: String, parameters: [JSONValue] = [],
    content: [String: JSONValue], failures: [String]
  ) -> JSONValue {
    var operation = operationFields(
      id, summary, answer, status: status, parameters: parameters, failures: failures)
    operation["requestBody"] = object(["required": .bool(true), "content": .object(content)])
    return .object(operation)
  }
}
