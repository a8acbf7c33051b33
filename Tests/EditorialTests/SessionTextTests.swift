import Diagnostics
import Editorial
import MediaTime
import Testing

private let samplesAreThere: ConditionTrait = .enabled(
  if: SampleFiles.editorial != nil, "the sample files are not beside the project")

@Suite struct SessionTextTests {
  private static let everything =
    "daw/SessionText_OneOfEverything_23-976fps_DefaultExportOptions_PT2020.3.txt"

  private func session(_ rows: String, format: String = "25 Frame", columns: String? = nil) throws -> Timeline
  {
    let columns = columns ?? "CHANNEL \tEVENT   \tCLIP NAME\tSTART TIME\tEND TIME\tDURATION\tSTATE"
    let text = """
      SESSION NAME:\tTest
      SAMPLE RATE:\t48000.000000
      SESSION START TIMECODE:\t01:00:00:00
      TIMECODE FORMAT:\t\(format)

      T R A C K  L I S T I N G
      TRACK NAME:\tD1
      STATE:\u{20}
      \(columns)
      \(rows)
      """
    return try Cut.read(path: "s.txt", bytes: Array(text.utf8)).timeline(rate: nil)
  }

  /// Counts and labels as the text itself prints them.
  @Test(samplesAreThere) func `the session with one of everything reads`() throws {
    let timeline = try SampleFiles.timeline(Self.everything)
    #expect(timeline.name == "SessionText_OneOfEverything")
    #expect(timeline.rate == film && !timeline.isDropFrame)
    #expect(timeline.timecode(at: 0).description == "00:59:55:00")
    #expect(timeline.faults.isEmpty)
    // Two mono tracks and three stereo ones, a track per channel.
    #expect(
      timeline.tracks.map(\.name) == [
        "Audio 1", "Audio 2", "Audio 3 (Stereo) 1", "Audio 3 (Stereo) 2", "Audio 4 (Stereo) 1",
        "Audio 4 (Stereo) 2", "Audio 5 (Stereo) 1", "Audio 5 (Stereo) 2",
      ])
    #expect(timeline.tracks.allSatisfy { $0.kind == .sound })
    #expect(timeline.tracks.map { $0.clips.count } == [1, 1, 2, 2, 1, 1, 1, 1])
    #expect(timeline.tracks.map(\.isEnabled) == [true, true, true, true, true, true, false, false])
    let first = try #require(timeline.tracks[0].clips.first)
    #expect(timeline.timecode(at: first.recordRange.start).description == "01:00:00:00")
    #expect(timeline.timecode(at: first.recordRange.end).description == "01:00:05:00")
    #expect(first.sourceFile == "Audio 1 Clip1.wav" && first.sourceChannel == nil)
    #expect(
      first.targetURL
        == "file:///Volumes/Macintosh%20HD/Users/user/Documents/SessionText_OneOfEverything/Audio%20Files/"
        + "Audio%201%20Clip1.wav")
    let stereo = timeline.tracks[3].clips
    #expect(stereo.map(\.sourceChannel) == [2, 2])
    #expect(stereo.map(\.isEnabled) == [true, false])
    #expect(timeline.markers.map(\.name) == ["Marker 1", "Marker 2"])
    #expect(timeline.markers.map(\.frame) == [3 * 24, 5 * 24])
    #expect(timeline.markers[1].comment == "This marker has comments.")
    let lost = timeline.findings.filter { $0.kind == .dropped }.map(\.what)
    #expect(
      lost == [
        "the plug-ins of track `Audio 1` are not carried: EQ3 1-Band (mono)",
        "the plug-ins of track `Audio 2` are not carried: EQ3 7-Band (mono), Trim (mono)",
        "the list of 3 plug-ins is not carried",
      ])
  }

  @Test(samplesAreThere) func `fades become transitions and the clip is heard in them`() throws {
    let timeline = try SampleFiles.timeline(Self.everything)
    let items = timeline.tracks[4].items
    let clip = try #require(timeline.tracks[4].clips.first)
    #expect(timeline.timecode(at: clip.recordRange.start).description == "01:00:01:04")
    #expect(timeline.timecode(at: clip.recordRange.end).description == "01:00:03:22")
    let fades = items.compactMap { item -> [Int64]? in
      guard case .transition(let transition) = item else { return nil }
      return [transition.inOffset, transition.outOffset]
    }
    #expect(fades == [[0, 5], [5, 0]])
  }

  @Test(samplesAreThere) func `a session of tracks alone reads`() throws {
    let timeline = try SampleFiles.timeline("daw/SessionText_TracksOnly_OnlyTrackEDLs_PT2023.6.txt")
    #expect(timeline.rate == FrameRate(24))
    #expect(timeline.tracks.count == 7)
    #expect(timeline.tracks[0].clips.map(\.name) == ["Warm Day in the City", "Happy Go Lucky"])
    #expect(timeline.timecode(at: timeline.tracks[0].end).description == "01:01:57:23")
    #expect(timeline.faults.isEmpty)
  }

  @Test func `parts of frames are told and moved to the nearest`() throws {
    let timeline = try session(
      "1\t1\tA\t01:00:00:00.49\t01:00:01:00.50\t00:00:01:00.01\tUnmuted\n1\t2\tB\t01:00:01:00.50\t01:00:02:00\t\tMuted"
    )
    let clips = timeline.tracks[0].clips
    #expect(clips.map(\.recordRange) == [FrameRange(start: 0, end: 26), FrameRange(start: 26, end: 50)])
    #expect(clips.map(\.isEnabled) == [true, false])
    #expect(
      timeline.findings.contains {
        $0.kind == .approximated
          && $0.what == "edges between frames are moved to the nearest frame (events 1, 2)"
      })
  }

  @Test func `samples and minutes count from the start of the session`() throws {
    let timeline = try session("1\t1\tA\t48000\t96000\t\tUnmuted\n1\t2\tB\t0:04.000\t1:00.500\t\tUnmuted")
    #expect(
      timeline.tracks[0].clips.map(\.recordRange) == [
        FrameRange(start: 25, end: 50), FrameRange(start: 100, end: 1513),
      ])
  }

  @Test func `faults have a line and a column and the rest reads`() throws {
    let timeline = try session(
      """
      1\t1\tA\t01:00:00:00\t01:00:01:00\t\tUnmuted
      1\t2\tB\t01:00:00:12\t01:00:02:00\t\tUnmuted
      1\t3\tC\t12|1|000\t01:00:03:00\t\tUnmuted
      1\t4\tD\t01:00:03:25\t01:00:04:00\t\tUnmuted
      1\t5\tE\t01:00:06:00\t01:00:05:00\t\tUnmuted
      1\t6\tF\t01:00:07:00\t01:00:08:00\t\tUnmuted
      """)
    #expect(timeline.tracks[0].clips.map(\.name) == ["A", "F"])
    #expect(
      timeline.faults.map { "\($0.location?.description ?? "") \($0.code)" } == [
        "s.txt:12:7 cut.badTimecode", "s.txt:13:7 cut.badTimecode", "s.txt:14:19 cut.badRange",
        "s.txt:11:7 cut.overlap",
      ])
  }

  @Test func `a time stamp is the source timecode`() throws {
    let timeline = try session(
      "1\t1\tA\t01:00:00:00\t01:00:01:00\t\t10:00:00:00\tUnmuted",
      columns: "CHANNEL\tEVENT\tCLIP NAME\tSTART TIME\tEND TIME\tDURATION\tTIMESTAMP\tSTATE")
    #expect(timeline.tracks[0].clips.first?.sourceIn.description == "10:00:00:00")
  }

  @Test func `drop frame sessions count in drop frame`() throws {
    let timeline = try session(
      "1\t1\tA\t01:00:59:29\t01:01:00:02\t\tUnmuted", format: "29.97 Drop Frame")
    #expect(timeline.isDropFrame)
    #expect(timeline.tracks[0].clips.first?.recordRange.count == 1)
  }
}

