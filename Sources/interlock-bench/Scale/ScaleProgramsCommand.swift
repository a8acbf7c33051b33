import ArgumentParser
import Digests
import Engine
import Foundation
import ObjectStore
import TaskGraph
import TaskKinds

/// Tasks that each start a program, the one that the Ninja project of the same graph runs.
struct ProgramsGraph {
  let options: ScaleOptions

  private static func contents(_ chain: Int, _ step: Int) -> [UInt8] { Array("shot \(chain).\(step)\n".utf8) }

  /// Puts what they read into the store. The files of a task are known before it runs, so what a chain hands on is said
  /// by its order alone; every copy is another object.
  func prepare(_ store: ObjectStore) throws {
    let scratch = try AttemptFolder.create(in: store.production)
    let sources = try CommitGroup(store, scratch: scratch.path)
    for chain in 0..<options.chains {
      for step in 0..<options.chainLength {
        _ = try sources.add(bytes: Self.contents(chain, step), name: "shot")
      }
    }
    _ = try sources.commit()
    try scratch.remove()
  }

  func plan() throws -> Plan {
    var nodes: [TaskNode] = []
    for chain in 0..<options.chains {
      var previous: TaskKey?
      for step in 0..<options.chainLength {
        let input = ExternalTask.Input(
          stage: "copy",
          program: NinjaProject.program.map { word in
            switch word {
            case "if=$in": ExternalTask.Template([.text("if="), .value("shot")])
            case "of=$out": ExternalTask.Template([.text("of="), .value("copy")])
            default: ExternalTask.Template([.text(word)])
            }
          },
          files: [
            .init(
              name: "shot", path: "shot\(chain).\(step)", object: Digest.sha256(Self.contents(chain, step)),
              isExecutable: false)
          ],
          environment: [:], programVersion: nil, pictures: nil, firstNumber: 0, made: nil,
          outputs: [.init(name: "copy", path: "shot\(chain).\(step + 1)", suffix: "copy")], values: [:])
        let key = ExternalTask.key(input)
        nodes.append(
          TaskNode(
            key: key, kind: ExternalTask.identifier, version: ExternalTask.version, stage: "copy",
            label: "shot \(chain), copy \(step + 1)", dependencies: previous.map { [$0] } ?? [],
            payload: Array(try JSONEncoder().encode(input)), reason: "never made before"))
        previous = key
      }
    }
    return try Plan(nodes)
  }
}

/// Makes the production that `ScaleProgramsCommand` works in.
struct PrepareProgramsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(commandName: "prepare-programs", shouldDisplay: false)

  @OptionGroup var options: ScaleOptions

  func run() throws {
    try ProgramsGraph(options: options).prepare(ObjectStore(try Production.create(at: options.production)))
  }
}

/// What is timed: a whole run whose tasks each start a program, by the real `interlock-worker`.
struct ScaleProgramsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(commandName: "scale-programs", shouldDisplay: false)

  @OptionGroup var options: ScaleOptions

  func run() async throws {
    let worker = WorkerProgram(executable: try Programs.sibling("interlock-worker"))
    try await options.run(try ProgramsGraph(options: options).plan(), worker)
  }
}
