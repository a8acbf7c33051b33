import Delivery
import Digests
import Editorial
import ImageGraph
import MediaTime
import SoundMixing
import TaskGraph
import TaskKinds
import TestSupport
import Testing
import Titling

/// A kind of task with an input and every way in which it can be changed.
struct KeyedKind: Sendable, CustomTestStringConvertible {
  let name: String
  let count: Int
  /// Key and ingredients after these changes, by their numbers.
  let made: @Sendable (Set<Int>) -> (key: TaskKey, ingredients: [Ingredient])

  init<Kind: DescribedTask & SendableMetatype>(
    _ kind: Kind.Type, _ input: Kind.Input, _ changes: [@Sendable (inout Kind.Input) -> Void]
  ) {
    name = Kind.identifier
    count = changes.count
    made = { chosen in
      var changed = input
      for index in chosen.sorted() { changes[index](&changed) }
      return (Kind.key(changed), Kind.ingredients(changed))
    }
  }

  var testDescription: String { name }
}

@Suite struct KeyIngredientsTests {
  private static let other = KeySamples.digest("other")

  private static func rebuilt(_ change: (inout Encoding) -> Void) -> RenderTask.Input {
    var encoding = KeySamples.encoding
    change(&encoding)
    let nodes = Dictionary(uniqueKeysWithValues: KeySamples.nodes.map { ($0.chain, $0) })
    return RenderTask.Input(
      encoding: encoding, nodes: nodes, media: KeySamples.media,
      segments: KeySamples.nodes.enumerated().map { index, node in
        RenderTask.Segment(
          encoding: encoding.digest,
          runs: [FrameRun(chain: node.chain, first: Int64(24 * index), step: 1, count: 24)])
      })
  }

  private static func rendering(_ node: ImageNode, _ run: (inout FrameRun) -> Void = { _ in })
    -> RenderTask.Input
  {
    var frames = FrameRun(chain: node.chain, first: 0, step: 1, count: 24)
    run(&frames)
    return RenderTask.Input(
      encoding: KeySamples.encoding, nodes: [node.chain: node], media: KeySamples.media,
      segments: [RenderTask.Segment(encoding: KeySamples.encoding.digest, runs: [frames])])
  }

  private static func sized(_ change: (inout Sizing) -> Void) -> ImageNode {
    var sizing = Sizing(raster: KeySamples.raster, fit: .fill, adjustment: KeySamples.adjustment)
    change(&sizing)
    return .sizing(sizing, of: .source(KeySamples.source("A001")))
  }

  private static func drawn(_ change: (inout Graphics) -> Void) -> ImageNode {
    guard case .graphics(_, .graphics(var titles, let below)) = KeySamples.titled else {
      return KeySamples.titled
    }
    change(&titles)
    return .graphics(titles, of: below)
  }

  /// Inputs that each replace the whole: no two of a render's fields change alone.
  private static let renders: [RenderTask.Input] =
    [
      KeySamples.render, rebuilt { $0.codec = "ffv1" }, rebuilt { $0.profile = nil },
      rebuilt { $0.pixelFormat = "yuv444p10le" }, rebuilt { $0.width = 1280 }, rebuilt { $0.height = 720 },
      rebuilt { $0.rate = FrameRate(25, 1) }, rebuilt { $0.quantiser = 12 }, rebuilt { $0.quantiser = nil },
      rebuilt { $0.options["vendor"] = "abcd" }, rebuilt { $0.options["new"] = "1" },
      rebuilt { $0.tags.matrix = "smpte170m" }, rebuilt { $0.tags.range = "pc" },
      rebuilt { $0.tags.primaries = "bt2020" }, rebuilt { $0.tags.transfer = "linear" },
      rebuilt { $0.builtBy += "; x264 164" }, rebuilt { $0.builtBy = "another" },
    ]
    + ([
      KeySamples.graded("A001"), KeySamples.graded("B001"), KeySamples.composite, KeySamples.dissolve,
      KeySamples.stack, KeySamples.titled, .black(Black()),
      sized { _ in }, sized { $0.fit = .native }, sized { $0.raster.width = 642 },
      sized { $0.adjustment = nil }, sized { $0.adjustment?.crop.left = 0.100_000_000_1 },
      sized { $0.adjustment?.transform.x += 1e-9 }, sized { $0.adjustment?.windows[0][1].x = 11 },
      sized { $0.adjustment?.opacity = 0.5 }, sized { $0.adjustment?.alpha = .opaque },
      drawn { _ in }, drawn { $0.layers[0].x += 1 }, drawn { $0.layers[0].opacity = 199 },
      drawn { $0.layers[0].fade?.first = 1 }, drawn { $0.layers[0].fade = nil },
      drawn { $0.layers[0].content = .still(KeySamples.image("another")) },
      drawn { $0.layers[1].content = .roll(images: [KeySamples.image("roll 1")], step: 2) },
      drawn { $0.layers.swapAt(0, 1) }, drawn { $0.below = nil },
    ] as [ImageNode]).map { rendering($0) }
    + [
      rendering(KeySamples.graded("A001")) { $0.first = 1 },
      rendering(KeySamples.graded("A001")) { $0.count = 23 },
      rendering(KeySamples.graded("A001")) { $0 = FrameRun(chain: $0.chain, first: 23, step: -1, count: 24) },
      rendering(KeySamples.graded("A001")) { $0.step = 0 },
      rendering(KeySamples.graded("A001")) { $0.step = 2 },
    ]

