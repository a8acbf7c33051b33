import Diagnostics
import Editorial
import Foundation
import MediaTime
import TestSupport
import Testing

/// Ten thousand damaged cut files of every format: none brings the reader down, and of lists of events a second reading
/// tells whether the model still says what the bytes do.
@Suite struct CutFuzzTests {
  private struct Sample {
    var name: String
    var bytes: [UInt8]
    var rate: FrameRate
  }

  /// The samples, the turnover of `SampleMedia`, and cuts made up in every format that is written.
  private static let samples: [Sample] = {
    var samples: [Sample] = []
    let folders = [SampleFiles.editorial, Repository.root + "/SampleMedia/turnover"].compactMap { $0 }
    for folder in folders {
      let names = (FileManager.default.enumerator(atPath: folder)?.compactMap { $0 as? String } ?? [])
        .sorted()
      for name in names where isCut(name) {
        guard let data = FileManager.default.contents(atPath: folder + "/" + name) else { continue }
        let rate = EDLSampleTests.names.first { name.hasSuffix($0.0) }.map { FrameRate($0.1) }
        samples.append(Sample(name: name, bytes: [UInt8](data), rate: rate ?? FrameRate(24)))
      }
    }
    for seed in UInt64(0)..<16 {
      let cut = GeneratedCut.timeline(seed: seed)
      samples.append(Sample(name: "made-\(seed).edl", bytes: EDLWriter.write(cut).bytes, rate: cut.rate))
      let rich = GeneratedCut.timeline(seed: seed, features: .everything)
      samples.append(Sample(name: "made-\(seed).otio", bytes: OTIOWriter.write(rich).bytes, rate: rich.rate))
      samples.append(Sample(name: "made-\(seed).xml", bytes: FCP7Writer.write(rich).bytes, rate: rich.rate))
    }
    return samples
  }()

  private static func isCut(_ name: String) -> Bool {
    let ending = name.split(separator: ".").last?.lowercased() ?? ""
    return ["edl", "otio", "xml", "fcpxml", "ale", "txt", "csv"].contains(ending)
  }

  /// Of large files fewer: the work is in bytes.
  private static let weights: [Int] = samples.map { 1_000_000 / (2000 + $0.bytes.count) }

  private static func sample(_ random: inout SplitMix64) -> Sample {
    var left = Int.random(in: 0..<weights.reduce(0, +), using: &random)
    for (index, weight) in weights.enumerated() {
      left -= weight
      if left < 0 { return samples[index] }
    }
    return samples[0]
  }

  /// A build without optimisation is many times as slow and reads a fifth.
  private static let perShard: UInt64 = {
    var count: UInt64 = 625
    assert(
      {
        count = 125
        return true
      }())
    return count
  }()

  @Test(.timeLimit(.minutes(30)), arguments: UInt64(0)..<16)
  func `damaged files give a timeline or diagnostics, and what is valid gives its bytes`(shard: UInt64) {
    for number in (shard * Self.perShard)..<((shard + 1) * Self.perShard) {
      var random = SplitMix64(seed: number)
      let sample = Self.sample(&random)
      var mutation = CutMutation(seed: random.next())
      let bytes = mutation.damaged(sample.bytes)
      for complaint in Self.complaints(sample, bytes) {
        Issue.record("file \(number), a damaged \(sample.name): \(complaint)")
      }
    }
  }

