import Diagnostics

/// Which stage feeds which port, and the order that follows.
struct StageWiring {
  /// For each stage, the name of the stage behind each of its port keys.
  private(set) var wires: [String: [String: String]] = [:]
  /// For each stage, the names of the stages behind each of its keys that takes several.
  private(set) var lists: [String: [String: [String]]] = [:]
  /// The stages, each after those it is wired to.
  private(set) var order: [PipelineValue.Entry] = []

  init(entries: [PipelineValue.Entry], kinds: [String: any ReadableStage.Type], findings: Findings) {
    for entry in entries {
      guard let kind = kinds[entry.key] else { continue }
      for key in kind.keys {
        if case .stages(let port) = key.shape, let value = entry.value[key.name] {
          lists[entry.key, default: [:]][key.name] = value.values.compactMap { item in
            guard let source = item.scalar,
              Self.check(
                item, from: source, to: port, key: key.name, entries: entries, kinds: kinds,
                findings: findings)
            else { return nil }
            return source
          }
        }
        guard case .stage(let port) = key.shape, let value = entry.value[key.name] else { continue }
        guard let source = value.scalar else {
          findings.add(value.error("pipeline.badWire", "`\(key.name)` must be the name of one stage"))
          continue
        }
        if Self.check(
          value, from: source, to: port, key: key.name, entries: entries, kinds: kinds, findings: findings)
        {
          wires[entry.key, default: [:]][key.name] = source
        }
      }
    }
    sort(entries, findings: findings)
  }

  private static func check(
    _ value: PipelineValue, from source: String, to port: PortType, key: String,
    entries: [PipelineValue.Entry],
    kinds: [String: any ReadableStage.Type], findings: Findings
  ) -> Bool {
    guard let other = entries.first(where: { $0.key == source }) else {
      let suggestion = nearest(source, among: entries.map(\.key)).map { "Did you mean `\($0)`?" }
      findings.add(
        value.error(
          "pipeline.unknownStage", "`\(key): \(source)` names no stage",
          remedy: suggestion ?? "The stages are \(entries.map(\.key).joined(separator: ", "))."))
      return false
    }
    guard let kind = kinds[source] else { return false }
    if kind.outputs.contains(port) { return true }
    let makes = kind.outputs.map(\.rawValue).joined(separator: " and ")
    let line = other.keyLocation.line.map { " (line \($0))" } ?? ""
    findings.add(
      value.error(
        "pipeline.wrongPort",
        "`\(key): \(source)` needs a \(port.rawValue), but `\(source)`\(line) is \(kind.kind), which makes "
          + (makes.isEmpty ? "no output for other stages" : makes),
        remedy: "Wire `\(key)` to a stage that makes a \(port.rawValue)."))
    findings.add(
      Diagnostic(
        severity: .note, family: .usage, code: "pipeline.wrongPort", location: other.keyLocation,
        message: "`\(source)` is declared here", remedy: nil, excerpt: other.keyExcerpt))
    return false
  }

  /// Wires to outputs that a kind of stage can have and that this one was not asked for.
  static func checkPorts(
    of stages: [any Stage], entries: [PipelineValue.Entry], findings: Findings
  ) {
    for stage in stages {
      for key in type(of: stage).keys {
        guard case .stage(let port) = key.shape, let source = stage.declaration.wires[key.name],
          let other = stages.first(where: { $0.declaration.name == source }), !other.ports.contains(port),
          let value = entries.first(where: { $0.key == stage.declaration.name })?.value[key.name]
        else { continue }
        findings.add(
          value.error(
            "pipeline.wrongPort",
            "`\(key.name): \(source)` needs a \(port.rawValue), and `\(source)` makes none",
            remedy: "Give `\(source)` such an output, or wire `\(key.name)` to another stage."))
      }
    }
  }

  private mutating func sort(_ entries: [PipelineValue.Entry], findings: Findings) {
    var placed: Set<String> = []
    var waiting = entries
    while !waiting.isEmpty {
      let ready = waiting.filter { entry in
        (wires[entry.key] ?? [:]).values.allSatisfy(placed.contains)
          && (lists[entry.key] ?? [:]).values.joined().allSatisfy(placed.contains)
      }
      guard !ready.isEmpty else {
        findings.add(
          Diagnostic(
            severity: .error, family: .usage, code: "pipeline.cycle", location: waiting[0].keyLocation,
            message:
              "the stages \(waiting.map(\.key).joined(separator: ", ")) wait for each other in a circle",
            remedy: "Let each stage take its input from a stage before it.", excerpt: waiting[0].keyExcerpt
          ))
        return
      }
      order += ready
      placed.formUnion(ready.map(\.key))
      waiting.removeAll { placed.contains($0.key) }
    }
  }
}
