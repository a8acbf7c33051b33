import Delivery
import Diagnostics
import Digests
import Editorial
import ImageGraph
import MediaTime
import SoundMixing
import TaskGraph
import TaskKinds
import Titling

/// One input of every kind of task, with every field set to something.
enum KeySamples {
  static func digest(_ name: String) -> Digest { Digest.sha256(Array(name.utf8)) }

  static func source(_ name: String) -> PictureSource {
    PictureSource(
      media: digest(name), stream: 1, interpretation: Interpretation(matrix: .bt601, isFullRange: true))
  }

  static func location(_ name: String) -> MediaLocation {
    MediaLocation(path: "/media/\(name).mov", root: "/media", byteCount: 12, modified: 7)
  }

  static let media: [String: RenderTask.Media] = [
    digest("A001").hex: RenderTask.Media(location: location("A001"), sampleAspect: .one),
    digest("B001").hex: RenderTask.Media(location: location("B001"), sampleAspect: .one),
  ]

  static let raster = Raster(width: 640, height: 360)

  static let adjustment = Sizing.Adjustment(
    crop: Sizing.Adjustment.Edges(left: 0.1, right: 0.05, top: 0.2, bottom: 0.15),
    transform: Affine(xx: 1.25, xy: 0.01, yx: -0.01, yy: 1.25, x: 12, y: -3),
    windows: [[Point(x: 0, y: 0), Point(x: 10, y: 0), Point(x: 10, y: 10)]], opacity: 0.75, alpha: .straight)

  static let grade = Grade(
    slope: [1.02, 1, 0.98], offset: [0.01, 0, -0.01], power: [1, 1.1, 1], saturation: 0.9)

  static func graded(_ name: String) -> ImageNode {
    .look(
      Look(table: digest("show.cube")),
      of: .grade(
        grade,
        of: .sizing(Sizing(raster: raster, fit: .fill, adjustment: adjustment), of: .source(source(name)))))
  }

  static let composite = ImageNode.sizing(
    Sizing(raster: raster, fit: .letterbox),
    of: .composite(
      Composite(
        raster: raster, sampleAspect: Rational(16, 15),
        layers: [
          Composite.Layer(
            merge: .over, map: FrameMap(first: 3), count: 40, beyond: .hold, alpha: .premultiplied,
            isLinear: true, opacity: 0.5),
          Composite.Layer(merge: .screen, map: FrameMap(first: 0), count: 10),
        ]), of: [.source(source("A001")), .source(source("B001"))]))

  static let dissolve = ImageNode.transition(
    Transition(kind: .dissolve, count: 8, outgoing: FrameMap(first: 20), incoming: FrameMap(first: 4)),
    outgoing: graded("A001"), incoming: graded("B001"))

  static let stack = ImageNode.layers(
    Layering(layers: [
      Layering.Layer(map: FrameMap(first: 0)), Layering.Layer(blend: .multiply, map: FrameMap(first: 9)),
    ]), of: [graded("A001"), .black(Black())])

  static let titled = ImageNode.graphics(
    Graphics(
      purpose: .burnIn,
      layers: [
        Graphics.Layer(
          .counter(
            Graphics.Counter(
              glyphs: image("glyphs"), alphabet: "0123456789:;-",
              style: .timecode(start: 86_400, rate: FrameRate(24_000, 1001), isDropFrame: false),
              map: FrameMap(first: 5))), x: 4, y: 6),
        Graphics.Layer(
          .counter(
            Graphics.Counter(
              glyphs: image("glyphs"), alphabet: "0123456789:;-", style: .number(offset: 1, digits: 5),
              map: FrameMap(first: 5))), x: 40, y: 6),
      ]),
    of: .graphics(
      Graphics(
        purpose: .titles,
        layers: [
          Graphics.Layer(
            .still(image("card")), x: 10, y: 20, opacity: 200,
            fade: Graphics.Fade(first: 0, fadeIn: 4, end: 40, fadeOut: 6)),
          Graphics.Layer(.roll(images: [image("roll 1"), image("roll 2")], step: 2), x: 0, y: 360),
        ], below: FrameMap(first: 7)), of: graded("A001")))

