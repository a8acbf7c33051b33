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

  private let nodes: [Node]
  private let columns: [[Int]]

  private static let (width, height) = (168, 62)
  private static let (gapX, gapY) = (52, 24)

  init(_ nodes: [Node]) {
    self.nodes = nodes
    let indices = Dictionary(
      nodes.indices.map { (nodes[$0].name, $0) }, uniquingKeysWith: { first, _ in first })
    var depth = [Int](repeating: 0, count: nodes.count)
    // Stages come after what they take from, so one pass finds the longest way to each.
    for (index, node) in nodes.enumerated() {
      let before = node.sources.compactMap { indices[$0] }.filter { $0 < index }
      depth[index] = before.map { depth[$0] + 1 }.max() ?? 0
    }
    var columns = [[Int]](repeating: [], count: (depth.max() ?? -1) + 1)
    for index in nodes.indices { columns[depth[index]].append(index) }
    // Each column in the order of what it takes from, so that wires cross seldom.
    var place = [Double](repeating: 0, count: nodes.count)
    for column in columns.indices {
      let sorted = columns[column].map { index -> (Int, Double) in
        let before = nodes[index].sources.compactMap { indices[$0] }.filter { $0 < index }
        return (
          index, before.isEmpty ? Double(index) : before.reduce(0) { $0 + place[$1] } / Double(before.count)
        )
      }.sorted { ($0.1, $0.0) < ($1.1, $1.0) }
      columns[column] = sorted.map(\.0)
      for (row, index) in columns[column].enumerated() {
        place[index] = Double(row) - Double(columns[column].count - 1) / 2
      }
    }
    self.columns = columns
  }

  func svg(title: String) -> HTML {
    let rows = columns.map(\.count).max() ?? 0
    let wide = columns.count * (Self.width + Self.gapX) - Self.gapX + 8
    let high = max(1, rows) * (Self.height + Self.gapY) - Self.gapY + 8
    var spots = [(x: Int, y: Int)](repeating: (0, 0), count: nodes.count)
    for (column, members) in columns.enumerated() {
      let free = (rows - members.count) * (Self.height + Self.gapY) / 2
      for (row, index) in members.enumerated() {
        spots[index] = (4 + column * (Self.width + Self.gapX), 4 + free + row * (Self.height + Self.gapY))
      }
    }
    let indices = Dictionary(
      nodes.indices.map { (nodes[$0].name, $0) }, uniquingKeysWith: { first, _ in first })
    var wires: [HTML] = []
    for (index, node) in nodes.enumerated() {
      for source in node.sources.compactMap({ indices[$0] }) {
        let isGate = nodes[source].kind == "approval"
        wires.append(wire(from: spots[source], to: spots[index], isGate: isGate))
      }
    }
    let boxes = nodes.indices.map { box(nodes[$0], at: spots[$0]) }
    return """
      <svg class="graph" viewBox="0 0 \(wide) \(high)" width="\(wide)" height="\(high)" xmlns="http://www.w3.org/2000/svg">
      <title>\(title)</title>
      \(wires)\(boxes)</svg>
      """
  }

  private func wire(from: (x: Int, y: Int), to: (x: Int, y: Int), isGate: Bool) -> HTML {
    let (x1, y1) = (from.x + Self.width, from.y + Self.height / 2)
    let (x2, y2) = (to.x, to.y + Self.height / 2)
    let bend = max(24, (x2 - x1) / 2)
    return """
      <path class="wire\(isGate ? " gate" : "")" d="M\(x1) \(y1)C\(x1 + bend) \(y1) \(x2 - bend) \(y2) \(x2) \(y2)"/>
      """
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
