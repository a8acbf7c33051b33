import Diagnostics
import Editorial
import MediaTime
import TestSupport
import Testing

/// Logs and session texts that somebody broke: they give faults or a model, and never end the program.
@Suite struct ListMutationTests {
  private static let archive = """
    <tracklist2><list name="track"><obj class="MMarkerTrackEvent"><obj class="MListNode" name="Node">
    <string name="Name" value="M"/><member name="Domain"><int name="Type" value="0"/>
    <obj ID="1" name="Tempo Track"><list name="TempoEvent"><obj><float name="BPM" value="115.5"/>
    <float name="PPQ" value="0"/></obj><obj><float name="BPM" value="90"/><float name="PPQ" value="480"/></obj></list>
    </obj></member><list name="Events"><obj class="MRangeMarkerEvent"><float name="Start" value="1920.25"/>
    <float name="Length" value="99"/><string name="Name" value="x"/></obj></list></obj></obj></list>
    <obj name="Setup"><member name="Start"><float name="Time" value="3600.5"/></member>
    <int name="FrameType" value="6"/></obj></tracklist2>
    """

  private static let session =
    "SESSION NAME:\tS\nSAMPLE RATE:\t48000.0\nSESSION START TIMECODE:\t23:59:50;00\n"
    + "TIMECODE FORMAT:\t29.97 Drop Frame\n\nO N L I N E  C L I P S  I N  S E S S I O N\nCLIP NAME\tSource File\n"
    + "A.L\ta.wav\t[1]\n\nT R A C K  L I S T I N G\nTRACK NAME:\tD (Stereo)\nSTATE: Muted\n"
    + "CHANNEL\tEVENT\tCLIP NAME\tSTART TIME\tEND TIME\tSTATE\n"
    + "1\t1\t(fade in)\t23:59:51;00\t23:59:51;05.50\tMuted\n1\t2\tA.L\t23:59:51;05.50\t23:59:55;00\tMuted\n"
    + "1\t3\t(cross fade)\t23:59:55;00\t23:59:55;10\tMuted\n1\t4\tB\t2880000\t0:59.999\tMuted\n"
    + "M A R K E R S  L I S T I N G\n#\tLOCATION\tNAME\n1\t00:00:00;00\tM\n"

  private static let log =
    "Heading\nFIELD_DELIM\tTABS\nFPS\t29.97\n\nColumn\nName\tTape\tStart\tEnd\tDuration\tASC_SOP\tASC_SAT\n\nData\n"
    + "A\tR\t01:00:00;00\t01:00:10;00\t00:00:10;00\t(1 1 1)(0 0 0)(1 1 1)\t0.9\nB\tR\t23:59:59;00\t00:00:01;00\n"

  private static let table =
    "REPORT;x\nFile Name;Start TC;End TC;FPS;Scene\n\"a;\"\"b.wav\";01:00:00:00;01:00:01:00;23.976;1\nb;;;\n"

  private func mutated(_ text: String, _ random: inout SplitMix64) -> [UInt8] {
    var bytes = Array(text.utf8)
    for _ in 0..<Int.random(in: 1...6, using: &random) where !bytes.isEmpty {
      let at = Int.random(in: 0..<bytes.count, using: &random)
      switch Int.random(in: 0..<6, using: &random) {
      case 0: bytes[at] = UInt8.random(in: 0...255, using: &random)
      case 1: bytes.remove(at: at)
      case 2: bytes.insert(Array("\t\n;:.0999<>\"".utf8).randomElement(using: &random) ?? 0, at: at)
      case 3: bytes.insert(contentsOf: Array("9223372036854775807".utf8), at: at)
      case 4: bytes.removeSubrange(at..<min(bytes.count, at + Int.random(in: 1...40, using: &random)))
      default: bytes.insert(contentsOf: bytes[at..<min(bytes.count, at + 30)], at: at)
      }
    }
    return bytes
  }

  @Test(arguments: UInt64(0)..<8) func `broken lists never end the program`(seed: UInt64) throws {
    var random = SplitMix64(seed: seed)
    let clip = Clip(
      name: "a", event: "1", sourceReel: "R", sourceIn: .frames(.max, FrameRate(24)),
      recordRange: FrameRange(start: 0, count: 1))
    for _ in 0..<250 {
      for (name, text) in [("s.txt", Self.session), ("a.xml", Self.archive)] {
        guard let cut = try? Cut.read(path: name, bytes: mutated(text, &random)) else { continue }
        for rate in [nil, film, FrameRate(30_000, 1001)] {
          guard let timeline = try? cut.timeline(rate: rate) else { continue }
          for track in timeline.tracks {
            let ranges = track.items.compactMap(\.recordRange)
            // Without holes and overlaps, whatever was written.
            #expect(zip(ranges, ranges.dropFirst()).allSatisfy { $0.end == $1.start }, "seed \(seed)")
          }
        }
      }
      for (name, text) in [("l.ale", Self.log), ("l.csv", Self.table)] {
        guard let log = try? SourceLog.read(path: name, bytes: mutated(text, &random)) else { continue }
        let logs = SourceLogs([log])
        _ = logs.matches(for: clip, rate: film)
        for entry in log.entries {
          var found = clip
          found.sourceReel = entry.reel
          if let span = entry.span { found.sourceIn = .label(span.start) }
          _ = logs.matches(for: found, rate: FrameRate(25))
        }
      }
    }
  }
}