@Suite struct TrackArchiveTests {
  /// Places worked out by hand: 1920 ticks are four quarters, 240/115 s at 115 beats a minute; the project starts at
  /// 3603.026… s, which is frame 86386 of 23.976, and 0.574 s later lies 01:00:00:00.
  @Test(samplesAreThere) func `the sample archive gives its markers`() throws {
    let timeline = try SampleFiles.timeline("daw/BasicMarkers.xml")
    #expect(timeline.rate == film && timeline.tracks.isEmpty && timeline.faults.isEmpty)
    #expect(timeline.timecode(at: 0).description == "00:59:59:10")
    #expect(
      timeline.markers.map(\.name) == ["Marker at One Hour", "Cycle Marker Name 1", "Cycle Marker Name 2"])
    #expect(timeline.markers.map(\.comment) == ["TC Markers", "Cues", "Stems"])
    #expect(timeline.timecode(at: timeline.markers[0].frame).description == "01:00:00:00")
    // 240/115 s × 23.976 = 50.04 frames, on a start of 0.25 frames.
    #expect(timeline.markers[1].frame == 50 && timeline.markers[1].count == 50)
    #expect(timeline.markers[2].frame == 100 && timeline.markers[2].count == 50)
  }

  @Test func `a marker without a place is a fault`() throws {
    let text = """
      <?xml version="1.0"?>
      <tracklist2><list name="track" type="obj">
      <obj class="MMarkerTrackEvent"><obj class="MListNode" name="Node"><string name="Name" value="M"/>
      <member name="Domain"><int name="Type" value="1"/></member>
      <list name="Events" type="obj"><obj class="MMarkerEvent"><float name="Start" value="soon"/></obj>
      <obj class="MMarkerEvent"><float name="Start" value="2"/><string name="Name" value="ok"/></obj></list>
      </obj></obj><obj class="MAudioTrackEvent"/></list>
      <obj class="PArrangeSetup" name="Setup"><int name="FrameType" value="3"/></obj></tracklist2>
      """
    let timeline = try Cut.read(path: "a.xml", bytes: Array(text.utf8)).timeline(rate: nil)
    #expect(timeline.markers.map(\.frame) == [50])
    #expect(timeline.faults.map { $0.location?.description } == ["a.xml:5:32"])
    #expect(timeline.findings.contains { $0.what == "the track of kind `MAudioTrackEvent` is not carried" })
  }
}
