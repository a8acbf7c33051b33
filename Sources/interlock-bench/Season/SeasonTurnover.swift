import Foundation

/// What editorial, grading and titles hand over for one programme of the season: cut, grades, comps, titles, credits
/// and the pipeline file; and which media they name.
struct SeasonTurnover {
  /// From 1.
  let programme: Int
  var shots = 600
  var frames = 65_000
  /// Clips of its own: some are used by two shots.
  var clips = 480

  /// Frames of every clip.
  static let clipFrames = 480
  /// Clips that every programme may use.
  static let libraryClips = 24
  /// Frames wanted before and after every shot.
  private static let handles = 8
  /// Frames of a clip before its first use: handles, and those that a dissolve takes.
  private static let lead = 24
  /// An hour of labels: where media and programmes start.
  private static let hour = 86_400
  private static let dissolve = 12

  var name: String { "episode-" + (programme < 10 ? "0\(programme)" : "\(programme)") }

  /// Reels are file names up to their underscore.
  static func reel(_ letter: Character, _ number: Int) -> String {
    letter.description + String("000\(number)".suffix(4)) + "C001"
  }

  /// `A` for the first programme; the library has `L`.
  private var letter: Character { Character(Unicode.Scalar(UInt8(ascii: "A") + UInt8(programme - 1))) }

  var ownReels: [String] { (0..<clips).map { Self.reel(letter, $0) } }
  static var libraryReels: [String] { (0..<libraryClips).map { reel("L", $0) } }

  private func shotName(_ index: Int) -> String {
    "E" + String("0\(programme)".suffix(2)) + "_" + String("000\((index + 1) * 10)".suffix(5))
  }

  // MARK: The cut

  private struct Shot {
    var reel: String
    /// Label of its first source frame.
    var source: Int
    /// From the first frame of the programme.
    var record: Int
    var count: Int
    var startsWithDissolve: Bool
    var isRetimed: Bool
  }

  /// Lengths from 24 frames to some seconds, different in every programme, that fill it exactly.
  private func lengths() -> [Int] {
    var state = UInt64(programme)
    var weights: [Int] = []
    for _ in 0..<shots {
      // Knuth's MMIX generator: the cut is the same every time.
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      weights.append(Int(state >> 33) % 200)
    }
    let shortest = min(24, frames / shots)
    let total = max(1, weights.reduce(0, +))
    // Ends are rounded, not lengths, so that the last shot is one like the others.
    var (sum, end) = (0, 0)
    return weights.enumerated().map { index, weight in
      sum += weight
      let next = shortest * (index + 1) + sum * (frames - shortest * shots) / total
      defer { end = next }
      return next - end
    }
  }

  private func cutShots() -> [Shot] {
    var record = 0
    return lengths().enumerated().map { index, count in
      defer { record += count }
      // Stock shots come back in other programmes with the same frames.
      let isStock = index % 25 == 12
      let clip = isStock ? index / 25 % Self.libraryClips : index * clips / shots
      // The second shot of a clip goes on later in it.
      let isSecond = !isStock && index > 0 && (index - 1) * clips / shots == clip
      let last = max(0, Self.clipFrames - 2 * count - 2 * Self.lead)
      return Shot(
        reel: isStock ? Self.reel("L", clip) : Self.reel(letter, clip),
        source: Self.hour + Self.lead + (isSecond ? min(last, 120) : 0), record: record, count: count,
        startsWithDissolve: index % 40 == 20, isRetimed: index % 100 == 50 && count < 200)
    }
  }