  static func image(_ name: String) -> Graphics.Image {
    Graphics.Image(object: digest(name), raster: Raster(width: 100, height: 20))
  }

  static let encoding = Encoding(
    codec: "prores_ks", profile: 3, pixelFormat: "yuv422p10le", width: 640, height: 360,
    rate: FrameRate(24_000, 1001), quantiser: 9, options: ["vendor": "apl0", "mbs_per_slice": "8"],
    tags: ColourTags(primaries: "bt709", transfer: "bt709", matrix: "bt709", range: "tv"),
    builtBy: "FFmpeg 5.1.9, libavcodec 59.37.100; kernels 1", lowestPSNR: 40)

  static let nodes = [graded("A001"), composite, dissolve, stack, titled]

  static let render: RenderTask.Input = {
    let byChain = Dictionary(uniqueKeysWithValues: nodes.map { ($0.chain, $0) })
    let segments = nodes.enumerated().map { index, node in
      RenderTask.Segment(
        encoding: encoding.digest,
        runs: [FrameRun(chain: node.chain, first: Int64(24 * index), step: 1, count: 24)])
    }
    return RenderTask.Input(encoding: encoding, nodes: byChain, media: media, segments: segments)
  }()

  static let profile = DeliveryProfile(
    name: "prores-422hq", summary: "ProRes", container: .mov, fileExtension: "mov",
    picture: DeliveryProfile.Picture(
      codec: "prores_ks", profile: 3, pixelFormat: "yuv422p10le", quantiser: 9, options: ["vendor": "apl0"],
      codecTag: "apch", lowestPSNR: 40),
    tags: encoding.tags,
    sounds: [
      DeliveryProfile.Sound(codec: .pcm, layout: "stereo", title: "Stereo"),
      DeliveryProfile.Sound(codec: .aac, layout: "5.1", title: "Surround", bitRate: 384),
    ], chapters: .webvtt)

  static let assemble = AssembleTask.Input(
    profile: profile, encoding: encoding,
    runs: [
      FrameRun(chain: digest("chain 1"), first: 0, step: 1, count: 24),
      FrameRun(chain: digest("chain 2"), first: 90, step: -1, count: 12),
    ], pieces: [AssembleTask.Piece(segment: digest("segment"), offset: 2, count: 24, step: 1)],
    mix: digest("mix"),
    chapters: ChapterList(markers: [(0, "One"), (10, "Two")], range: FrameRange(start: 0, count: 36)),
    startTimecode: "01:00:00:00", startFrame: 86_400, name: "test_master")

  static let mix = MixTask.Input(
    mix: MixDescription(
      events: [
        MixEvent(
          media: digest("1A"), stream: 0, sourceSample: 480, mixSample: 0, sampleCount: 4_800, fadeIn: 48,
          fadeOut: 96, bus: .music, gain: Level(thousandths: -6_000), track: "A4", event: "003")
      ], sampleCount: 96_000, timeReference: 172_800_000, layouts: [.stereo, .surround], hasStems: true,
      target: LoudnessTarget(integrated: Level(thousandths: -24_000), truePeak: Level(thousandths: -2_000)),
      heading: ReportHeading(
        programme: "test", rate: FrameRate(24_000, 1001), startFrame: 86_400, isDropFrame: false)),
    media: [digest("1A").hex: location("1A")], builtBy: "FFmpeg 5.1.9")

  static let place = SourceLocation(file: "titles.yaml", line: 3)

  static let credits = Credits(blocks: [
    Credits.Block(
      heading: "Camera", headingLocation: place, layout: .pair,
      entries: [Credits.Entry(role: "Camera", name: "Ada Example", language: "en", location: place)])
  ])

  static let card = TitleCard(
    name: "main", anchor: .lowerThird,
    lines: [
      TitleCard.Line(
        text: "THE FILM", style: LineStyle(size: 13, isBold: true, tracking: 0.1), language: "en",
        location: place)
    ])

