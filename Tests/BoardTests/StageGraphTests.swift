import Board
import ObjectStore
import TestSupport
import Testing

/// The drawing of a pipeline, read as a browser reads it.
@Suite struct StageGraphTests {
  private struct Box {
    var x: Int
    var y: Int

    /// Whether a point is strictly inside.
    func holds(_ px: Double, _ py: Double) -> Bool {
      px > Double(x) && px < Double(x + 168) && py > Double(y) && py < Double(y + 62)
    }
  }

  private func page(_ stages: [BoardSurvey.Stage]) -> String {
    let programme = BoardSurvey.Programme(
      programme: "film", pipeline: "p.yaml", cut: [], stages: stages, rows: [], shots: [], gates: [],
      tasks: 1,
      heldTasks: 0, diagnostics: [])
    let planning = PlanningState(hasPipelines: true, surveyed: nil, isSurveying: false)
    return PipelinePage(programme, of: [programme], work: nil, planning: planning).body.text
  }

  /// Points along every wire.
  private func points(_ svg: String) -> [[(x: Double, y: Double)]] {
    svg.matches(of: #/class="wire[^"]*" d="([^"]+)"/#).map { match in
      var points: [(x: Double, y: Double)] = []
      for part in match.output.1.matches(of: #/([MCH])([-0-9 ]+)/#) {
        let numbers = part.output.2.split(separator: " ").compactMap { Double($0) }
        let last = points.last ?? (0, 0)
        switch part.output.1 {
        case "M": points.append((numbers[0], numbers[1]))
        case "H":
          for step in 1...40 { points.append((last.x + (numbers[0] - last.x) * Double(step) / 40, last.y)) }
        default:
          for step in 1...40 {
            let t = Double(step) / 40
            let u = 1 - t
            func mix(_ a: Double, _ b: Double, _ c: Double, _ d: Double) -> Double {
              u * u * u * a + 3 * u * u * t * b + 3 * u * t * t * c + t * t * t * d
            }
            points.append(
              (
                mix(last.x, numbers[0], numbers[2], numbers[4]),
                mix(last.y, numbers[1], numbers[3], numbers[5])
              ))
          }
        }
      }
      return points
    }
  }

  private func boxes(_ svg: String) -> [Box] {
    svg.matches(of: #/class="box" x="(\d+)" y="(\d+)"/#).compactMap { match in
      Int(match.output.1).flatMap { x in Int(match.output.2).map { Box(x: x, y: $0) } }
    }
  }

  @Test(arguments: UInt64(1)...12)
  func `no wire runs behind a stage, and no stage lies on another`(seed: UInt64) throws {
    var random = SplitMix64(seed: seed)
    let count = Int.random(in: 2...18, using: &random)
    let stages = (0..<count).map { index in
      let sources = (0..<index).filter { _ in Int.random(in: 0..<max(2, index / 2), using: &random) == 0 }
      return BoardSurvey.Stage(
        name: "stage-\(index)", kind: index % 5 == 4 ? "approval" : "delivery",
        sources: sources.map { "stage-\($0)" })
    }
    let svg = page(stages)
    let boxes = boxes(svg)
    #expect(boxes.count == count)
    for (index, box) in boxes.enumerated() {
      for other in boxes[(index + 1)...] {
        #expect(abs(box.x - other.x) >= 168 || abs(box.y - other.y) >= 62, "seed \(seed)")
      }
    }
    let wires = points(svg)
    for wire in wires {
      for point in wire {
        #expect(!boxes.contains { $0.holds(point.x, point.y) }, "seed \(seed) at \(point)")
      }
    }
    // Every stage is reached from each of its sources: as many ends at its left as it has sources.
    for (box, stage) in zip(boxes, stages) {
      let ends = wires.count { wire in
        wire.last.map { $0.x == Double(box.x) && abs($0.y - Double(box.y + 31)) < 0.5 } ?? false
      }
      #expect(ends == stage.sources.count, "seed \(seed), \(stage.name)")
    }
  }
}
