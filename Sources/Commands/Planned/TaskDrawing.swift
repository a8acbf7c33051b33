import Foundation
import TaskGraph

/// Tasks and what they wait for, as a graph; of several programmes each in a frame of its own.
struct TaskDrawing {
  private let programmes: [(name: String, plan: Plan)]

  init(_ programmes: [(name: String, nodes: [TaskNode])]) throws {
    self.programmes = try programmes.map { ($0.name, try Plan($0.nodes)) }
  }

  func text(asMermaid: Bool) -> String {
    var lines = [asMermaid ? "flowchart LR" : "digraph plan {\n  rankdir=LR; node [shape=box];"]
    var first = 0
    for (number, (name, plan)) in programmes.enumerated() {
      let isFramed = programmes.count > 1
      if isFramed {
        lines.append(
          asMermaid
            ? "  subgraph p\(number)[\"\(name)\"]" : "  subgraph cluster_\(number) {\n  label=\"\(name)\";")
      }
      lines += tasks(of: plan, from: first, asMermaid: asMermaid)
      if isFramed { lines.append(asMermaid ? "  end" : "  }") }
      first += plan.nodes.count
    }
    if !asMermaid { lines.append("}") }
    return lines.joined(separator: "\n")
  }

  /// - Parameter first: number of the first task of the plan in the drawing.
  private func tasks(of plan: Plan, from first: Int, asMermaid: Bool) -> [String] {
    var lines: [String] = []
    for (index, node) in plan.nodes.enumerated() {
      let label = "\(node.kind): \(node.label)".replacingOccurrences(of: "\"", with: "'")
      let number = first + index
      lines.append(asMermaid ? "  t\(number)[\"\(label)\"]" : "  t\(number) [label=\"\(label)\"];")
      for other in plan.dependants[index] {
        lines.append(
          asMermaid ? "  t\(number) --> t\(first + other)" : "  t\(number) -> t\(first + other);")
      }
    }
    return lines
  }
}
