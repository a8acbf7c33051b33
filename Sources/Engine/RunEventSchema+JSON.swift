package import ObjectStore

extension RunEventSchema {
  /// JSON Schema of a line, draft 2020-12.
  package static var json: JSONValue {
    let names = Dictionary(uniqueKeysWithValues: fields.map { ($0.name, $0) })
    let branches = kinds.map { kind -> JSONValue in
      var properties: [String: JSONValue] = [:]
      for name in common + kind.required + kind.optional {
        properties[name] = .object(["$ref": .string("#/$defs/\(name)")])
      }
      properties["event"] = .object(["const": .string(kind.kind.rawValue)])
      return .object([
        "title": .string(kind.kind.rawValue), "description": .string(kind.summary),
        "type": .string("object"),
        "required": .array((common + kind.required).map { .string($0) }), "properties": .object(properties),
      ])
    }
    return .object([
      "$schema": .string("https://json-schema.org/draft/2020-12/schema"),
      "title": .string("A line of events.jsonl"),
      "description": .string(guarantees.joined(separator: "\n")),
      "oneOf": .array(branches),
      "$defs": .object(names.mapValues { definition($0) }),
    ])
  }

  private static func definition(_ field: Field) -> JSONValue {
    var definition = shape(field.shape)
    definition["description"] = .string(field.summary)
    return .object(definition)
  }

  private static func shape(_ shape: Shape) -> [String: JSONValue] {
    switch shape {
    case .text: ["type": .string("string")]
    case .count: ["type": .string("integer"), "minimum": .integer(0)]
    case .seconds: ["type": .string("number"), "minimum": .integer(0), "$comment": .string("seconds")]
    case .bytes: ["type": .string("integer"), "minimum": .integer(0), "$comment": .string("bytes")]
    case .flag: ["type": .string("boolean")]
    case .key: ["type": .string("string"), "pattern": .string("^[0-9a-f]{64}$")]
    case .ulid: ["type": .string("string"), "pattern": .string("^[0-7][0-9A-HJKMNP-TV-Z]{25}$")]
    case .choice(let words): ["enum": .array(words.map { .string($0) })]
    case .diagnostics:
      list(
        ["severity": text, "code": text, "message": text, "family": number],
        optional: ["remedy": text, "excerpt": text, "location": .object(["type": .string("object")])])
    case .stageTotals: list(["stage": text, "tasks": number, "frames": number])
    case .waitingCounts: list(["reason": text, "tasks": number])
    }
  }

  private static var text: JSONValue { .object(["type": .string("string")]) }
  private static var number: JSONValue { .object(["type": .string("integer")]) }

  private static func list(
    _ required: [String: JSONValue], optional: [String: JSONValue] = [:]
  ) -> [String: JSONValue] {
    [
      "type": .string("array"),
      "items": .object([
        "type": .string("object"), "required": .array(required.keys.sorted().map { .string($0) }),
        "properties": .object(required.merging(optional) { $1 }), "additionalProperties": .bool(false),
      ]),
    ]
  }
}