  static let typeset = TypesetTask.Input(
    raster: raster,
    requests: [
      .card(card), .credits(credits), .glyphs("0123456789"),
      .strip(BurnInStrip(items: [.text("SHOT"), .caption("TC"), .counter(digits: 11)])),
      .watermark(name: "Ada", line: "Ada · review copy"),
    ], isPublished: true, builtBy: "Pango 1.50")

  static let still = StillTask.Input(
    raster: raster, before: .sizing(Sizing(raster: raster, fit: .fill), of: .source(source("A001"))),
    after: graded("A001"), frame: 12, media: media,
    scopes: StillTask.Scopes(
      suffix: "scopes.A001", title: "A001", subtitle: "test: frame 12",
      facts: [StillTask.Scopes.Fact(heading: "Grade", name: "look", value: "show.cube")]), builtBy: "png 1")

  static let sheet = ContactSheetTask.Input(
    programme: "test", facts: ["cut.edl", "36 frames"], raster: raster, handles: 8,
    shots: [
      ContactSheetTask.Shot(
        event: "001", name: "A001", record: "01:00:00:00–01:00:01:00", source: "A001 01:00:00:00",
        length: "24 frames", handlesBefore: 8, handlesAfter: 4, notes: ["grade A001"], still: digest("still"))
    ], builtBy: "Pango 1.50")

  static let page = ConformPageTask.Input(
    report: digest("report"),
    pictures: [[ConformPageTask.Picture(thumbnails: digest("thumbnails"), index: 1)], []],
    stills: digest("stills"))

  static let thumbnails = ThumbnailsTask.Input(
    node: .sizing(Sizing(raster: raster, fit: .letterbox), of: .source(source("A001"))), raster: raster,
    frames: [0, 35], media: media, builtBy: "mjpeg 1")

  static let screen = ScreenTask.Input(
    source: source("A001"), media: media[digest("A001").hex]!, frame: 3, part: [0, 0, 16, 16])

  static let publish = PublishTask.Input(
    shelf: .deliverables, programme: "test", name: "master", stage: "master", assembly: digest("assembly"),
    results: [digest("result")], fileExtension: "mov",
    documents: [
      MadeFile(object: digest("document"), byteCount: 3, suffix: "chapters", fileExtension: "vtt")
    ], recipe: digest("recipe"), profile: "prores-422hq")

  static let probeFiles = [ProbeFilesTask.File(media: location("A001"), key: digest("probe"))]

  static let view = OfflineView(
    offline: .sizing(Sizing(raster: raster, fit: .letterbox), of: .source(source("B001"))), raster: raster,
    masks: [[0, 0, 8, 8]], media: media, builtBy: "kernels 1")

  static let fit = OfflineFit(
    scaleX: 1, scaleY: 1.5, moveX: 0.1, moveY: 0, block: 16, burnIns: [3, 4], floor: 0.05, agreeing: 3,
    looked: 4)

  static let fitOffline = FitOfflineTask.Input(
    view: view, nodes: [graded("A001").chain.hex: graded("A001")],
    pairs: [FitOfflineTask.Pair(offline: 5, chain: graded("A001").chain.hex, frame: 9)])

  static let compareOffline = CompareOfflineTask.Input(
    view: view, fit: fit, nodes: [graded("A001").chain.hex: graded("A001")],
    events: [
      CompareOfflineTask.Event(
        frameCount: 24, isHeld: false,
        samples: [
          CompareOfflineTask.Sample(
            offline: 5, frame: 2, chain: graded("A001").chain.hex, map: FrameMap(first: 8), limit: 90)
        ])
    ])

  static let findOffline = FindOfflineTask.Input(
    view: view, fit: fit, node: graded("A001"), frameCount: 90,
    queries: [FindOfflineTask.Query(offline: [1, 5], steps: [0, 4])])

  static let sequence = StillSequence(
    prefix: "/media/plate.", suffix: ".exr", digits: 4, root: "/media",
    members: [StillSequence.Member(number: 1001, byteCount: 12, modified: 7)])

  static let stamps = [SequenceProbeTask.Stamp(device: 1, inode: 2, changed: 3)]
}
