import ObjectStore

/// Shots, what quality control found, waivers and handovers.
extension OpenAPIDocument {
  static let reviewPaths: [String: JSONValue] = [
    "/api/v1/shots": object([
      "get": operation(
        "listShots", "Every event of the cuts with a picture, and how far each stage is with it.", "Shots",
        parameters: [
          query(
            "search", "Words that a shot must have.",
            object(["type": "string", "maxLength": .integer(200)])),
          query("programme", "Only those of this programme.", name),
          query(
            "state", "Only those of which the worst stage is this far.",
            object(["enum": .array(["missing", "waiting", "done"])])),
          query(
            "handles", "Only those with fewer handles than the pipeline wants.",
            object(["enum": .array(["short"])])),
          query(
            "page", "From 1; a page has at most 500 shots.",
            object(["type": "integer", "minimum": .integer(1), "maximum": .integer(100_000)])),
        ], failures: ["400"])
    ]),
    "/api/v1/shots/{programme}/{shot}": object([
      "get": operation(
        "getShot", "One shot: its stages, and what it was in every version.", "ShotFacts",
        parameters: [path("programme", namePattern), path("shot", "^[0-9]{1,6}-[0-9]{1,12}$")],
        failures: ["404"])
    ]),
    "/api/v1/quality": object([
      "get": operation(
        "listQuality", "What quality control says of the newest version of every deliverable.", "QualityList")
    ]),
    "/api/v1/deliverables/{programme}/{name}/{version}/findings": object([
      "get": operation(
        "listFindings", "What was measured and found, as `interlock waive --show --json` tells it.",
        "Findings",
        parameters: place, failures: ["404"])
    ]),
    "/api/v1/deliverables/{programme}/{name}/{version}/waivers": object([
      "post": changing(
        "waive", "Accepts a finding as it is until a day, or takes that back, as `interlock waive` does.",
        "Waiver", request: "WaiverRequest")
    ]),
    "/api/v1/deliverables/{programme}/{name}/{version}/handovers": object([
      "get": operation(
        "listHandovers",
        "What became of every version of the deliverable at its recipients, oldest first.", "Handovers",
        parameters: place, failures: ["404"]),
      "post": changing(
        "recordHandover",
        "Records what became of a version, as `interlock sent`, `received` and `refused` do.", "Handover",
        request: "HandoverRequest"),
    ]),
  ]

  static let reviewSchemas: [String: JSONValue] = [
    "Shots": shape([
      "schema": count, "count": count, "page": count, "pages": count, "shots": list(reference("Shot")),
      "planning": reference("Planning"),
    ]),
    "Shot": shape(
      [
        "programme": text, "key": text, "event": text, "shot": text, "track": text, "first": count,
        "count": count, "record": text, "handlesBefore": integer, "handlesAfter": integer,
        "handlesWanted": count,
        "stages": list(shape(["name": text, "kind": text, "look": looks, "text": text])),
        "pictures": list(shape(["stage": text, "still": text], optional: ["scopes": text])),
      ],
      optional: [
        "source": text, "file": text, "reel": text, "speed": text, "problem": text,
        "comp": shape(["stage": text, "layers": list(text)], optional: ["version": text]),
      ]),
    "ShotFacts": shape([
      "schema": count, "shot": reference("Shot"),
      "versions": list(
        shape(
          [
            "deliverable": text, "version": text, "made": text, "cut": list(text), "firstFrame": count,
            "frames": count, "timecode": text,
          ], optional: ["decision": reference("Word")])),
      "scopes": list(shape(["stage": text, "version": text, "address": text])),
    ]),
    "QualityList": shape([
      "schema": count,
      "deliverables": list(
        shape(
          ["programme": text, "deliverable": text, "version": text, "made": text],
          optional: ["quality": reference("Quality")])),
    ]),
    "Quality": shape(
      [
        "verdict": object(["enum": .array(["passed", "failed", "waived"])]), "failed": count,
        "waived": count, "warned": count, "report": text,
      ], optional: ["until": day]),
    "Findings": shape([
      "schema": count, "asset": text, "report": text, "state": reference("Quality"),
      "unlisted": object(["type": "object", "additionalProperties": count]),
      "checks": list(
        shape(
          [
            "check": text, "verdict": object(["enum": .array(["pass", "warn", "fail", "not-run"])]),
            "measured": text, "threshold": text,
          ], optional: ["track": count])),
      "findings": list(
        shape(
          [
            "finding": text, "check": text, "verdict": object(["enum": .array(["warn", "fail"])]),
            "place": text, "firstFrame": count, "frames": count, "measured": text, "threshold": text,
            "isWaived": object(["type": "boolean"]),
          ], optional: ["track": count, "waiver": reference("Waiver")])),
    ]),
    "Waiver": shape(
      [
        "schema": count, "verdict": waiverVerdicts, "version": count, "shown": list(text), "record": text,
        "subject": shape(["check": text, "content": text], optional: ["track": count]), "place": text,
        "reason": text, "until": day, "by": text, "made": text, "seal": text,
      ], optional: ["role": text]),
    "WaiverRequest": shape(
      [
        "verdict": waiverVerdicts,
        "finding": object(["type": "string", "description": "As the findings name it, `black-2`."]),
        "reason": object(["type": "string", "maxLength": .integer(4000)]),
      ],
      optional: [
        "until": object([
          "type": .array(["string", "null"]),
          "description": "The last day on which it counts, `2026-12-24`, in UTC; a waiver needs one.",
        ]),
        "role": object(["type": .array(["string", "null"]), "maxLength": .integer(60)]),
      ]),
    "Handovers": shape(["schema": count, "handovers": list(reference("Handover"))]),
    "Handover": shape([
      "schema": count, "verdict": handoverVerdicts, "version": count, "shown": list(text), "record": text,
      "recipient": text, "note": text, "by": text, "made": text, "seal": text,
    ]),
    "HandoverRequest": shape(
      ["verdict": handoverVerdicts],
      optional: [
        "recipient": object([
          "type": .array(["string", "null"]), "maxLength": .integer(120),
          "description": "To whom; the one of before without it.",
        ]),
        "note": object([
          "type": .array(["string", "null"]), "maxLength": .integer(4000),
          "description": "`refused` needs one.",
        ]),
      ]),
    "Delivery": shape([
      "verdict": handoverVerdicts, "version": text, "recipient": text, "note": text, "by": text,
      "made": text, "round": count,
    ]),
  ]

  static let day = object(["type": "string", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"])

  private static let integer = object(["type": "integer"])
  private static let looks = object(["enum": .array(["done", "waiting", "missing", "untouched"])])
  private static let waiverVerdicts = object(["enum": .array(["waived", "unwaived"])])
  private static let handoverVerdicts = object(["enum": .array(["sent", "received", "refused"])])
  private static let namePattern = "^[A-Za-z0-9][A-Za-z0-9._-]*$"
  private static let name = object(["type": "string", "pattern": .string(namePattern)])

  private static func changing(
    _ id: String, _ summary: String, _ answer: String, request: String
  ) -> JSONValue {
    var operation = operationFields(
      id, summary, answer, status: "201", parameters: place + [token],
      failures: ["400", "403", "404", "409", "413", "415", "422"])
    operation["requestBody"] = object([
      "required": .bool(true),
      "content": object(["application/json": object(["schema": reference(request)])]),
    ])
    return .object(operation)
  }
}
