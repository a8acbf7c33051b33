/// The JSON Schema of pipeline files, made from the same descriptions that check them.
package enum PipelineSchema {
  package static func json() throws -> [UInt8] {
    let stages = StageRegistry.all.map { kind in
      object(
        title: kind.kind, summary: kind.summary,
        keys: [KeySpec("kind", .choice([kind.kind]), isRequired: true, "what the stage does")]
          + ResourceKeys.keys(of: kind))
    }
    var root = object(title: "Interlock pipeline", summary: "One programme", keys: PipelineLoader.topKeys)
    root.properties?["timeline"] = object(
      title: "timeline", summary: "The cut and its media", keys: PipelineLoader.timelineKeys)
    root.properties?["stages"] = SchemaNode(
      type: "object", description: "Stages by name", additionalProperties: .schema(SchemaNode(oneOf: stages)))
    root.schema = "https://json-schema.org/draft/2020-12/schema"
    return try JSONBytes.encode(root, isPretty: true)
  }

  private static func object(title: String, summary: String, keys: [KeySpec]) -> SchemaNode {
    var node = SchemaNode(type: "object", title: title, description: summary)
    node.properties = Dictionary(uniqueKeysWithValues: keys.map { ($0.name, schema(of: $0)) })
    let required = keys.filter(\.isRequired).map(\.name)
    node.required = required.isEmpty ? nil : required
    node.additionalProperties = .flag(false)
    return node
  }

  private static func schema(of key: KeySpec) -> SchemaNode {
    var node = SchemaNode(description: key.summary)
    switch key.shape {
    case .text, .path, .stage: node.type = "string"
    case .paths, .stages, .texts:
      node.oneOf = [
        SchemaNode(type: "string"), SchemaNode(type: "array", items: Indirect(SchemaNode(type: "string"))),
      ]
    case .list(let keys):
      node.type = "array"
      node.items = Indirect(object(title: key.name, summary: key.summary, keys: keys))
    case .items(let choices, let keys):
      node.type = "array"
      node.items = Indirect(
        SchemaNode(oneOf: [
          SchemaNode(type: "string", values: choices),
          object(title: key.name, summary: key.summary, keys: keys),
        ]))
    case .integer(let range):
      node.type = "integer"
      node.minimum = range.lowerBound
      node.maximum = range.upperBound
    case .choice(let values):
      node.type = "string"
      node.values = values
    case .choices(let values):
      let choice = SchemaNode(type: "string", values: values)
      node.oneOf = [choice, SchemaNode(type: "array", items: Indirect(choice))]
    case .shorthand(let keys):
      node.oneOf = [SchemaNode(type: "string"), object(title: key.name, summary: key.summary, keys: keys)]
    case .names(let keys):
      node = object(title: key.name, summary: key.summary, keys: keys)
      node.additionalProperties = .schema(SchemaNode(type: "string"))
    case .counts(let range):
      node.type = "object"
      node.additionalProperties = .schema(
        SchemaNode(type: "integer", minimum: range.lowerBound, maximum: range.upperBound))
    case .integers(let range):
      let number = SchemaNode(type: "integer", minimum: range.lowerBound, maximum: range.upperBound)
      node.oneOf = [number, SchemaNode(type: "array", items: Indirect(number))]
    case .table(let keys): node = object(title: key.name, summary: key.summary, keys: keys)
    case .named(let choices, let keys):
      node.type = "object"
      node.additionalProperties = .schema(
        SchemaNode(oneOf: [
          SchemaNode(type: "string", values: choices),
          object(title: key.name, summary: key.summary, keys: keys),
        ]))
    case .numberOrCounts(let range):
      let number = SchemaNode(type: "integer", minimum: range.lowerBound, maximum: range.upperBound)
      node.oneOf = [number, SchemaNode(type: "object", additionalProperties: .schema(number))]
    case .rate: node.pattern = "^[0-9]+(/[0-9]+|\\.[0-9]+)?$"
    case .timecode: node.pattern = "^[0-9]{2}:[0-9]{2}:[0-9]{2}[:;][0-9]{2,3}$"
    case .raster: node.pattern = "^[0-9]+x[0-9]+$"
    case .mapping(let keys): return object(title: key.name, summary: key.summary, keys: keys)
    case .frames: node.pattern = "^[0-9:;]{11,12}-[0-9:;]{11,12}$"
    }
    if node.pattern != nil { node.type = key.name == "rate" ? nil : "string" }
    return node
  }
}

/// One node of a JSON Schema document.
private struct SchemaNode: Encodable {
  enum Additional: Encodable {
    case flag(Bool)
    indirect case schema(SchemaNode)

    func encode(to encoder: any Encoder) throws {
      var container = encoder.singleValueContainer()
      switch self {
      case .flag(let flag): try container.encode(flag)
      case .schema(let node): try container.encode(node)
      }
    }
  }

  enum CodingKeys: String, CodingKey {
    case schema = "$schema"
    case type, title, description, properties, required, additionalProperties, items, oneOf, minimum, maximum,
      pattern
    case values = "enum"
  }

  var schema: String?
  var type: String?
  var title: String?
  var description: String?
  var properties: [String: SchemaNode]?
  var required: [String]?
  var additionalProperties: Additional?
  var items: Indirect<SchemaNode>?
  var oneOf: [SchemaNode]?
  var minimum: Int?
  var maximum: Int?
  var pattern: String?
  var values: [String]?
}

/// A box that lets a struct hold itself.
private final class Indirect<Value: Encodable>: Encodable {
  let value: Value

  init(_ value: Value) { self.value = value }

  func encode(to encoder: any Encoder) throws { try value.encode(to: encoder) }
}
