import Delivery
import Digests
import ImageGraph
import MediaTime
import TaskGraph
import TaskKinds
import Testing

/// How keys were encoded when the first of them were stored. As long as the version of a kind stays, its keys must come
/// out the same, or everything that anybody made would be made again.
private enum FirstKeys {
  static func assemble(_ input: AssembleTask.Input) -> TaskKey {
    var encoder = CanonicalEncoder(domain: "interlock.task.assemble", version: 2)
    encoder.append(input.encoding)
    encoder.append(input.profile.container.rawValue)
    encoder.append(input.profile.fileExtension)
    encoder.append(input.profile.picture.codecTag ?? "")
    encoder.append(input.runs)
    if input.encoding.unit == .group { encoder.append(input.pieces.map(\.segment)) }
    encoder.append(input.mix.map(\.hex) ?? "")
    encoder.append(input.profile.sounds.count)
    for sound in input.profile.sounds {
      encoder.append(sound.codec.rawValue)
      encoder.append(sound.layout)
      encoder.append(sound.title)
      encoder.append(sound.bitRate ?? -1)
    }
    encoder.append(input.chapters?.chapters.count ?? -1)
    for chapter in input.chapters?.chapters ?? [] {
      encoder.append(chapter.start)
      encoder.append(chapter.end)
      encoder.append(chapter.title)
    }
    encoder.append(input.startTimecode)
    return encoder.digest()
  }

  static func page(_ input: ConformPageTask.Input) -> TaskKey {
    var encoder = CanonicalEncoder(domain: "interlock.task.conform-page", version: 1)
    encoder.append(input.report)
    encoder.append(input.stills)
    encoder.append(input.pictures.count)
    for pictures in input.pictures {
      encoder.append(pictures.count)
      for picture in pictures { encoder.append(picture) }
    }
    return encoder.digest()
  }

  static func sheet(_ input: ContactSheetTask.Input) -> TaskKey {
    var encoder = CanonicalEncoder(domain: "interlock.task.contact-sheet", version: 1)
    encoder.append(input.programme)
    encoder.append(input.facts.count)
    for fact in input.facts { encoder.append(fact) }
    encoder.append(input.raster)
    encoder.append(input.handles)
    encoder.append(input.shots)
    encoder.append(input.builtBy)
    return encoder.digest()
  }

  static func mix(_ input: MixTask.Input) -> TaskKey {
    var encoder = CanonicalEncoder(domain: "interlock.task.mix", version: 2)
    encoder.append(input.mix)
    encoder.append(input.builtBy)
    return encoder.digest()
  }

  static func publish(_ input: PublishTask.Input) -> TaskKey {
    var encoder = CanonicalEncoder(domain: "interlock.task.publish", version: 1)
    encoder.append(input.shelf.rawValue)
    encoder.append(input.programme)
    encoder.append(input.name)
    encoder.append(input.assembly.map(\.hex) ?? "")
    encoder.append(input.results)
    encoder.append(input.documents.count)
    for document in input.documents {
      encoder.append(document.object)
      encoder.append(document.suffix)
      encoder.append(document.fileExtension)
    }
    return encoder.digest()
  }

  static func render(_ input: RenderTask.Input) -> TaskKey {
    var encoder = CanonicalEncoder(domain: "interlock.task.render", version: 1)
    for segment in input.segments { encoder.append(segment.key) }
    return encoder.digest()
  }

  static func screen(_ input: ScreenTask.Input) -> TaskKey {
    var encoder = CanonicalEncoder(domain: "interlock.task.sample-screen", version: 1)
    encoder.append(input.source)
    encoder.append(input.frame)
    encoder.append(input.part?.count ?? 0)
    for value in input.part ?? [] { encoder.append(value) }
    return encoder.digest()
  }

  static func still(_ input: StillTask.Input) -> TaskKey {
    var encoder = CanonicalEncoder(domain: "interlock.task.still", version: 2)
    encoder.append(input.raster)
    encoder.append(input.before.chain)
    encoder.append(input.after.chain)
    encoder.append(input.frame)
    encoder.append(input.builtBy)
    encoder.append(input.scopes)
    return encoder.digest()
  }

  static func thumbnails(_ input: ThumbnailsTask.Input) -> TaskKey {
    var encoder = CanonicalEncoder(domain: "interlock.task.thumbnails", version: 1)
    encoder.append(input.node.chain)
    encoder.append(input.raster)
    encoder.append(input.frames.count)
    for frame in input.frames { encoder.append(frame) }
    encoder.append(input.builtBy)
    return encoder.digest()
  }

  static func typeset(_ input: TypesetTask.Input) -> TaskKey {
    var encoder = CanonicalEncoder(domain: "interlock.task.typeset", version: 1)
    encoder.append(input.raster)
    encoder.append(input.requests)
    encoder.append(input.isPublished)
    encoder.append(input.builtBy)
    return encoder.digest()
  }

