import Foundation
import ImageGraph
import MediaTime
import Planning
import TaskKinds
import TestSupport
import Testing

@Suite struct RecipeTests {
  @Test func `a recipe says what every frame of a deliverable is made of`() throws {
    let programme = try Programme(
      [
        ListEvent(
          reel: "A001", source: 10, record: hour, count: 48,
          comments: ["FROM CLIP NAME:  MEADOW_010", "ASC_SOP (1.1 1 1)(0 0 0)(1 1 1)", "ASC_SAT 0.9"]),
        ListEvent(
          reel: "A001", source: 90, record: hour + 60, count: 10, comments: ["FROM CLIP NAME:  BIRD_030"]),
      ], files: [Facts.picture("A001", start: "00:00:00:04", frames: 200)])
    let plan = try programme.plan(
      """
      edit: {kind: editing}
      grade: {kind: color-grade, picture: edit}
      part: {kind: delivery, picture: grade, profile: stills-16bit, frames: "01:00:01:00-01:00:02:14"}
      """)
    let publish = try #require(plan.publishes.last)
    let digest = try #require(publish.recipe)
    let bytes = try #require(plan.objects[digest])
    let recipe = try JSONDecoder().decode(Recipe.self, from: Data(bytes))
    #expect(recipe.programme == "test" && recipe.stage == "part" && recipe.profile == "stills-16bit")
    #expect(recipe.cut == ["cut.edl"] && recipe.rate == film && !recipe.isDropFrame)
    #expect(recipe.startFrame == Int64(hour) + 24)
    #expect(
      recipe.parts.map { [$0.firstFrame, $0.count, $0.map.position(at: 0), $0.map.speed.numerator] } == [
        [0, 24, 30, 1], [24, 12, 0, 0], [36, 2, 86, 1],
      ])
    #expect(recipe.parts.map(\.event) == ["001", nil, "002"])
    #expect(recipe.parts.map(\.shot) == ["MEADOW_010", nil, "BIRD_030"])
    #expect(recipe.parts.map(\.source) == ["A001.mov", nil, "A001.mov"])
    #expect(recipe.parts[0].reel == "A001" && recipe.parts[0].sourceStart == "00:00:00:04")
    #expect(recipe.parts[0].operations.map(\.operation) == ["source", "sizing", "grade"])
    #expect(recipe.parts[2].operations.map(\.operation) == ["source", "sizing"])
    #expect(recipe.parts[1].operations.map(\.operation) == ["black"])
    let chains = try plan.renders().map(\.chain)
    #expect(Set(recipe.parts.map(\.chain)) == Set(chains))
  }
}
