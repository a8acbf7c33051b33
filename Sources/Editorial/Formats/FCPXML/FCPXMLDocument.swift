import Diagnostics
import MediaTime

/// An FCPXML file: its projects, not yet at a rate.
///
/// Sources: Apple, "FCPXML reference" and the document type definitions of versions 1.0 to 1.13; the order of
/// elements has changed between versions and is not relied on. The reader of OpenTimelineIO's adapter was not followed:
/// it takes the rate of a project for that of its media.
struct FCPXMLDocument: CutDocument {
  struct Project {
    var name: String
    var sequence: XMLElement
    /// `nil` for a compound clip of a file without projects.
    var project: XMLElement?
    var event: XMLElement?
  }

  let path: String
  let root: XMLElement
  let projects: [Project]
  /// Compound clips that clips of the file's events show, when it has no project.
  let compounds: [Project]
  let resources: FCPXMLResources

  /// - Throws: the fault of the XML.
  static func read(path: String, bytes: [UInt8]) throws(DiagnosticList) -> FCPXMLDocument {
    let root = try XMLReader.read(path: path, bytes: bytes)
    guard root.name == "fcpxml" else {
      throw DiagnosticList([
        root.diagnostic(
          "cut.noTimeline", in: path, "the document is <\(root.name)>, not <fcpxml>",
          "Export the project as XML from Final Cut Pro.")
      ])
    }
    var projects: [Project] = []
    var clips: [XMLElement] = []
    var lists = root.children("resources")
    // Events lie in a library or, up to version 1.4, directly in the document; version 1.0 has one project only.
    for holder in [root] + root.children("library", "import-options") {
      for child in holder.children {
        switch child.name {
        case "event":
          for item in child.children {
            if item.name == "project" { Self.add(item, of: child, to: &projects) } else { clips.append(item) }
          }
        case "project":
          lists += child.children("resources")
          Self.add(child, of: nil, to: &projects)
        default: clips.append(child)
        }
      }
    }
    let resources = FCPXMLResources(lists)
    var compounds: [Project] = []
    if projects.isEmpty {
      var seen: Set<String> = []
      for clip in clips where clip.name == "ref-clip" {
        guard let id = clip.attributes["ref"], seen.insert(id).inserted, let media = resources.media[id],
          let sequence = media.children("sequence").first
        else { continue }
        compounds.append(
          Project(name: media.attributes["name"] ?? id, sequence: sequence, project: nil, event: nil))
      }
    }
    return FCPXMLDocument(
      path: path, root: root, projects: distinct(projects), compounds: distinct(compounds),
      resources: resources)
  }

  private static func add(_ element: XMLElement, of event: XMLElement?, to projects: inout [Project]) {
    for sequence in element.children("sequence") {
      projects.append(
        Project(
          name: element.attributes["name"] ?? "", sequence: sequence, project: element, event: event))
    }
  }

  /// Names that are there several times get their event's name before, then a number behind.
  private static func distinct(_ projects: [Project]) -> [Project] {
    var projects = projects
    func counts() -> [String: Int] { projects.reduce(into: [:]) { $0[$1.name, default: 0] += 1 } }
    let first = counts()
    for index in projects.indices where first[projects[index].name] ?? 0 > 1 {
      guard let event = projects[index].event?.attributes["name"] else { continue }
      projects[index].name = event + "/" + projects[index].name
    }
    let second = counts()
    var used: [String: Int] = [:]
    for index in projects.indices where second[projects[index].name] ?? 0 > 1 {
      let count = used[projects[index].name, default: 0] + 1
      used[projects[index].name] = count
      projects[index].name += " (\(count))"
    }
    return projects
  }

  /// The rate that all projects have; `nil` when they differ, so that the chosen one's counts.
  var declaredRate: FrameRate? {
    let rates = Set((projects.isEmpty ? compounds : projects).map { resources.format($0.sequence)?.rate })
    return rates.count == 1 ? rates.first ?? nil : nil
  }

  var sequences: [String] { (projects.isEmpty ? compounds : projects).map(\.name) }

  func timeline(sequence: String?, rate: FrameRate?, start: Timecode?) throws(DiagnosticList) -> Timeline {
    let project = try chosen(sequence)
    guard rate ?? resources.format(project.sequence)?.rate != nil else {
      throw DiagnosticList([
        project.sequence.diagnostic(
          "cut.noRate", in: path, "the format of `\(project.name)` does not say its frame duration",
          "Give the rate, for instance 24000/1001.")
      ])
    }
    let context = FCPXMLContext(path: path, resources: resources)
    var timeline = FCPXMLSequence.timeline(project.sequence, name: project.name, rate: rate, context: context)
    timeline.metadata["fcpx"] = metadata(project)
    if let start { FCPXMLSequence.move(&timeline, to: start, project.sequence, context: context) }
    timeline.findings = context.findings
    timeline.faults = context.faults.diagnostics
    return timeline
  }

  private func chosen(_ name: String?) throws(DiagnosticList) -> Project {
    let known = projects + compounds
    if let name {
      if let project = known.first(where: { $0.name == name }) { return project }
      let near = nearest(name, among: sequences).map { " Did you mean `\($0)`?" } ?? ""
      throw DiagnosticList([
        Diagnostic(
          family: .usage, code: "cut.noSequence", location: SourceLocation(file: path),
          message: "the file holds no project `\(name)`",
          remedy: known.isEmpty ? "It holds none at all." : "It holds \(Self.listing(sequences)).\(near)")
      ])
    }
    if projects.count == 1 { return projects[0] }
    if projects.count > 1 {
      throw DiagnosticList([
        Diagnostic(
          family: .usage, code: "cut.severalSequences", location: SourceLocation(file: path),
          message: "the file holds \(projects.count) projects: \(Self.listing(sequences))",
          remedy: "Choose one with `--sequence NAME`, or export one project.")
      ])
    }
    let choice =
      compounds.isEmpty
      ? "" : " Its compound clips can be chosen with `--sequence`: \(Self.listing(sequences))."
    throw DiagnosticList([
      root.diagnostic(
        "cut.noTimeline", in: path, "the file holds clips of an event but no project, so nothing says a cut",
        "Select the project in Final Cut Pro and export it with File > Export XML.\(choice)")
    ])
  }

  private static func listing(_ names: [String]) -> String {
    let shown = names.prefix(12).map { "`\($0)`" }.joined(separator: ", ")
    return names.count > 12 ? shown + " and \(names.count - 12) more" : shown
  }

  private func metadata(_ project: Project) -> Metadata.Value {
    var entries: [Metadata.Entry] = []
    func add(_ key: String, _ value: String?) {
      if let value { entries.append(.init(key: key, value: .string(value))) }
    }
    add("version", root.attributes["version"])
    add("library", root.children("library").first?.attributes["location"])
    add("event", project.event?.attributes["name"])
    add("project", project.project?.attributes["name"])
    add("uid", project.project?.attributes["uid"])
    add("modDate", project.project?.attributes["modDate"])
    for key in ["duration", "audioLayout", "audioRate", "renderFormat"] {
      add(key, project.sequence.attributes[key])
    }
    add("format", resources.format(project.sequence)?.name)
    if let size = resources.format(project.sequence)?.size { add("raster", "\(size.width)x\(size.height)") }
    let notes = project.sequence.children("note").map(\.text)
    if !notes.isEmpty { add("note", notes.joined(separator: "\n")) }
    return .object(entries + FCPXMLSequence.entries(of: project.sequence))
  }
}
