import Diagnostics
import Editorial
import ImageGraph
import MediaTime
import TaskGraph
import TaskKinds
import Titling

/// Lays a card with the event's name over what stands for missing media, where the pipeline asks for slugs.
struct SlugCards {
  let stage: String

  /// Letters in a raster of fewer lines could not be read; a conform for its report alone has such a raster.
  private static let fewestLines = 64

  func lay(
    over picture: PictureSequence, in workspace: inout PlanningWorkspace
  ) throws -> PictureSequence {
    let events = workspace.conform.events.filter { event in
      event.fill == .slug && workspace.timeline.tracks[event.trackIndex].kind == .picture
        && !event.clip.recordRange.isEmpty && event.clip.isEnabled
    }
    guard !events.isEmpty, picture.raster.height >= Self.fewestLines else { return picture }
    let cards = events.map(card)
    var requests: [TypesetTask.Request] = []
    var numbers: [TitleCard: Int] = [:]
    for card in cards where numbers[card] == nil {
      numbers[card] = requests.count
      requests.append(.card(card))
    }
    let input = TypesetTask.Input(
      raster: picture.raster, requests: requests, isPublished: false, builtBy: workspace.tools.drawing)
    let node = TaskNode(
      key: TypesetTask.key(input), kind: TypesetTask.identifier, version: TypesetTask.version, stage: stage,
      label: "typeset \(requests.count) slugs", payload: try JSONBytes.encode(input),
      reason: "text is drawn and measured before planning", subject: "slugs",
      ingredients: TypesetTask.ingredients(input))
    guard let output = try workspace.answer(to: node, as: TypesetTask.Output.self),
      output.typeset.count == requests.count
    else { return picture }
    workspace.names.note(output.typeset, of: requests)
    var result = picture
    for (event, card) in zip(events, cards) {
      guard let drawn = numbers[card].map({ output.typeset[$0] }), !drawn.pictures.isEmpty else { continue }
      let layers = drawn.pictures.map { Graphics.Layer(.still($0.image), x: $0.x, y: $0.y) }
      result = result.laying(Graphics(purpose: .titles, layers: layers), over: event.clip.recordRange)
    }
    return result
  }

  private func card(_ event: ConformedEvent) -> TitleCard {
    let clip = event.clip
    let location = clip.location ?? SourceLocation(file: "slug")
    func line(_ text: String, _ style: String) -> TitleCard.Line? {
      guard !text.isEmpty, let style = LineStyle.standard[style] else { return nil }
      return TitleCard.Line(text: text, style: style, language: nil, location: location)
    }
    let source = [clip.sourceReel ?? clip.sourceFile ?? "", "\(clip.sourceIn)"].filter { !$0.isEmpty }
    return TitleCard(
      name: clip.event, anchor: .centre,
      lines: [
        line("Missing media", "heading"), line("\(clip.event)  \(clip.shot)", "body"),
        line(source.joined(separator: "  "), "caption"),
      ].compactMap { $0 })
  }
}
