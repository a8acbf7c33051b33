package import Diagnostics
package import Editorial

/// A shot that may have a comp: what the cut says about it.
package struct CompShot: Sendable {
  /// The event number as printed, such as `004`.
  package var event: String
  package var shot: String
  package var reel: String?
  package var hasMedia: Bool
  package var location: SourceLocation?

  package init(event: String, shot: String, reel: String?, hasMedia: Bool, location: SourceLocation?) {
    self.event = event
    self.shot = shot
    self.reel = reel
    self.hasMedia = hasMedia
    self.location = location
  }

  package init(_ clip: Clip, hasMedia: Bool) {
    self.init(
      event: clip.event, shot: clip.shot, reel: clip.sourceReel, hasMedia: hasMedia, location: clip.location)
  }
}

/// Finds the comp of each shot.
///
/// Precedence, the first that exists wins: the comp with the shot's name, letter for letter; the one with the event's
/// number, as printed or else as a number, unless a shot has that name; the one with the reel.
package struct CompResolver: Sendable {
  private let comps: [Comp]

  package init(_ comps: [Comp]) { self.comps = comps }

  /// The index of each shot's comp, in the order of the shots; comps without a shot and shots without media are told.
  package func resolve(_ shots: [CompShot]) -> (indices: [Int?], diagnostics: [Diagnostic]) {
    let names = Set(shots.map(\.shot))
    var used: Set<Int> = []
    var diagnostics: [Diagnostic] = []
    let indices = shots.map { shot -> Int? in
      guard let index = index(of: shot, names: names) else { return nil }
      used.insert(index)
      guard shot.hasMedia else {
        diagnostics.append(
          Diagnostic(
            severity: .warning, family: .usage, code: "comp.noPlate", location: shot.location,
            message: "event \(shot.event) has the comp `\(comps[index].name)` and no media; it stays as it is"
          ))
        return nil
      }
      return index
    }
    for (index, comp) in comps.enumerated() where !used.contains(index) {
      let suggestion = nearest(comp.name, among: shots.map(\.shot)).map { "Did you mean `\($0)`?" }
      diagnostics.append(
        Diagnostic(
          severity: .warning, family: .usage, code: "comp.unused", location: comp.location,
          message: "no shot of the cut is called `\(comp.name)`, so its comp is not used",
          remedy: suggestion ?? "A comp binds by the shot's name, then by event number, then by reel.",
          excerpt: comp.excerpt))
    }
    return (indices, diagnostics)
  }

  private func index(of shot: CompShot, names: Set<String>) -> Int? {
    if let index = comps.firstIndex(where: { $0.name == shot.shot }) { return index }
    let number = Self.number(shot.event)
    if let index = comps.firstIndex(where: { comp in
      !names.contains(comp.name)
        && (comp.name == shot.event || (number != nil && Self.number(comp.name) == number))
    }) {
      return index
    }
    guard let reel = shot.reel else { return nil }
    return comps.firstIndex { !names.contains($0.name) && $0.name == reel }
  }

  /// Digits only: `+4` and `4a` are names.
  private static func number(_ text: String) -> Int? {
    text.utf8.allSatisfy { UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 } ? Int(text) : nil
  }
}
