import Editorial
import ImageGraph
import TaskKinds

/// The pictures of a layer, or of a plate.
struct LayerMedia {
  var file: ProbedFile
  var video: VideoFacts
  /// Number of the first still; 0 for movies, whose frames count from 0.
  var firstNumber: Int64 = 0
  var isStill = false

  var source: PictureSource {
    PictureSource(media: file.identity, stream: video.stream, interpretation: Interpretation(video))
  }

  var raster: Raster { Raster(width: video.width, height: video.height) }

  var hasAlpha: Bool {
    ["rgba", "bgra", "argb", "abgr", "yuva", "gbrap", "ya8", "ya16"].contains {
      video.pixelFormat.hasPrefix($0)
    }
  }

  /// Floating point is light.
  var isFloat: Bool { video.pixelFormat.contains("f32") || video.pixelFormat.contains("f16") }

  /// The clips of the media folders, and those that a name means: a file's name with or without its extension, else
  /// a reel.
  static func clips(named name: String, among files: [ProbedFile]) -> (all: [ProbedFile], found: [ProbedFile])
  {
    let clips = files.filter { $0.facts.video != nil && $0.sequence == nil && $0.maker == nil }
    func stem(_ name: String) -> String {
      let kind = FilePaths.fileExtension(of: name)
      return MediaScan.extensions.contains(kind) ? String(name.dropLast(kind.count + 1)) : name
    }
    let named = clips.filter { $0.facts.fileName == name || stem($0.facts.fileName) == name }
    return (clips, named.isEmpty ? clips.filter { $0.facts.reel == name } : named)
  }
}
