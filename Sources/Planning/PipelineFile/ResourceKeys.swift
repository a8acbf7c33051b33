import Diagnostics

/// Licences, pools and priorities: what there is of them, and what the tasks of each stage take.
///
/// One run at a time works in a production, so what a pipeline file declares is the production's.
struct ResourceKeys {
  /// At the top of the file.
  static let pipeline: [KeySpec] = [
    KeySpec(
      "licences", .counts(1...100_000),
      "how many there are of each licence, e.g. {nuke: 2}; tasks that need one wait until it is free"),
    KeySpec(
      "pools", .counts(1...100_000),
      "places in pools of your own naming, e.g. {raid: 3}: so many tasks of the stages that name it run at once"
    ),
  ]

  /// In every stage.
  static let stage: [KeySpec] = [
    KeySpec(
      "priority", .integer(-1000...1000),
      "of tasks that could start, those of the stage with more go first, and what they wait for; 0 without it"
    ),
    KeySpec(
      "licences", .counts(1...1000), "licences that each of its tasks holds while it runs, e.g. {nuke: 1}"),
    KeySpec("pools", .counts(1...1000), "places in pools that each of its tasks takes, e.g. {raid: 1}"),
  ]

  /// The keys of a kind of stage with those that every stage has.
  static func keys(of kind: any Stage.Type) -> [KeySpec] {
    let own = Set(kind.keys.map(\.name))
    return kind.keys + stage.filter { !own.contains($0.name) }
  }

  /// What there is, by the key that declares it.
  private var declared: [String: [String: Int]] = [:]

  /// What there is of each, by name.
  var tokens: [String: Int] { declared.values.reduce(into: [:]) { $0.merge($1) { first, _ in first } } }

  init(_ reader: KeyReader) {
    declared["licences"] = reader.counts("licences", in: 1...100_000)
    declared["pools"] = reader.counts("pools", in: 1...100_000)
    for entry in reader["pools"]?.entries ?? [] where declared["licences"]?[entry.key] != nil {
      reader.findings.add(
        Diagnostic(
          family: .usage, code: "pipeline.ambiguousPool", location: entry.keyLocation,
          message: "`\(entry.key)` is a licence and a pool", remedy: "Give one of them another name.",
          excerpt: entry.keyExcerpt))
    }
  }

  /// What each task of a stage takes; reports what was not declared, and more than there is.
  func tokens(of stage: String, _ reader: KeyReader, kind: any Stage.Type) -> [String: Int] {
    var tokens: [String: Int] = [:]
    for (key, noun) in [("licences", "licence"), ("pools", "pool")] {
      // A kind with this key of its own reports its form by itself.
      let counts =
        kind.keys.contains { $0.name == key }
        ? Dictionary(
          (reader[key]?.entries ?? []).compactMap { entry in
            entry.value.scalar.flatMap(Int.init).map { (entry.key, $0) }
          }, uniquingKeysWith: { first, _ in first })
        : reader.counts(key, in: 1...1000)
      for entry in reader[key]?.entries ?? [] {
        guard let count = counts[entry.key] else { continue }
        guard let capacity = declared[key]?[entry.key] else {
          reader.findings.add(unknown(entry, noun, key))
          continue
        }
        guard count <= capacity else {
          reader.findings.add(
            entry.value.error(
              "pipeline.neverFits",
              "a task of `\(stage)` takes \(count) of the \(noun) `\(entry.key)`, and there are \(capacity)",
              remedy: "Raise `\(key): {\(entry.key): \(capacity)}` at the top, or take fewer here."))
          continue
        }
        tokens[entry.key] = count
      }
    }
    return tokens
  }

  private func unknown(_ entry: PipelineValue.Entry, _ noun: String, _ key: String) -> Diagnostic {
    let other = key == "pools" ? "licences" : "pools"
    let names = (declared[key] ?? [:]).keys.sorted()
    let remedy =
      if declared[other]?[entry.key] != nil {
        "It is declared under `\(other)`: write it there."
      } else if let name = nearest(entry.key, among: names) {
        "Did you mean `\(name)`?"
      } else {
        "Declare it at the top of the file, for instance \(key): {\(entry.key): 2}."
      }
    return Diagnostic(
      family: .usage, code: "pipeline.unknownPool", location: entry.keyLocation,
      message: "the pipeline has no \(noun) `\(entry.key)`", remedy: remedy, excerpt: entry.keyExcerpt)
  }
}
