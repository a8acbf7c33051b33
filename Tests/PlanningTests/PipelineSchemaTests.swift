import Foundation
import Planning
import TestSupport
import Testing

@Suite struct PipelineSchemaTests {
  private struct Node: Decodable {
    var type: String?
    var title: String?
    var properties: [String: Node]?
    var required: [String]?
    var values: [String]?
    var oneOf: [Node]?
    var items: Items?
    var pattern: String?
    var stages: [Node]?

    enum CodingKeys: String, CodingKey {
      case type, title, properties, required, oneOf, items, pattern, additionalProperties
      case values = "enum"
    }

    init(from decoder: any Decoder) throws {
      let container = try decoder.container(keyedBy: CodingKeys.self)
      type = try container.decodeIfPresent(String.self, forKey: .type)
      title = try container.decodeIfPresent(String.self, forKey: .title)
      properties = try container.decodeIfPresent([String: Node].self, forKey: .properties)
      required = try container.decodeIfPresent([String].self, forKey: .required)
      values = try container.decodeIfPresent([String].self, forKey: .values)
      oneOf = try container.decodeIfPresent([Node].self, forKey: .oneOf)
      items = try container.decodeIfPresent(Items.self, forKey: .items)
      pattern = try container.decodeIfPresent(String.self, forKey: .pattern)
      // `additionalProperties` is false, or the schema of a stage.
      stages = (try? container.decode(Items.self, forKey: .additionalProperties))?.oneOf
    }
  }

  private struct Items: Decodable {
    var type: String?
    var oneOf: [Node]?
  }

  private func schema() throws -> Node {
    try JSONDecoder().decode(Node.self, from: Data(try PipelineSchema.json()))
  }

  @Test func `the schema is JSON of the draft it names`() throws {
    let text = String(decoding: try PipelineSchema.json(), as: UTF8.self)
    #expect(text.contains(#""$schema" : "https://json-schema.org/draft/2020-12/schema""#))
    #expect(try schema().type == "object")
  }

  @Test func `the schema knows every kind of stage and every key of it`() throws {
    let schema = try schema()
    let stages = try #require(schema.properties?["stages"]?.stages)
    #expect(stages.map(\.title) == StageRegistry.all.map { $0.kind })
    for (node, kind) in zip(stages, StageRegistry.all) {
      #expect(
        Set((node.properties ?? [:]).keys)
          == Set(kind.keys.map(\.name) + ["kind", "priority", "licences", "pools"]))
      #expect(node.properties?["kind"]?.values == [kind.kind])
      #expect(Set(node.required ?? []) == Set(kind.keys.filter(\.isRequired).map(\.name) + ["kind"]))
    }
  }

  @Test func `the schema knows the keys of the file and of its timeline`() throws {
    let schema = try schema()
    #expect(
      Set((schema.properties ?? [:]).keys) == [
        "interlock", "programme", "timeline", "raster", "stages", "licences", "pools", "cost",
        "farm", "matte", "colour",
      ])
    #expect(schema.required == ["interlock", "programme", "timeline", "raster", "stages"])
    let timeline = try #require(schema.properties?["timeline"])
    #expect(
      Set((timeline.properties ?? [:]).keys) == [
        "cut", "sequence", "rate", "start", "media", "handles", "reference", "logs", "rates", "relink",
        "reels",
        "paths", "ambiguity", "lock", "partial", "missing",
      ])
    #expect(timeline.required == ["cut", "media"])
    #expect(timeline.properties?["cut"]?.oneOf?.count == 2)
  }

  @Test func `patterns take what the loader takes`() throws {
    let schema = try schema()
    let timeline = schema.properties?["timeline"]?.properties
    let delivery = schema.properties?["stages"]?.stages?.first { $0.title == "delivery" }?.properties
    for (pattern, text) in [
      (schema.properties?["raster"]?.pattern, "1280x720"), (timeline?["rate"]?.pattern, "24000/1001"),
      (timeline?["rate"]?.pattern, "23.976"), (timeline?["start"]?.pattern, "01:00:00;00"),
      (delivery?["frames"]?.pattern, "01:00:02:00-01:00:03:00"),
    ] {
      let expression = try NSRegularExpression(pattern: try #require(pattern))
      #expect(
        expression.numberOfMatches(in: text, range: NSRange(location: 0, length: text.utf16.count)) == 1,
        "\(text)")
    }
  }
}
