import Compositing
import Diagnostics

/// Reads what a comps file says about a key.
struct CompKeyReader {
  private static let mostPoints = 256
  private static let keys: [KeySpec] = [
    KeySpec(
      "screen", .text, "sample, or the screen's colour as the plate codes it, as [r, g, b] from 0 to 1"),
    KeySpec("frame", .integer(0...Int(Int32.max)), "frame of the plate, from 0, that is sampled"),
    KeySpec("at", .text, "[x, y, width, height] of the part that is sampled; all without it"),
    KeySpec("tolerance", .text, "from 0, the screen, to 1: up to here nothing covers"),
    KeySpec("softness", .text, "so much farther all covers"),
    KeySpec("despill", .text, "0 to 1: how much of the screen's light is taken off"),
    KeySpec("spill", .choice(Spill.allCases.map(\.rawValue)), "where: at edges, or everywhere"),
    KeySpec("erode", .integer(-32...32), "pixels by which what covers shrinks"),
    KeySpec("blur", .integer(0...32), "pixels over which its edge is softened on each side"),
    KeySpec(
      "garbage", .text, "what is thrown away: [x, y, width, height], or points [[x, y], …], or several"),
    KeySpec("core", .text, "what covers whatever its colour, likewise"),
  ]

  private enum Spill: String, CaseIterable { case edges, everywhere }

  let findings: Findings
  /// Whether plates have the numbers of their own colour spaces.
  let isManaged: Bool

  func key(_ value: PipelineValue) -> CompKey {
    var key = CompKey()
    // `key:` alone, or `key: sample`, is a key with everything as it comes.
    if let text = value.scalar, text.isEmpty || text == "sample" { return key }
    let keys = KeyReader(value, keys: Self.keys, owner: "`key`", findings: findings)
    key.screen = screen(keys)
    key.tolerance = keys.number("tolerance", in: 0...0.99) ?? key.tolerance
    key.softness = keys.number("softness", in: 0.01...2) ?? key.softness
    key.despill = keys.number("despill", in: 0...1) ?? key.despill
    key.spillsEverywhere = keys.choice("spill", of: Spill.self) == .everywhere
    key.erode = keys.integer("erode", in: -32...32) ?? 0
    key.blur = keys.integer("blur", in: 0...32) ?? 0
    key.garbage = keys["garbage"].map { shapes($0) } ?? []
    key.core = keys["core"].map { shapes($0) } ?? []
    return key
  }

  private func screen(_ keys: KeyReader) -> CompKey.Screen {
    let frame = Int64(keys.integer("frame", in: 0...Int(Int32.max)) ?? 0)
    let part = keys.numbers("at", count: 4, in: 0...65_536)?.map { Int($0) }
    let sample = CompKey.Screen.sample(frame: frame, part: part)
    guard let value = keys["screen"], value.scalar != "sample" else { return sample }
    for key in ["frame", "at"] {
      if let unused = keys[key] {
        findings.add(
          unused.error(
            "comp.unusedSample", "`\(key)` says where to sample, but `screen` is given",
            remedy: "Remove one of both."))
      }
    }
    guard let colour = keys.numbers("screen", count: 3, in: 0...1) else { return sample }
    if !CompKey.separates(colour, isManaged: isManaged) {
      findings.add(
        value.error(
          "comp.greyScreen",
          "no channel of this screen lies \(CompKey.leastDifference(isManaged: isManaged)) above both others",
          remedy: isManaged
            ? "Give R, G, B from 0 to 1 as the plate codes them."
            : "Give display-coded R, G, B from 0 to 1, such as [0.13, 0.99, 0.02]."))
    }
    return .colour(colour)
  }

  /// One rectangle or polygon, or several.
  private func shapes(_ value: PipelineValue) -> [[Double]] {
    if let shape = shape(value) { return [shape] }
    let shapes = value.scalar == nil ? value.values.map { shape($0) } : []
    let found = shapes.compactMap { $0 }
    if found.isEmpty || found.count < shapes.count || found.reduce(0, { $0 + $1.count }) > 2 * Self.mostPoints
    {
      findings.add(
        value.error(
          "comp.badShape", "this is no rectangle and no polygon of 3 to \(Self.mostPoints) points",
          remedy: "Write [x, y, width, height], or [[x, y], [x, y], [x, y]], in pixels of the plate."))
    }
    return found
  }

  private func shape(_ value: PipelineValue) -> [Double]? {
    guard case .list(let items) = value.content else { return nil }
    if let numbers = Self.numbers(items), numbers.count == 4, numbers[2] > 0, numbers[3] > 0 {
      let (left, top) = (numbers[0], numbers[1])
      let (right, bottom) = (left + numbers[2], top + numbers[3])
      return [left, top, right, top, right, bottom, left, bottom]
    }
    let points = items.map { item -> [Double]? in
      guard case .list(let pair) = item.content, pair.count == 2 else { return nil }
      return Self.numbers(pair)
    }
    let found = points.compactMap { $0 }
    return found.count >= 3 && found.count == items.count ? found.flatMap { $0 } : nil
  }

  private static func numbers(_ values: [PipelineValue]) -> [Double]? {
    let numbers = values.compactMap { $0.scalar.flatMap(Double.init) }
    return numbers.count == values.count && numbers.allSatisfy { $0.magnitude <= 100_000 } ? numbers : nil
  }
}