  @Test func `of any two renders the keys differ exactly where the ingredients do`() {
    let made = Self.renders.map { (key: RenderTask.key($0), ingredients: RenderTask.ingredients($0)) }
    for (index, one) in made.enumerated() {
      for (place, two) in made.enumerated().dropFirst(index + 1) {
        #expect(
          (one.key == two.key) == (one.ingredients == two.ingredients), "inputs \(index) and \(place)")
      }
    }
    #expect(Set(made.map(\.key)).count == made.count, "no input is there twice")
  }

  static let kinds: [KeyedKind] = [
    KeyedKind(
      AssembleTask.self, KeySamples.assemble,
      [
        { $0.encoding.quantiser = 4 }, { $0.encoding.builtBy = "x" }, { $0.encoding.lowestPSNR = 1 },
        { $0.profile.container = .sequence }, { $0.profile.fileExtension = "mp4" },
        { $0.profile.picture.codecTag = nil }, { $0.profile.summary = "nothing that matters" },
        { $0.runs[0].count = 23 }, { $0.runs.swapAt(0, 1) }, { $0.runs[1].chain = Self.other },
        { $0.pieces[0].segment = Self.other }, { $0.mix = nil }, { $0.mix = Self.other },
        { $0.profile.sounds[0].title = "x" }, { $0.profile.sounds[1].bitRate = 128 },
        { $0.profile.sounds[1].layout = "stereo" }, { $0.profile.sounds[0].codec = .aac },
        { $0.profile.sounds.removeLast() }, { $0.chapters = nil }, { $0.chapters?.chapters[0].title = "x" },
        { $0.chapters?.chapters[0].end = 9 }, { $0.chapters?.chapters[1].start = 11 },
        { $0.startTimecode = "00:59:50:00" }, { $0.name = "nothing that matters" },
        // Where frames lean on each other it matters how they are cut into groups.
        { $0.encoding.codec = "libx264" },
      ]),
    KeyedKind(
      MixTask.self, KeySamples.mix,
      [
        { $0.mix.events[0].media = Self.other }, { $0.mix.events[0].stream = 1 },
        { $0.mix.events[0].sourceSample += 1 }, { $0.mix.events[0].mixSample += 1 },
        { $0.mix.events[0].sampleCount += 1 }, { $0.mix.events[0].fadeIn += 1 },
        { $0.mix.events[0].fadeOut += 1 }, { $0.mix.events[0].bus = .dialogue },
        { $0.mix.events[0].gain = Level(thousandths: 1) }, { $0.mix.sampleCount += 1 },
        { $0.mix.timeReference += 1 }, { $0.mix.layouts = [.stereo] }, { $0.mix.hasStems = false },
        { $0.mix.target = nil }, { $0.mix.target?.integrated = Level(thousandths: -23_000) },
        { $0.mix.target?.truePeak = Level(thousandths: -1_000) }, { $0.mix.heading = nil },
        { $0.mix.heading?.programme = "x" }, { $0.mix.heading?.startFrame = 0 }, { $0.builtBy = "FFmpeg 6" },
      ]),
    KeyedKind(
      TypesetTask.self, KeySamples.typeset,
      [
        { $0.raster.width = 642 }, { $0.requests.swapAt(0, 1) }, { $0.requests.removeLast() },
        { $0.requests[0] = .card(TitleCard(name: "main", anchor: .top, lines: KeySamples.card.lines)) },
        { input in
          var card = KeySamples.card
          card.lines[0].style.size = 12
          input.requests[0] = .card(card)
        },
        { $0.requests[2] = .glyphs("01") }, { $0.isPublished = false }, { $0.builtBy = "Pango 2" },
        { $0.requests[4] = .watermark(name: "Ada", line: "x") },
        { $0.requests[3] = .strip(BurnInStrip(items: [.text("SHOT"), .counter(digits: 11)])) },
      ]),
    KeyedKind(
      StillTask.self, KeySamples.still,
      [
        { $0.raster.height = 362 }, { $0.before = KeySamples.graded("B001") },
        { $0.after = KeySamples.graded("B001") }, { $0.before = $0.after }, { $0.frame = 13 },
        { $0.scopes = nil }, { $0.scopes?.title = "x" }, { $0.scopes?.facts[0].value = "x" },
        { $0.builtBy = "png 2" },
      ]),
    KeyedKind(
      ContactSheetTask.self, KeySamples.sheet,
      [
        { $0.programme = "x" }, { $0.facts[0] = "x" }, { $0.facts.append("x") }, { $0.raster.width = 2 },
        { $0.handles = 9 }, { $0.shots[0].event = "002" }, { $0.shots[0].name = "x" },
        { $0.shots[0].record = "x" }, { $0.shots[0].source = "x" }, { $0.shots[0].length = "x" },
        { $0.shots[0].handlesBefore = 1 }, { $0.shots[0].handlesAfter = 1 }, { $0.shots[0].notes = [] },
        { $0.shots[0].still = Self.other }, { $0.shots = [] }, { $0.builtBy = "x 1" },
      ]),
    KeyedKind(
      ConformPageTask.self, KeySamples.page,
      [
        { $0.report = Self.other }, { $0.stills = nil }, { $0.stills = Self.other },
        { $0.pictures[0][0].thumbnails = Self.other }, { $0.pictures[0][0].index = 2 },
        { $0.pictures.swapAt(0, 1) }, { $0.pictures.append([]) },
      ]),
    KeyedKind(
      ThumbnailsTask.self, KeySamples.thumbnails,
      [
        { $0.node = KeySamples.graded("A001") }, { $0.raster.width = 2 }, { $0.frames[1] = 34 },
        { $0.frames = [0] }, { $0.builtBy = "mjpeg 2" },
      ]),
    KeyedKind(
      ScreenTask.self, KeySamples.screen,
      [
        { $0.source.stream = 2 }, { $0.source.media = Self.other },
        { $0.source.interpretation.isFullRange = false }, { $0.frame = 4 }, { $0.part = nil },
        { $0.part?[2] = 8 }, { $0.media.location.modified = 0 },
      ]),
    KeyedKind(
      PublishTask.self, KeySamples.publish,
      [
        { $0.shelf = .assets }, { $0.programme = "x" }, { $0.name = "x" }, { $0.assembly = nil },
        { $0.results = [] }, { $0.results.append(Self.other) }, { $0.documents[0].object = Self.other },
        { $0.documents[0].suffix = "" }, { $0.documents[0].fileExtension = "x" }, { $0.documents = [] },
        { $0.recipe = nil }, { $0.profile = "nothing that matters" },
      ]),
    KeyedKind(
      ProbeFilesTask.self, ProbeFilesTask.Input(files: KeySamples.probeFiles),
      [{ $0.files[0].key = Self.other }, { $0.files = [] }, { $0.files.append($0.files[0]) }]),
    KeyedKind(
      FitOfflineTask.self, KeySamples.fitOffline,
      [
        { $0.view.offline = .black(Black()) }, { $0.view.raster.width = 2 }, { $0.view.masks[0][3] = 9 },
        { $0.view.masks = [] }, { $0.view.builtBy = "x" }, { $0.pairs[0].offline = 6 },
        { $0.pairs[0].frame = 8 }, { $0.pairs[0].chain = "x" }, { $0.pairs = [] },
      ]),
    KeyedKind(
      CompareOfflineTask.self, KeySamples.compareOffline,
      [
        { $0.fit.scaleX = 2 }, { $0.fit.burnIns = [] }, { $0.fit.floor = 0 },
        { $0.events[0].frameCount = 25 },
        { $0.events[0].isHeld = true }, { $0.events[0].samples[0].map = FrameMap(first: 9) },
        { $0.events[0].samples[0].limit = nil }, { $0.events[0].samples = [] }, { $0.view.builtBy = "x" },
      ]),
    KeyedKind(
      FindOfflineTask.self, KeySamples.findOffline,
      [
        { $0.fit.moveX = 2 }, { $0.node = .black(Black()) }, { $0.frameCount = 9 },
        { $0.queries[0].offline[1] = 6 }, { $0.queries[0].steps[1] = 6 }, { $0.queries = [] },
        { $0.view.raster.height = 2 },
      ]),
  ]

  @Test(arguments: KeyIngredientsTests.kinds)
  func `a change of any field changes the key exactly where it changes an ingredient`(kind: KeyedKind) {
    let plain = kind.made([])
    #expect(!plain.ingredients.isEmpty)
    for index in 0..<kind.count {
      let changed = kind.made([index])
      #expect(
        (changed.key == plain.key) == (changed.ingredients == plain.ingredients),
        "\(kind.name), change \(index)")
    }
  }

  /// Changes that come together must not hide each other.
  @Test(arguments: UInt64(1)...20)
  func `of any two inputs of a kind the keys differ exactly where the ingredients do`(seed: UInt64) {
    var random = SplitMix64(seed: seed)
    for kind in Self.kinds {
      func some() -> Set<Int> {
        // One change first at the most: a later one may need what an earlier one took away.
        Set((0..<kind.count).filter { _ in Int.random(in: 0..<kind.count, using: &random) == 0 }.prefix(1))
      }
      let (one, two) = (kind.made(some()), kind.made(some()))
      #expect(
        (one.key == two.key) == (one.ingredients == two.ingredients), "\(kind.name), seed \(seed)")
    }
  }
}
