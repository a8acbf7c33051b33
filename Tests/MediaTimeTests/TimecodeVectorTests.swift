import Foundation
import MediaTime
import Testing

/// `shared/specs/timecode-vectors.json` beside the project.
enum SharedFolder {
  /// The nearest `shared` folder beside one of the folders above this file.
  static let path: String? = {
    var folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    while folder.path.count > 1 {
      let candidate = folder.deletingLastPathComponent().appendingPathComponent("shared")
      if FileManager.default.fileExists(atPath: candidate.appendingPathComponent("specs").path) {
        return candidate.path
      }
      folder.deleteLastPathComponent()
    }
    return nil
  }()
}

struct TimecodeVectors: Decodable {
  struct Label: Decodable {
    var rate: String
    var frame: Int64
    var tc: String
  }
  struct Edge: Decodable {
    var rate: String
    var frame: Int64
    var sample: Int64
  }
  struct Reference: Decodable {
    var rate: String
    var tc: String
    var frame: Int64
    var timeReference: Int64

    enum CodingKeys: String, CodingKey {
      case rate, tc, frame
      case timeReference = "time_reference"
    }
  }

  var df: [Label]
  var ndf: [Label]
  var wrap: [Label]
  var invalidLabels: [String: [String]]
  var sampleEdges: [Edge]
  var timeReferences: [Reference]

  enum CodingKeys: String, CodingKey {
    case df, ndf, wrap
    case invalidLabels = "invalid_df_labels"
    case sampleEdges = "audio_edges_48k"
    case timeReferences = "bwf_time_reference_48k"
  }

  static func load() throws -> TimecodeVectors {
    let path = try #require(SharedFolder.path)
    let data = try Data(contentsOf: URL(fileURLWithPath: path + "/specs/timecode-vectors.json"))
    return try JSONDecoder().decode(TimecodeVectors.self, from: data)
  }
}

@Suite(.enabled(if: SharedFolder.path != nil, "no `shared` folder beside the project: vectors are not there"))
struct TimecodeVectorTests {
  @Test func `every label of the vectors prints and reads back`() throws {
    let vectors = try TimecodeVectors.load()
    for (labels, isDropFrame) in [(vectors.df, true), (vectors.ndf, false)] {
      #expect(!labels.isEmpty)
      for row in labels {
        let rate = try FrameRate(parsing: row.rate)
        #expect(Timecode(frame: row.frame, rate: rate, isDropFrame: isDropFrame).description == row.tc)
        #expect(try Timecode(parsing: row.tc, rate: rate).frame == row.frame)
      }
    }
  }

  @Test func `counts beyond the day wrap`() throws {
    for row in try TimecodeVectors.load().wrap {
      let rate = try FrameRate(parsing: row.rate)
      #expect(Timecode(frame: row.frame, rate: rate, isDropFrame: row.tc.contains(";")).description == row.tc)
    }
  }

  @Test func `dropped labels are refused`() throws {
    for (base, labels) in try TimecodeVectors.load().invalidLabels {
      let rate = FrameRate((Int(base) ?? 30) * 1000, 1001)
      for label in labels {
        let error = #expect(throws: MediaTimeError.self) { try Timecode(parsing: label, rate: rate) }
        #expect(error?.code == .droppedLabel)
      }
    }
  }

  @Test func `sample edges come from the cumulative frame count`() throws {
    for row in try TimecodeVectors.load().sampleEdges {
      let rate = try FrameRate(parsing: row.rate)
      #expect(rate.sampleEdge(ofFrame: row.frame, sampleRate: 48_000) == row.sample)
    }
  }

  @Test func `time references of broadcast wave files are edges of labels`() throws {
    for row in try TimecodeVectors.load().timeReferences {
      let rate = try FrameRate(parsing: row.rate)
      let timecode = try Timecode(parsing: row.tc, rate: rate)
      #expect(timecode.frame == row.frame)
      #expect(rate.sampleEdge(ofFrame: timecode.frame, sampleRate: 48_000) == row.timeReference)
    }
  }
}