  static func fitOffline(_ input: FitOfflineTask.Input) -> TaskKey {
    var encoder = CanonicalEncoder(domain: "interlock.task.fit-offline", version: 1)
    encode(input.view, into: &encoder)
    for pair in input.pairs {
      encoder.append(pair.offline)
      encoder.append(pair.chain)
      encoder.append(pair.frame)
    }
    return encoder.digest()
  }

  static func compareOffline(_ input: CompareOfflineTask.Input) -> TaskKey {
    var encoder = CanonicalEncoder(domain: "interlock.task.compare-offline", version: 1)
    encode(input.view, into: &encoder)
    encode(input.fit, into: &encoder)
    for event in input.events {
      encoder.append(event.frameCount)
      encoder.append(event.isHeld)
      encoder.append(event.samples.count)
      for sample in event.samples {
        encoder.append(sample.offline)
        encoder.append(sample.frame)
        encoder.append(sample.chain)
        encoder.append(sample.limit ?? -1)
        // The frames around, not how their map is written.
        for frame in [-event.frameCount, -24, -2, -1, 0, 1, 2, 24, event.frameCount] {
          encoder.append(sample.map.position(at: frame))
        }
      }
    }
    return encoder.digest()
  }

  static func findOffline(_ input: FindOfflineTask.Input) -> TaskKey {
    var encoder = CanonicalEncoder(domain: "interlock.task.find-offline", version: 1)
    encode(input.view, into: &encoder)
    encode(input.fit, into: &encoder)
    encoder.append(input.node.chain)
    encoder.append(input.frameCount)
    for query in input.queries {
      encoder.append(query.offline.count)
      for (frame, step) in zip(query.offline, query.steps) {
        encoder.append(frame)
        encoder.append(step)
      }
    }
    return encoder.digest()
  }

  private static func encode(_ value: OfflineView, into encoder: inout CanonicalEncoder) {
    encoder.append(value.offline.chain)
    encoder.append(value.raster)
    encoder.append(value.masks.count)
    for mask in value.masks { for value in mask { encoder.append(value) } }
    encoder.append(value.builtBy)
  }

  private static func encode(_ value: OfflineFit, into encoder: inout CanonicalEncoder) {
    for number in [value.scaleX, value.scaleY, value.moveX, value.moveY, value.floor] {
      encoder.append(number)
    }
    encoder.append(value.block)
    encoder.append(value.burnIns.count)
    for index in value.burnIns { encoder.append(index) }
  }
}

@Suite struct KeyStabilityTests {
  @Test func `keys are what they were when they were first stored`() {
    #expect(AssembleTask.key(KeySamples.assemble) == FirstKeys.assemble(KeySamples.assemble))
    #expect(ConformPageTask.key(KeySamples.page) == FirstKeys.page(KeySamples.page))
    #expect(ContactSheetTask.key(KeySamples.sheet) == FirstKeys.sheet(KeySamples.sheet))
    #expect(MixTask.key(KeySamples.mix) == FirstKeys.mix(KeySamples.mix))
    #expect(PublishTask.key(KeySamples.publish) == FirstKeys.publish(KeySamples.publish))
    #expect(RenderTask.key(KeySamples.render) == FirstKeys.render(KeySamples.render))
    #expect(ScreenTask.key(KeySamples.screen) == FirstKeys.screen(KeySamples.screen))
    #expect(StillTask.key(KeySamples.still) == FirstKeys.still(KeySamples.still))
    #expect(ThumbnailsTask.key(KeySamples.thumbnails) == FirstKeys.thumbnails(KeySamples.thumbnails))
    #expect(TypesetTask.key(KeySamples.typeset) == FirstKeys.typeset(KeySamples.typeset))
    #expect(FitOfflineTask.key(KeySamples.fitOffline) == FirstKeys.fitOffline(KeySamples.fitOffline))
    #expect(
      CompareOfflineTask.key(KeySamples.compareOffline) == FirstKeys.compareOffline(KeySamples.compareOffline)
    )
    #expect(FindOfflineTask.key(KeySamples.findOffline) == FirstKeys.findOffline(KeySamples.findOffline))
    var groups = KeySamples.assemble
    groups.encoding.codec = "libx264"
    #expect(AssembleTask.key(groups) == FirstKeys.assemble(groups))
  }

  @Test func `keys of probes are what they were when they were first stored`() {
    var encoder = CanonicalEncoder(domain: "interlock.task.probe", version: 1)
    for number: Int64 in [1, 2, 12, 7, 8] { encoder.append(number) }
    #expect(ProbeTask.key(device: 1, inode: 2, byteCount: 12, modified: 7, changed: 8) == encoder.digest())
    var files = CanonicalEncoder(domain: "interlock.task.probe-files", version: 1)
    files.append(1)
    files.append(1)
    files.append(KeySamples.probeFiles[0].key)
    #expect(ProbeFilesTask.key(KeySamples.probeFiles) == files.digest())
    var stills = CanonicalEncoder(domain: "interlock.task.probe-sequence", version: 1)
    stills.append(1)
    for number: Int64 in [1, 2, 12, 7, 3] { stills.append(number) }
    #expect(
      SequenceProbeTask.key(KeySamples.sequence, stamps: KeySamples.stamps) == stills.digest())
  }
}