  @Test(.enabled(if: SampleFiles.editorial != nil, "no `shared/samples` beside the project"))
  func `the second reading knows the real lists and notices a model that says something else`() throws {
    var count = 0
    for sample in Self.samples where sample.name.lowercased().hasSuffix(".edl") {
      let oracle = EDLOracle(sample.bytes, base: sample.rate.nominalBase)
      count += oracle.events.count
      let timeline = try Cut.read(path: sample.name, bytes: sample.bytes).timeline(rate: sample.rate)
      #expect(oracle.contradictions(timeline) == [], "\(sample.name)")
    }
    #expect(count > 800)
    let text = Array(
      "001  A001     V     C        01:00:00:00 01:00:01:00 01:00:00:00 01:00:01:00\n002 x\n".utf8)
    let oracle = EDLOracle(text, base: 24)
    let right = try Cut.read(path: "x.edl", bytes: text).timeline(rate: FrameRate(24))
    guard case .clip(let clip) = right.tracks[0].items[0] else { return }
    #expect(oracle.contradictions(right) == [])
    var changes: [(inout Clip) -> Void] = [
      { $0.recordRange.count += 1 }, { $0.recordRange.start += 1 }, { $0.sourceReel = "A002" },
      { $0.event = "002" },
      { $0.sourceIn = .frames(1, FrameRate(24)) }, { $0.location?.line = 3 },
    ]
    while let change = changes.popLast() {
      var (wrong, other) = (right, clip)
      change(&other)
      wrong.tracks[0].items[0] = .clip(other)
      #expect(oracle.contradictions(wrong) != [])
    }
    var silent = right
    silent.faults = []
    #expect(oracle.contradictions(silent) == ["line 2 is broken and no fault"])
  }

  private static func complaints(_ sample: Sample, _ bytes: [UInt8]) -> [String] {
    let name = sample.name.lowercased()
    do throws(DiagnosticList) {
      if name.hasSuffix(".ale") || name.hasSuffix(".csv") {
        _ = try SourceLog.read(path: sample.name, bytes: bytes)
        return []
      }
      let cut = try Cut.read(path: sample.name, bytes: bytes)
      let isList = name.hasSuffix(".edl")
      let oracle = isList ? EDLOracle(bytes, base: sample.rate.nominalBase) : nil
      var complaints: [String] = []
      for sequence in cut.sequences.prefix(4) {
        do throws(DiagnosticList) {
          let timeline = try cut.timeline(sequence: sequence, rate: cut.declaredRate ?? sample.rate)
          complaints += holes(timeline)
          complaints += oracle?.contradictions(timeline) ?? []
          if complaints.isEmpty { complaints += rewritten(timeline) }
        } catch {
          complaints += refused(error)
          // A list with a plain event is never refused whole, but for its counting.
          if let oracle, !oracle.events.isEmpty, !oracle.hasMoves,
            !error.diagnostics.contains(where: { ["cut.noDropFrame", "cut.beforeStart"].contains($0.code) })
          {
            complaints.append("refused with a readable event on line \(oracle.events[0].line)")
          }
        }
      }
      return complaints
    } catch {
      return refused(error)
    }
  }

  private static func refused(_ error: DiagnosticList) -> [String] {
    error.diagnostics.isEmpty || error.description.isEmpty ? ["refused without a reason"] : []
  }

  private static func holes(_ timeline: Timeline) -> [String] {
    for track in timeline.tracks {
      var end: Int64 = 0
      for range in track.items.compactMap(\.recordRange) {
        guard range.start == end else { return ["track \(track.name) has a hole or an overlap at \(end)"] }
        end = range.end
      }
    }
    return []
  }

  /// Whatever was read is written as a list, and that list reads.
  private static func rewritten(_ timeline: Timeline) -> [String] {
    let written = EDLWriter.write(timeline)
    guard timeline.tracks.contains(where: { !$0.clips.isEmpty }) else { return [] }
    do throws(DiagnosticList) {
      _ = try Cut.read(path: "again.edl", bytes: written.bytes).timeline(rate: timeline.rate)
      return []
    } catch {
      // A cut of clips that are switched off, without length or longer than half a day has nothing that a list holds.
      let isEmpty = error.diagnostics.allSatisfy { ["cut.noEvents", "cut.backwards"].contains($0.code) }
      return isEmpty ? [] : ["its list is refused: \(error.diagnostics[0])"]
    }
  }
}
