import ImageGraph
package import MediaTime
package import TaskGraph
import TaskKinds

extension Recipe {
  /// A program that made what a part shows, and what it was given for it.
  package struct External: Codable, Sendable {
    /// `outgoing` or `incoming` at a transition.
    package var side: String?
    package var stage: String
    /// The program and its arguments, as written.
    package var program: String
    package var version: String?
    package var task: TaskKey
    /// Its picture at each frame of the part, from 0.
    package var map: FrameMap
    /// The path of its pictures, and the number of the first.
    package var path: String
    package var firstNumber: Int64
    /// The frames it was given in the place of those of the part.
    package var given: [Part]

    /// The file or the frame of the file, at a frame of the part.
    package func picture(at frame: Int64) -> String {
      let position = map.position(at: frame)
      return NumberedPath(path)?.path(firstNumber + position) ?? "\(path), frame \(position)"
    }
  }

  /// - Parameter parts: makes parts of the frames that a program was given.
  static func externals(
    of span: PictureSpan, in workspace: PlanningWorkspace, parts: (PictureSequence) -> [Part]
  ) -> [External]? {
    guard !workspace.externals.isEmpty, span.layers.isEmpty else { return nil }
    func found(_ node: ImageNode, _ map: FrameMap, side: String?) -> [External] {
      workspace.externals(behind: [node]).compactMap { key in
        guard let external = workspace.externals[key] else { return nil }
        let first = map.position(at: 0)
        let last = map.position(at: span.count - 1)
        let range = FrameRange(start: min(first, last), count: abs(last - first) + 1)
        return External(
          side: side, stage: external.input.stage,
          program: external.input.program.map(\.written).joined(separator: " "),
          version: external.input.programVersion, task: key, map: map, path: external.input.made?.path ?? "",
          firstNumber: external.input.firstNumber,
          given: external.given.map { parts($0.trimmed(to: range)) } ?? [])
      }
    }
    let picture = span.node.withoutGraphics
    guard let (transition, outgoing, incoming) = picture.transition else {
      let all = found(picture, span.map, side: nil)
      return all.isEmpty ? nil : all
    }
    let start = span.map.position(at: 0)
    let all =
      found(outgoing, transition.outgoing.advanced(by: start), side: "outgoing")
      + found(incoming, transition.incoming.advanced(by: start), side: "incoming")
    return all.isEmpty ? nil : all
  }
}

extension Recipe.Part {
  /// The programs that made frame `frame` of the part and what they were given, for people.
  package func externalLines(at frame: Int64, indent: String = "  ") -> [String] {
    (externals ?? []).flatMap { external in
      let side = external.side.map { "\($0): " } ?? ""
      let version = external.version.map { " (\($0))" } ?? ""
      var lines = [
        "\(indent)program    \(side)\(external.stage): \(external.program)\(version), its \(external.picture(at: frame))"
      ]
      let place =
        external.map.position(at: frame)
        - min(
          external.map.position(at: 0), external.map.position(at: count - 1))
      guard let given = external.given.last(where: { $0.firstFrame <= place }) else { return lines }
      let inside = place - given.firstFrame
      let deeper = indent + "  "
      if let source = given.source {
        lines.append("\(deeper)given      \(source), frame \(given.map.position(at: inside))")
      }
      for operation in given.operations {
        lines.append("\(deeper)           \(operation.operation) \(operation.parameters)")
      }
      return lines + given.externalLines(at: inside, indent: deeper)
    }
  }
}
