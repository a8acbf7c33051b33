package import Diagnostics

/// The corrections of an ASC CDL file: `.ccc`, `.cdl` or `.cc`.
///
/// Source: ASC CDL v1.2. Unknown elements are ignored, as the specification asks; names of the older drafts
/// (`ASC_SOP`, `ASC_SAT`, `SATNode`) are accepted.
package struct ColorDecisionCollection: Sendable {
  package struct Entry: Sendable, Hashable {
    /// The correction's id; `nil` when it has none.
    package var id: String?
    package var decision: ColorDecision
    package var location: SourceLocation

    package init(id: String?, decision: ColorDecision, location: SourceLocation) {
      self.id = id
      self.decision = decision
      self.location = location
    }
  }

  /// As the user typed it.
  package var path: String
  /// In file order.
  package var entries: [Entry]

  package init(path: String, entries: [Entry]) {
    self.path = path
    self.entries = entries
  }

  /// Larger files are refused.
  package static let largestFile = 16 << 20

  /// Reads a collection; the format follows from the root element.
  ///
  /// - Throws: every fault at once: malformed XML, wrong numbers, two corrections with one id.
  package static func read(path: String, bytes: [UInt8]) throws(DiagnosticList) -> ColorDecisionCollection {
    guard bytes.count <= largestFile else {
      throw DiagnosticList([
        Diagnostic(
          family: .usage, code: "cdl.tooLarge", location: SourceLocation(file: path),
          message: "the file has \(bytes.count) bytes; more than \(largestFile >> 20) MiB are not read")
      ])
    }
    let root = try XMLReader.read(path: path, bytes: bytes)
    var reader = CollectionReader(path: path)
    reader.read(root)
    try reader.faults.throwIfAny()
    return ColorDecisionCollection(path: path, entries: reader.entries)
  }
}

private struct CollectionReader {
  let path: String
  var entries: [ColorDecisionCollection.Entry] = []
  var faults = FaultList()
  private var places: [String: SourceLocation] = [:]

  init(path: String) { self.path = path }

  mutating func read(_ root: XMLElement) {
    switch root.name {
    case "ColorCorrection": readCorrection(root)
    case "ColorCorrectionCollection":
      for correction in root.children("ColorCorrection") { readCorrection(correction) }
    case "ColorDecisionList":
      for decision in root.children("ColorDecision") {
        for correction in decision.children("ColorCorrection") { readCorrection(correction) }
      }
    default:
      fault(
        "cdl.notCDL", root, "`\(root.name)` is not a colour decision list",
        "The file holds a ColorCorrectionCollection, a ColorDecisionList or a ColorCorrection.")
      return
    }
    if entries.isEmpty, faults.isEmpty { fault("cdl.empty", root, "there is no ColorCorrection in the file") }
  }

  private mutating func fault(
    _ code: String, _ element: XMLElement, _ message: String, _ remedy: String? = nil
  ) {
    faults.add(
      Diagnostic(
        family: .usage, code: code, location: element.line.location(in: path, at: element.offset),
        message: message,
        remedy: remedy, excerpt: element.line.text))
  }

  private mutating func readCorrection(_ element: XMLElement) {
    let location = element.line.location(in: path, at: element.offset)
    var decision = ColorDecision()
    for node in element.children("SOPNode", "ASC_SOP") {
      if let numbers = numbers(node, "Slope", count: 3, isAllowed: { $0 >= 0 }, "not negative") {
        decision.slope = numbers
      }
      if let numbers = numbers(node, "Offset", count: 3, isAllowed: { _ in true }, "") {
        decision.offset = numbers
      }
      if let numbers = numbers(node, "Power", count: 3, isAllowed: { $0 > 0 }, "greater than 0") {
        decision.power = numbers
      }
    }
    for node in element.children("SatNode", "SATNode", "ASC_SAT") {
      if let numbers = numbers(node, "Saturation", count: 1, isAllowed: { $0 >= 0 }, "not negative") {
        decision.saturation = numbers[0]
      }
    }
    let id = element.attributes["id"].map(\.trimmed).flatMap { $0.isEmpty ? nil : $0 }
    if let id {
      if let earlier = places[id] {
        fault(
          "cdl.sameID", element, "the id `\(id)` is used twice",
          "The other one is at \(earlier). Give each its own id.")
      }
      places[id] = location
    }
    entries.append(ColorDecisionCollection.Entry(id: id, decision: decision, location: location))
  }

  private mutating func numbers(
    _ node: XMLElement, _ name: String, count: Int, isAllowed: (Double) -> Bool, _ rule: String
  ) -> [Double]? {
    guard let element = node.children(name).first else { return nil }
    let words = element.text.split(whereSeparator: \.isWhitespace)
    let numbers = words.prefix(count + 1).compactMap { Double($0) }
    guard words.count == count, numbers.count == count, numbers.allSatisfy(\.isFinite) else {
      fault("cdl.badNumber", element, "`\(name)` needs \(count == 1 ? "one number" : "\(count) numbers")")
      return nil
    }
    guard numbers.allSatisfy(isAllowed) else {
      fault("cdl.outOfRange", element, "`\(name)` has to be \(rule)")
      return nil
    }
    return numbers
  }
}
