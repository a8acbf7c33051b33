/// The tracks that an event goes to.
struct EDLChannels: Sendable, Equatable {
  var picture: Set<Int> = []
  var sound: Set<Int> = []

  /// The highest number of a track; more digits are a slip of the hand.
  static let most = 99

  init(picture: Set<Int> = [], sound: Set<Int> = []) {
    self.picture = picture
    self.sound = sound
  }

  /// `V`, `V2`, `A`, `A3`, `AA`, `B`, `NONE` and their combinations with or without `/`; `nil` for anything else.
  init?(_ word: ArraySlice<UInt8>) {
    let text = TextLine.decode(word).uppercased()
    if text == "NONE" { return }
    guard text.utf8.count <= 32 else { return nil }
    for part in text.split(separator: "/", omittingEmptySubsequences: false) {
      guard add(part) else { return nil }
    }
  }

  private mutating func add(_ part: Substring) -> Bool {
    guard !part.isEmpty else { return false }
    var rest = part
    while let letter = rest.popFirst() {
      let digits = rest.prefix { $0.isASCII && $0.isNumber }
      rest = rest[digits.endIndex...]
      guard digits.count <= 2 else { return false }
      let number = digits.isEmpty ? 1 : Int(digits) ?? 0
      guard (1...Self.most).contains(number) else { return false }
      switch letter {
      case "V": picture.insert(number)
      case "A":
        if digits.isEmpty, rest.first == "A", rest.dropFirst().first.map({ $0.isNumber }) != true {
          rest.removeFirst()
          sound.formUnion([1, 2])
        } else {
          sound.insert(number)
        }
      case "B" where digits.isEmpty:
        picture.insert(1)
        sound.insert(1)
      default: return false
      }
    }
    return true
  }

  var isEmpty: Bool { picture.isEmpty && sound.isEmpty }

  func has(_ kind: Track.Kind) -> Bool { kind == .picture ? !picture.isEmpty : !sound.isEmpty }

  /// The word of the event line and the numbers of an `AUD` line below it, by which the list says these channels.
  ///
  /// The two channels that CMX has go into the word, further ones on the `AUD` line.
  var words: (channel: String, further: [Int]) {
    let video = picture.sorted().map { $0 == 1 ? "V" : "V\($0)" }.joined()
    let inWord = sound.filter { $0 <= 2 }
    // One channel beyond the second needs no line of its own.
    if video.isEmpty, sound.count == 1, let only = sound.first { return (only == 1 ? "A" : "A\(only)", []) }
    let audio =
      switch (inWord.contains(1), inWord.contains(2)) {
      case (true, true): "AA"
      case (true, false): "A"
      case (false, true): "A2"
      case (false, false): ""
      }
    let further = sound.filter { $0 > 2 }.sorted()
    if audio.isEmpty { return (video.isEmpty ? "NONE" : video, further) }
    if video == "V", audio == "A" { return ("B", further) }
    return (video.isEmpty ? audio : audio + "/" + video, further)
  }
}
