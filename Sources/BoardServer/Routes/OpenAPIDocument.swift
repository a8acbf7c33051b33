import Board
import ObjectStore

/// What programs may ask for, as OpenAPI 3.1 describes it.
enum OpenAPIDocument {
  static let json: JSONValue = object([
    "openapi": "3.1.0",
    "info": object([
      "title": "Interlock board", "version": "1",
      "description": .string(about),
    ]),
    "security": .array([object(["key": .array([])]), object(["browser": .array([])])]),
    "paths": merged([
      conformPaths, reviewPaths,
      [
        "/api/v1/deliverables": object([
          "get": operation(
            "listDeliverables", "Every deliverable with its state from evidence.", "Deliverables",
            parameters: [
              query(
                "search", "Words that a row must have.",
                object(["type": "string", "maxLength": .integer(200)])),
              query("state", "Only those in this state.", object(["enum": conditions])),
              query("programme", "Only those of this programme.", object(["type": "string"])),
            ])
        ]),
        "/api/v1/deliverables/{programme}/{name}/{version}": object([
          "get": operation(
            "getVersion", "One version: files, evidence, decisions.", "Version", parameters: place,
            failures: ["404"])
        ]),
        "/api/v1/deliverables/{programme}/{name}/{version}/decisions": object([
          "post": decide
        ]),
        "/api/v1/run": object([
          "get": operation("getRun", "The run on show, as `status --watch --json` tells it.", "Run")
        ]),
        "/api/v1/session": object([
          "get": operation(
            "getSession", "In whose name is decided, and the token that a decision needs.", "Session")
        ]),
      ],
    ]),
    "components": object([
      "schemas": merged([schemas, conformSchemas, reviewSchemas]),
      "securitySchemes": object([
        "key": object([
          "type": "http", "scheme": "bearer", "description": "The key that `interlock serve` printed.",
        ]),
        "browser": object([
          "type": "apiKey", "in": "cookie", "name": "interlock-PORT",
          "description":
            "What /enter gives to a browser that brings the key. It changes something only with the token.",
        ]),
      ]),
    ]),
  ])

  private static let about =
    "Deliverables of a production, the run that goes on, and decisions; shots, what quality control found, waivers and "
    + "what recipients said; cuts, runs and conforms. The server answers only "
    + "on this machine, and only who has the key that `interlock serve` printed."

  private static func merged(_ parts: [[String: JSONValue]]) -> JSONValue {
    .object(parts.reduce(into: [:]) { $0.merge($1) { $1 } })
  }

  private static let conditions: JSONValue = .array(
    DeliverableRow.Condition.allCases.map { .string($0.rawValue) })

  static let place: [JSONValue] = [
    path("programme", "^[A-Za-z0-9][A-Za-z0-9._-]*$"), path("name", "^[A-Za-z0-9][A-Za-z0-9._-]*$"),
    path("version", "^v[0-9]{3,}$"),
  ]

  /// What a request that changes something brings along.
  static let token = object([
    "name": "X-Interlock-Token", "in": "header", "required": .bool(false),
    "description": "The token of the session, where no key is sent but a browser's cookie.",
    "schema": object(["type": "string"]),
  ])

  private static let decide: JSONValue = {
    var operation = operationFields(
      "decide", "Approves or rejects a version, as `interlock approve` and `interlock reject` do.",
      "Decision",
      status: "201",
      parameters: place + [token], failures: ["400", "403", "404", "409", "413", "415", "422"])
    operation["requestBody"] = object([
      "required": .bool(true),
      "content": object(["application/json": object(["schema": reference("DecisionRequest")])]),
    ])
    return .object(operation)
  }()

  static let text = object(["type": "string"])
  static let number = object(["type": "number"])
  static let count = object(["type": "integer", "minimum": .integer(0)])

