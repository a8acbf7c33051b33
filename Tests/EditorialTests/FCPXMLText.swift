import Editorial
import MediaTime

/// A small FCPXML document for tests, of one project.
struct FCPXMLText {
  var frameDuration = "1/24s"
  var start = "0s"
  var tcFormat = "NDF"
  /// Further resources.
  var resources = ""
  var version = "1.11"

  /// Assets: `av` (picture and two channels of sound), `v` (picture from 01:00:00:00 of 24), `a` (four channels of
  /// sound), `pal` (25 fps), `tall` (1080 × 1920). Effects: `dissolve`, `fade`, `flip`, `title`.
  func document(_ spine: String) -> String {
    """
    <?xml version="1.0" encoding="UTF-8"?>
    <!DOCTYPE fcpxml>
    <fcpxml version="\(version)">
    <resources>
    <format id="f" frameDuration="\(frameDuration)" width="1920" height="1080"/>
    <format id="f25" frameDuration="1/25s" width="1920" height="1080"/>
    <format id="ftall" frameDuration="\(frameDuration)" width="1080" height="1920"/>
    <asset id="av" name="AV" start="0s" duration="1000s" hasVideo="1" hasAudio="1" format="f" audioSources="1" \
    audioChannels="2" src="file:///media/av%20one.mov" uid="UID1"/>
    <asset id="v" name="V" start="3600s" duration="1000s" hasVideo="1" format="f"><media-rep src="file:///v.mov"/></asset>
    <asset id="a" name="A" start="0s" duration="1000s" hasAudio="1" audioSources="2" audioChannels="2" src="file:///a.wav"/>
    <asset id="pal" name="P" start="0s" duration="1000s" hasVideo="1" format="f25" src="p.mov"/>
    <asset id="tall" name="T" start="0s" duration="1000s" hasVideo="1" format="ftall" src="t.mov"/>
    <effect id="dissolve" name="Cross Dissolve" uid="FxPlug:4731E73A-8DAC-4113-9A30-AE85B1761265"/>
    <effect id="fade" name="Audio Crossfade" uid="FFAudioTransition"/>
    <effect id="flip" name="Flipped" uid=".../Effects.localized/Distort.localized/Flipped.localized/Flipped.moef"/>
    <effect id="title" name="Basic Title" uid=".../Titles.localized/Basic Title.moti"/>
    \(resources)
    </resources>
    <library><event name="e"><project name="p">
    <sequence format="f" tcStart="\(start)" tcFormat="\(tcFormat)">
    <spine>
    \(spine)
    </spine>
    </sequence></project></event></library></fcpxml>
    """
  }

  func timeline(_ spine: String, rate: FrameRate? = nil, start: Timecode? = nil) throws -> Timeline {
    try Cut.read(path: "cut.fcpxml", bytes: Array(document(spine).utf8)).timeline(rate: rate, start: start)
  }
}