  /// A list with the picture and three tracks of sound.
  var cut: String {
    var lines = ["TITLE: \(name)", "FCM: NON-DROP FRAME", ""]
    var number = 0
    func add(_ reel: String, _ track: String, _ effect: String, _ source: Range<Int>, _ record: Range<Int>) {
      let times = [source.lowerBound, source.upperBound, record.lowerBound, record.upperBound].map(Self.label)
      lines.append(
        String("00000\(number)".suffix(6)) + "  \(reel) "
          + track.padding(toLength: 6, withPad: " ", startingAt: 0)
          + effect.padding(toLength: 9, withPad: " ", startingAt: 0) + times.joined(separator: " "))
    }
    var previous: Shot?
    for (index, shot) in cutShots().enumerated() {
      let record = Self.hour + shot.record..<Self.hour + shot.record + shot.count
      let source = shot.source..<shot.source + shot.count * (shot.isRetimed ? 2 : 1)
      number += 1
      if shot.startsWithDissolve, let previous {
        let end = previous.source + previous.count * (previous.isRetimed ? 2 : 1)
        add(previous.reel, "V", "C", end..<end, record.lowerBound..<record.lowerBound)
        add(shot.reel, "V", "D    0\(Self.dissolve)", source, record)
        lines += [
          "EFFECTS NAME IS CROSS DISSOLVE", "* FROM CLIP NAME:  \(shotName(index - 1))",
          "* TO CLIP NAME:  \(shotName(index))",
        ]
      } else {
        add(shot.reel, "V", "C", source, record)
        lines.append("* FROM CLIP NAME:  \(shotName(index))")
      }
      if shot.isRetimed {
        lines.append("M2   \(shot.reel)  048.0                \(Self.label(source.lowerBound))")
      }
      let sound = shot.source..<shot.source + shot.count
      number += 1
      add(shot.reel, "A", "C", sound, record)
      if index % 2 == 0 {
        number += 1
        add(Self.reel("L", (index + programme) % Self.libraryClips), "A2", "C", sound, record)
      }
      if index % 30 == 0 {
        number += 1
        let count = min(400, frames - shot.record)
        let start = Self.hour + Self.lead
        add(
          Self.reel("L", index / 30 % Self.libraryClips), "A3", "C", start..<start + count,
          record.lowerBound..<record.lowerBound + count)
      }
      previous = shot
    }
    return lines.joined(separator: "\n") + "\n"
  }

  private static func label(_ frame: Int) -> String {
    [frame / 86_400, frame / 1440 % 60, frame / 24 % 60, frame % 24]
      .map { $0 < 10 ? "0\($0)" : "\($0)" }.joined(separator: ":")
  }

  // MARK: Grades, comps, titles

  /// A correction for every shot.
  var grades: String {
    var lines = [
      #"<?xml version="1.0" encoding="UTF-8"?>"#,
      #"<ColorCorrectionCollection xmlns="urn:ASC:CDL:v1.2">"#,
    ]
    for index in 0..<shots {
      func number(_ value: Int) -> String { String(format: "%.4f", Double(value) / 10_000) }
      let (a, b, c) = (index * 37 % 900, index * 53 % 700, index * 71 % 500)
      lines += [
        #"<ColorCorrection id="\#(shotName(index))">"#,
        "<SOPNode><Slope>\(number(9_600 + a)) \(number(9_700 + b)) \(number(9_800 + c))</Slope>",
        "<Offset>\(number(a / 10)) \(number(b / 10)) \(number(c / 10))</Offset>",
        "<Power>\(number(9_800 + c)) \(number(9_900 + a / 3)) \(number(10_000 + b / 4))</Power></SOPNode>",
        "<SatNode><Saturation>\(number(9_000 + a + b))</Saturation></SatNode></ColorCorrection>",
      ]
    }
    return (lines + ["</ColorCorrectionCollection>"]).joined(separator: "\n") + "\n"
  }

  /// Every twentieth shot has an element over its plate.
  var comps: String {
    "comps:\n"
      + stride(from: 5, to: shots, by: 20).map { index in
        let element = Self.reel("L", index / 20 % Self.libraryClips)
        return """
            \(shotName(index)):
              - plate
              - element: {media: \(element)_R1.mp4, merge: screen, fit: fill, beyond: loop, opacity: 0.6}

          """
      }.joined()
  }

