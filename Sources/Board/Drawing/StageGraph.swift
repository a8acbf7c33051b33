import Planning

/// Stages and what they take from each other, drawn from left to right.
struct StageGraph {
  struct Node {
    enum Look: String {
      /// Nothing is known of it now.
      case idle
      case ready, running, failed
      /// Gates.
      case open, closed
    }

    var name: String
    var kind: String
    var address: String
    var look: Look
    /// What is done, 0…1; nil where nothing is counted.
    var part: Double?
    /// In words, e.g. `706/2320`.
    var figure: String
    var sources: [String]
  }

  /// What stands in a column: a stage, or the way past it of what a stage far before it gives.
  private enum Slot: Hashable {
    case box(Int)
    case lane(of: Int)

    var height: Int {
      switch self {
      case .box: StageGraph.height
      case .lane: StageGraph.laneHeight
      }
    }
  }

  private let nodes: [Node]
  /// Indices of the stages that each takes something from.
  private let sources: [[Int]]
  private let depth: [Int]
  /// From left to right, each from the top down.
  private let columns: [[Slot]]

  private static let (width, height, laneHeight) = (168, 62, 6)
  private static let (gapX, gapY) = (60, 24)

  init(_ nodes: [Node]) {
    self.nodes = nodes
    let indices = Dictionary(
      nodes.indices.map { (nodes[$0].name, $0) }, uniquingKeysWith: { first, _ in first })
    var depth = [Int](repeating: 0, count: nodes.count)
    var sources = [[Int]](repeating: [], count: nodes.count)
    // Stages come after what they take from, so one pass finds the longest way to each.
    for (index, node) in nodes.enumerated() {
      sources[index] = node.sources.compactMap { indices[$0] }.filter { $0 < index }
      depth[index] = sources[index].map { depth[$0] + 1 }.max() ?? 0
    }
    var slots = [[Slot]](repeating: [], count: (depth.max() ?? -1) + 1)
    for index in nodes.indices { slots[depth[index]].append(.box(index)) }
    for source in nodes.indices {
      let farthest = nodes.indices.filter { sources[$0].contains(source) }.map { depth[$0] }.max() ?? 0
      // Those that take from it later share one way.
      for column in stride(from: depth[source] + 1, to: farthest, by: 1) {
        slots[column].append(.lane(of: source))
      }
    }
    (self.sources, self.depth) = (sources, depth)
    columns = Self.ordered(slots, sources: sources, depth: depth)
  }

  /// Each column in the order of what it takes from, so that wires cross seldom.
  private static func ordered(_ slots: [[Slot]], sources: [[Int]], depth: [Int]) -> [[Slot]] {
    var columns: [[Slot]] = []
    // Middles of the column before, from the middle of the drawing.
    var places: [Slot: Double] = [:]
    for (column, slots) in slots.enumerated() {
      func place(of source: Int) -> Double {
        places[depth[source] == column - 1 ? .box(source) : .lane(of: source)] ?? 0
      }
      let sorted = slots.enumerated().map { order, slot -> (slot: Slot, place: Double, order: Int) in
        switch slot {
        case .lane(let source): return (slot, place(of: source), order)
        case .box(let index):
          let before = sources[index].map(place(of:))
          return (
            slot, before.isEmpty ? Double(index) : before.reduce(0, +) / Double(before.count), order
          )
        }
      }.sorted { ($0.place, $0.order) < ($1.place, $1.order) }.map(\.slot)
      columns.append(sorted)
      places = [:]
      var top = -Double(tall(sorted)) / 2
      for slot in sorted {
        places[slot] = top + Double(slot.height) / 2
        top += Double(slot.height + gapY)
      }
    }
    return columns
  }

  private static func tall(_ column: [Slot]) -> Int {
    column.reduce(0) { $0 + $1.height } + max(0, column.count - 1) * gapY
  }

  // MARK: Drawing

  private struct Spot {
    var x: Int
    /// Of its middle.
    var y: Int
  }