  private static let schemas: [String: JSONValue] = [
    "Problem": shape(["code": text, "message": text], optional: ["remedy": text, "details": list(text)]),
    "Session": shape(["person": text, "token": text]),
    "DecisionRequest": shape(
      ["verdict": object(["enum": .array(["approved", "rejected"])])],
      optional: [
        "role": object(["type": .array(["string", "null"]), "maxLength": .integer(60)]),
        "note": object([
          "type": .array(["string", "null"]), "maxLength": .integer(4000),
          "description": "A rejection needs one.",
        ]),
      ]),
    "Decision": shape(
      ["verdict": text, "version": count, "by": text, "note": text, "made": text, "schema": count],
      optional: ["role": text]),
    "Word": shape(["verdict": text, "by": text, "note": text, "made": text], optional: ["role": text]),
    "Row": shape(
      [
        "deliverable": text, "programme": text, "stage": text, "state": text,
        "condition": object(["enum": conditions]),
      ],
      optional: [
        "profile": text, "version": text, "frames": count, "newFrames": count, "path": text, "made": text,
        "cut": list(text), "progress": number, "secondsRemaining": number, "decision": reference("Word"),
        "quality": reference("Quality"), "delivery": reference("Delivery"), "unseenFrames": count,
        "approvedAs": text, "asks": list(text), "since": text, "due": day, "secondsOfWork": number,
        "because": list(text), "grades": list(text), "remarks": list(text),
      ]),
    "Deliverables": shape(
      ["schema": count, "deliverables": list(reference("Row")), "planning": reference("Planning")],
      optional: ["surveyed": text]),
    "Planning": shape(
      [
        "isPlanning": object(["type": "boolean"]),
        "unplanned": list(
          shape([
            "pipeline": text, "isShownAsBefore": object(["type": "boolean"]),
            "faults": list(
              shape(
                ["code": text, "message": text],
                optional: ["remedy": text, "file": text, "line": count, "column": count])),
          ])),
      ], optional: ["fault": text]),
    "Version": shape(
      [
        "schema": count, "reference": text, "made": text, "decisions": list(reference("Word")),
        "files": list(shape(["name": text, "digest": text, "byteCount": count, "address": text])),
        "unseen": list(object(["type": "object"])), "handovers": list(reference("Handover")),
      ],
      optional: [
        "state": reference("Row"), "checksMet": count, "checksNotMet": count, "quality": reference("Quality"),
      ]),
    "Run": shape(
      [
        "schema": count, "state": text, "seconds": number, "workers": count,
        "stages": list(object(["type": "object"])),
      ]
    ),
  ]

  // MARK: Parts

  static func object(_ fields: [String: JSONValue]) -> JSONValue { .object(fields) }

  static func reference(_ name: String) -> JSONValue {
    object(["$ref": .string("#/components/schemas/\(name)")])
  }

  static func list(_ items: JSONValue) -> JSONValue { object(["type": "array", "items": items]) }

  static func shape(
    _ required: [String: JSONValue], optional: [String: JSONValue] = [:]
  ) -> JSONValue {
    object([
      "type": "object", "required": .array(required.keys.sorted().map { .string($0) }),
      "properties": .object(required.merging(optional) { $1 }),
    ])
  }

  static func query(_ name: String, _ summary: String, _ schema: JSONValue) -> JSONValue {
    object(["name": .string(name), "in": "query", "description": .string(summary), "schema": schema])
  }

  static func path(_ name: String, _ pattern: String) -> JSONValue {
    object([
      "name": .string(name), "in": "path", "required": .bool(true),
      "schema": object(["type": "string", "pattern": .string(pattern)]),
    ])
  }

  static func operation(
    _ id: String, _ summary: String, _ answer: String, parameters: [JSONValue] = [], failures: [String] = []
  ) -> JSONValue {
    .object(operationFields(id, summary, answer, status: "200", parameters: parameters, failures: failures))
  }

  static func operationFields(
    _ id: String, _ summary: String, _ answer: String, status: String, parameters: [JSONValue],
    failures: [String]
  ) -> [String: JSONValue] {
    func response(_ summary: String, _ schema: String) -> JSONValue {
      object([
        "description": .string(summary),
        "content": object(["application/json": object(["schema": reference(schema)])]),
      ])
    }
    var responses = [status: response(summary, answer)]
    for failure in failures + ["400", "401", "405", "414", "421"] {
      responses[failure] = response("It was refused; `message` says why.", "Problem")
    }
    return [
      "operationId": .string(id), "summary": .string(summary), "parameters": .array(parameters),
      "responses": .object(responses),
    ]
  }
}