  /// A main title and twelve lower thirds.
  var titles: String {
    var text = """
      titles: 1
      styles:
        title: {family: Noto Serif, size: 12, case: upper}
        name: {family: Noto Sans, size: 5}
      cards:
        main:
          at: "\(Self.label(Self.hour + frames / 50))"
          duration: 96
          fade-in: 12
          fade-out: 12
          position: centre
          lines:
            - {text: "Episode \(programme)", style: title}

      """
    for number in 1...12 {
      text += """
          person-\(number):
            at: "\(Self.label(Self.hour + frames / 20 + number * frames / 20))"
            duration: 72
            fade-in: 8
            fade-out: 8
            position: bottom-left
            lines:
              - {text: "Person \(number)", style: name}

        """
    }
    return text
  }

  var credits: String {
    "department,role,name,layout,language,logo\n"
      + (0..<160).map { index in
        (index % 16 == 0 ? "Department \(index / 16 + 1)" : "")
          + ",Role \(index + 1),Name \(index + 1),pair,en,\n"
      }.joined()
  }

  // MARK: The pipeline

  var pipeline: String {
    """
    interlock: 1
    programme: \(name)
    timeline:
      cut: \(name).edl
      rate: 24000/1001
      start: "01:00:00:00"
      media: [../media/\(name), ../media/library]
      handles: \(Self.handles)
    raster: \(SeasonMedia.width)x\(SeasonMedia.height)
    stages:
      edit:   {kind: editing}
      comp:   {kind: vfx-compositing, picture: edit, shots: \(name)-comps.yaml}
      grade:  {kind: color-grade, picture: comp, cdl: \(name).ccc, look: show.cube}
      titles: {kind: titles, picture: grade, cards: \(name)-titles.yaml, credits: \(name)-credits.csv, roll: {at: "\(Self.label(Self.hour + frames * 24 / 25))"}}
      mix:
        kind: sound-mix
        sound: edit
        tracks: {A1: dialogue, A2: {bus: effects, gain: -3 dB}, A3: {bus: music, gain: -6 dB}}
        layouts: [stereo, "5.1"]
        loudness: {anchor: programme, integrated: -24 LKFS, truePeak: -2 dBTP}
      master:          {kind: delivery, picture: titles, sound: mix, profile: prores-422hq-51}
      master-stereo:   {kind: delivery, picture: titles, sound: mix, profile: master-stereo}
      master-picture:  {kind: delivery, picture: titles, profile: master-picture}
      textless:        {kind: delivery, picture: grade, sound: mix, profile: prores-422hq-51}
      textless-stereo: {kind: delivery, picture: grade, sound: mix, profile: master-stereo}
      archive:         {kind: delivery, picture: titles, sound: mix, profile: archive-4444}
      archive-textless: {kind: delivery, picture: grade, sound: mix, profile: archive-4444}
      ungraded:        {kind: delivery, picture: comp, profile: master-picture}
      stills:          {kind: delivery, picture: titles, profile: stills-16bit, frames: "\(Self.label(Self.hour + frames / 2))-\(Self.label(Self.hour + frames / 2 + 48))"}
      review:          {kind: delivery, picture: titles, sound: mix, profile: review-h264}
      screener:        {kind: delivery, picture: titles, sound: mix, profile: review-h264, recipient: "Broadcaster, Acquisitions"}
      press:           {kind: delivery, picture: titles, sound: mix, profile: review-h264, recipient: "Press, Screening copy"}
      for-sound:       {kind: delivery, picture: grade, sound: mix, profile: review-h264, burn-in: record, recipient: "Sound department"}
      for-vfx:         {kind: delivery, picture: grade, sound: mix, profile: review-h264, burn-in: shot, recipient: "VFX department"}
      for-dubbing:     {kind: delivery, picture: titles, sound: mix, profile: review-h264, burn-in: shot, recipient: "Dubbing studio"}

    """
  }
}
