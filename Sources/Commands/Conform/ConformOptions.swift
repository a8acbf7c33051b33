import ArgumentParser
import Editorial
import Foundation
import Planning

/// What a conform without a pipeline file is asked: the keys of `timeline:` as options.
struct ConformOptions: ParsableArguments {
  @Argument(help: "The cut: one file, or several as tracks or reels (EDL, OTIO, XML, FCPXML, AAF, …).")
  var cuts: [String]

  @Option(help: "Folder with camera and sound files; may be given several times.")
  var media: [String]

  @Option(
    help:
      "Frame rate of the timeline, e.g. 24000/1001. Default: the cut's, else the unanimous rate of the media."
  )
  var rate: String?

  @Option(
    help: ArgumentHelp(
      "How media of another rate is read: REEL=realtime or REEL=every-frame, with * for any characters; also "
        + "clip:NAME=…, file:NAME=… and rate:25=…. May be given several times.", valueName: "rule"))
  var rates: [String] = []

  @Option(help: "Which of several timelines in the cut's file, by name.")
  var sequence: String?

  @Option(
    help: ArgumentHelp(
      "A rule by which media is found, the most trusted first; may be given several times: \(RelinkRule.help). "
        + "Default: all of them in this order.", valueName: "rule"))
  var relink: [String] = []

  @Option(
    help: ArgumentHelp(
      "Where the source reel of a file is read: metadata, file-name, file-name:PATTERN with {reel}, * and ? such as "
        + "'file-name:{reel}_*', folder:1 (the folder of the file) or log. May be given several times.",
      valueName: "place"))
  var reels: [String] = []

  @Option(
    help: ArgumentHelp(
      "Where a folder of the cut's stored paths is here, e.g. /Volumes/RAID=../rushes or 'D:\\RAID=rushes'. May be "
        + "given several times.", valueName: "from=to"))
  var paths: [String] = []

  @Option(help: "Lock file with the choices of media: honoured where it exists, written after the conform.")
  var lock: String?

  @Option(help: "Events whose media lacks frames: fail, black, hold (the nearest frame) or slug (a card).")
  var partial: String?

  @Option(help: "Events without any media: fail, black or slug.")
  var missing: String?

  @Option(
    name: .customLong("log"),
    help: "ALE or CSV log of the sources: reels of media, scenes, takes. May be given several times.")
  var logs: [String] = []

  @Option(help: "Timecode of the first frame. Default: the cut's.")
  var start: String?

  @Option(help: "Frames wanted beyond each end of a shot; missing ones are reported.")
  var handles: Int = 0

  @Option(help: "Compare every event with the editor's offline movie.")
  var reference: String?

  @Option(help: "Timecode of the offline's first frame. Default: its own, else the start of the cut.")
  var referenceStart: String?

  @Option(
    help: ArgumentHelp(
      "Part of the offline to leave out, in its pixels. Burn-ins that stay in place are found without it.",
      valueName: "x,y,width,height"))
  var mask: [String] = []

  func validate() throws {
    if cuts.isEmpty { throw ValidationError("Name the cut.") }
    if media.isEmpty { throw ValidationError("Say where the media is with --media.") }
    if reference == nil, !mask.isEmpty || referenceStart != nil {
      throw ValidationError("--mask and --reference-start are about the offline: name it with --reference.")
    }
  }

  /// Files and folders that are read.
  var inputs: [String] { cuts + media + logs + (reference.map { [$0] } ?? []) }

  /// The request without the offline, whose comparison needs to know the sizes of the matched media.
  func request(isStrict: Bool, raster: String?, fit: String, lock: OutputPath?) -> ConformRequest {
    var request = ConformRequest(
      cuts: cuts, media: media, rate: rate, start: start, handles: handles, raster: raster ?? "16x16",
      fit: fit, profile: nil, rates: rates)
    request.sequence = sequence
    request.isLenient = !isStrict
    request.relink = relink
    request.reels = reels
    request.paths = paths
    request.ambiguity = isStrict ? .stop : .first
    request.lock = lock.flatMap { FileManager.default.fileExists(atPath: $0.path) ? $0.typed : nil }
    request.partial = partial
    request.missing = missing
    request.logs = logs
    return request
  }
}
