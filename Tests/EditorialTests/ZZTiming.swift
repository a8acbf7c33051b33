import Editorial
import Foundation
import MediaTime
import Testing
@Suite struct ZZTiming {
  @Test func timing() throws {
    for seed in UInt64(0)..<30 {
      let t = GeneratedCut.timeline(seed: seed, clock: .all[Int(seed) % GeneratedCut.Clock.all.count], features: .everything)
      let x = FCP7Writer.write(t)
      try Data(x.bytes).write(to: URL(fileURLWithPath: "/tmp/fcp7/gen\(seed).xml"))
      var text = ""
      for tr in t.tracks {
        for i in tr.items {
          switch i {
          case .clip(let c): text += "\(tr.name) clip \(c.name) \(c.recordRange.start) \(c.recordRange.count)\n"
          case .nest(let c): text += "\(tr.name) nest \(c.name) \(c.recordRange.start) \(c.recordRange.count)\n"
          case .gap(let c): text += "\(tr.name) gap  \(c.recordRange.start) \(c.recordRange.count)\n"
          case .transition(let c): text += "\(tr.name) tran \(c.inOffset) \(c.outOffset)\n"
          }
        }
      }
      try Data(text.utf8).write(to: URL(fileURLWithPath: "/tmp/fcp7/gen\(seed).txt"))
      if seed < 3 { for f in x.findings { print("W", f) } }
    }
    for name in ["premiere_example", "hiero_xml_export", "sample_just_track"] {
      let t = try SampleFiles.timeline("xmeml/\(name).xml")
      print("==", name, t.name, t.rate, t.startFrame, t.frameCount, t.markers.count)
      for f in t.findings { print("F", f) }
      for f in t.faults { print("X", f) }
      for tr in t.tracks {
        print(tr.name, tr.isEnabled, tr.metadata.isEmpty)
        for i in tr.items {
          switch i {
          case .clip(let c): print("  clip", c.event, c.name, c.recordRange, c.sourceIn, c.sourceCount ?? -1, c.availableRange as Any, c.timeScale, c.sourceRate as Any, c.targetURL as Any, c.content, c.sourceChannel as Any)
          case .nest(let c): print("  nest", c.event, c.name, c.recordRange, c.sourceIn, c.timeline.tracks.map(\.items.count), c.track as Any)
          case .gap(let c): print("  gap", c.recordRange)
          case .transition(let c): print("  tran", c.kind, c.name as Any, c.inOffset, c.outOffset, c.event)
          }
        }
      }
      let x = FCP7Writer.write(t)
      try Data(x.bytes).write(to: URL(fileURLWithPath: "/tmp/fcp7/\(name).xml"))
      for f in x.findings { print("W", f) }
      let again = try Cut.read(path: name, bytes: x.bytes).timeline(rate: nil)
      print("SAME", FCP7Form.of(again) == FCP7Form.of(t), again.findings.count, t.findings.count)
    }
  }
}