  func svg(title: String) -> HTML {
    let most = columns.map(Self.tall).max() ?? 0
    let wide = columns.count * (Self.width + Self.gapX) - Self.gapX + 8
    let high = max(Self.height, most) + 8
    var spots: [[Slot: Spot]] = []
    for (column, slots) in columns.enumerated() {
      var places: [Slot: Spot] = [:]
      var top = 4 + (max(Self.height, most) - Self.tall(slots)) / 2
      for slot in slots {
        places[slot] = Spot(x: 4 + column * (Self.width + Self.gapX), y: top + slot.height / 2)
        top += slot.height + Self.gapY
      }
      spots.append(places)
    }
    let wires = nodes.indices.flatMap { paths(from: $0, spots) }
    let boxes = nodes.indices.compactMap { index in
      spots[depth[index]][.box(index)].map { box(nodes[index], at: (x: $0.x, y: $0.y - Self.height / 2)) }
    }
    return """
      <svg class="graph" viewBox="0 0 \(wide) \(high)" width="\(wide)" height="\(high)" xmlns="http://www.w3.org/2000/svg">
      <title>\(title)</title>
      \(wires)\(boxes)</svg>
      """
  }

  /// To every stage that takes from it: between columns bent, past the stages of a column straight.
  private func paths(from source: Int, _ spots: [[Slot: Spot]]) -> [HTML] {
    let takers = nodes.indices.filter { sources[$0].contains(source) }
    guard let farthest = takers.map({ depth[$0] }).max(), let start = spots[depth[source]][.box(source)]
    else { return [] }
    var ends = [depth[source]: start]
    var trunk = ""
    for column in stride(from: depth[source] + 1, to: farthest, by: 1) {
      guard let lane = spots[column][.lane(of: source)], let before = ends[column - 1] else { continue }
      trunk += trunk.isEmpty ? "M\(before.x + Self.width) \(before.y)" : ""
      trunk += "\(bend(from: before, to: lane))H\(lane.x + Self.width)"
      ends[column] = lane
    }
    var paths = trunk.isEmpty ? [] : [trunk]
    for taker in takers {
      guard let before = ends[depth[taker] - 1], let end = spots[depth[taker]][.box(taker)] else { continue }
      paths.append("M\(before.x + Self.width) \(before.y)\(bend(from: before, to: end))")
    }
    let style = nodes[source].kind == "approval" ? "wire gate" : "wire"
    return paths.map { "<path class=\"\(style)\" d=\"\($0)\"/>" }
  }

  /// From the right of one place to the left of one in the next column, inside the gap between them.
  private func bend(from: Spot, to: Spot) -> String {
    let (x1, x2) = (from.x + Self.width, to.x)
    let middle = (x1 + x2) / 2
    return "C\(middle) \(from.y) \(middle) \(to.y) \(x2) \(to.y)"
  }

  private func box(_ node: Node, at spot: (x: Int, y: Int)) -> HTML {
    let bar: HTML? = node.part.map { part in
      let length = Self.width - 24
      return """
        <rect class="track" x="\(spot.x + 12)" y="\(spot.y + 48)" width="\(length)" height="4"/>\
        <rect class="done" x="\(spot.x + 12)" y="\(spot.y + 48)" width="\(Int((Double(length) * part).rounded()))" height="4"/>
        """
    }
    let name = node.name.count > 19 ? "\(node.name.prefix(18))…" : node.name
    return """
      <a href="\(node.address)" class="\(node.look.rawValue)"><title>\(node.name), \(node.kind): \(node.figure)</title>\
      <rect class="box" x="\(spot.x)" y="\(spot.y)" width="\(Self.width)" height="\(Self.height)" rx="4"/>\
      <text x="\(spot.x + 12)" y="\(spot.y + 23)">\(name)</text>\
      <text class="kind" x="\(spot.x + 12)" y="\(spot.y + 40)">\(node.kind)</text>\
      <text class="figure" x="\(spot.x + Self.width - 12)" y="\(spot.y + 40)">\(node.figure, longest: 18)</text>\(bar)</a>
      """
  }
}
