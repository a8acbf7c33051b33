import Diagnostics
import MediaTime

/// A Final Cut Pro 7 XML file (`xmeml`, versions 1 to 5), as Final Cut Pro, Premiere, Resolve and Hiero
/// write it.
///
/// Source: Apple, Final Cut Pro XML Interchange Format (developer.apple.com, “Elements Catalog”, “XMEML
/// Topics”), which is retired but public.
struct FCP7Document: CutDocument {
  let path: String
  private let index: FCP7Index
  /// What broke off the reading of the text.
  private let fault: Diagnostic?

  /// - Throws: when nothing of the file can be read, or nothing in it is a sequence.
  static func read(path: String, bytes: [UInt8]) throws(DiagnosticList) -> FCP7Document {
    let (root, fault) = XMLReader.readWhatCan(path: path, bytes: bytes)
    guard let root, root.name == "xmeml" else {
      if let fault { throw DiagnosticList([fault]) }
      throw DiagnosticList([
        Diagnostic(
          family: .usage, code: "cut.noTimeline",
          location: root.map { $0.line.location(in: path, at: $0.offset) } ?? SourceLocation(file: path),
          message: "the file is no Final Cut Pro 7 XML: its root is `\(root?.name ?? "")`",
          remedy: "Export the sequence as Final Cut Pro 7 XML.")
      ])
    }
    let index = FCP7Index(root)
    guard !index.sequences.isEmpty else {
      let none = Diagnostic(
        family: .usage, code: "cut.noTimeline", location: root.line.location(in: path, at: root.offset),
        message: "the file holds no sequence", remedy: "Export a sequence, not only clips.")
      throw DiagnosticList((fault.map { [$0] } ?? []) + [none])
    }
    return FCP7Document(path: path, index: index, fault: fault)
  }

  private init(path: String, index: FCP7Index, fault: Diagnostic?) {
    self.path = path
    self.index = index
    self.fault = fault
  }

  var declaredRate: FrameRate? { index.topSequences.lazy.compactMap { FCP7Rate($0).rate }.first }

  var sequences: [String] { Self.labels(index.topSequences) }

  /// Names, with the id where two have the same one.
  private static func labels(_ sequences: [XMLElement]) -> [String] {
    let names = sequences.map { $0.part("name")?.text ?? "" }
    let counts = Dictionary(names.map { ($0, 1) }, uniquingKeysWith: +)
    return zip(sequences, names).map { sequence, name in
      guard counts[name, default: 1] > 1 || name.isEmpty, let id = sequence.attributes["id"] else {
        return name
      }
      return name.isEmpty ? id : "\(name) (\(id))"
    }
  }

  func timeline(sequence: String?, rate: FrameRate?, start: Timecode?) throws(DiagnosticList) -> Timeline {
    let chosen = try choose(sequence)
    guard let rate = rate ?? FCP7Rate(chosen).rate else {
      throw DiagnosticList([
        Diagnostic(
          family: .usage, code: "cut.noRate", location: chosen.line.location(in: path, at: chosen.offset),
          message: "the sequence does not say a frame rate that this program knows",
          remedy: "Give the rate, for instance 24000/1001.")
      ])
    }
    var reader = FCP7Reader(path: path, index: index)
    var timeline = reader.timeline(chosen, rate: rate, depth: 0)
    if let start { reader.move(&timeline, to: start, chosen) }
    if let declared = FCP7Rate(chosen).rate, declared != rate {
      reader.note(.inferred, "the sequence's rate is \(declared); it is read at \(rate) as asked", chosen)
    }
    let rest = index.sequences.count - 1 - reader.nestedFromBins
    if rest > 0 {
      reader.note(
        .dropped, "other sequences of the project are not part of this cut: \(rest) of them", chosen)
    }
    timeline.findings = reader.findings
    if let fault { reader.faults.add(fault) }
    timeline.faults = reader.faults.diagnostics
    return timeline
  }

  private func choose(_ name: String?) throws(DiagnosticList) -> XMLElement {
    let top = index.topSequences
    guard let name else {
      guard top.count == 1 else {
        throw DiagnosticList([
          Diagnostic(
            family: .usage, code: "cut.severalTimelines", location: SourceLocation(file: path),
            message: "the file holds \(top.count) sequences: "
              + sequences.map { "`\($0)`" }.joined(separator: ", "),
            remedy: "Choose one with --sequence.")
        ])
      }
      return top[0]
    }
    // A nested sequence may be asked for as well.
    for candidates in [top, index.sequences] {
      let labels = Self.labels(candidates)
      if let place = labels.firstIndex(of: name)
        ?? candidates.firstIndex(where: { $0.attributes["id"] == name || $0.part("name")?.text == name })
      {
        return candidates[place]
      }
    }
    let hint = nearest(name, among: sequences).map { "Did you mean `\($0)`?" }
    throw DiagnosticList([
      Diagnostic(
        family: .usage, code: "cut.noSequence", location: SourceLocation(file: path),
        message: "there is no sequence `\(name)` in the file",
        remedy: hint ?? "It holds " + sequences.map { "`\($0)`" }.joined(separator: ", ") + ".")
    ])
  }
}

/// The `rate` of an element.
struct FCP7Rate {
  /// `nil` when there is none or it says nothing that this program knows.
  var rate: FrameRate?
  /// Whether there is a `rate` at all.
  var isGiven = false

  /// `timebase` 24, 30, 48, 60 and 120 with `ntsc` run at 1000/1001 of it; 25 and 50 have no such form.
  ///
  /// Source: Apple, Elements Catalog, `rate`, `timebase`, `ntsc`.
  init(_ element: XMLElement) {
    guard let given = element.part("rate") else { return }
    isGiven = true
    guard let base = given.word("timebase") else { return }
    guard let whole = Int(base) else {
      // Some programs write the rate itself.
      rate = try? FrameRate(parsing: base)
      return
    }
    let isFast = given.flag("ntsc") ?? false
    guard (1...1000).contains(whole) else { return }
    rate = isFast && whole % 6 == 0 ? FrameRate(whole * 1000, 1001) : FrameRate(whole)
  }
}
