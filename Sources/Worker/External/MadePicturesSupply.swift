import Digests
import ImageGraph
import Media
import ObjectStore
import Synchronization
import TaskGraph
import TaskKinds

extension FrameSourceBuilder {
  /// What gives the pictures that a program has made.
  static func supply(_ source: PictureSource, madeBy maker: TaskKey, store: ObjectStore) throws
    -> any PictureSupply
  {
    let output = try MadeResults.output(of: maker, store: store)
    if let movie = output.movie {
      return FileSupply(
        try PictureReader(path: try store.verifiedPath(of: movie), stream: nil),
        interpretation: source.interpretation,
        sampleAspect: (1, 1))
    }
    return try MadeStillsSupply(output.stills, interpretation: source.interpretation, store: store)
  }
}

/// Stills of a program, each an object of the store.
private final class MadeStillsSupply: PictureSupply {
  private let stills: [Digest]
  private let store: ObjectStore
  private let decoder: StillDecoder
  let interpretation: Interpretation
  var sampleAspect: (numerator: Int64, denominator: Int64) { (1, 1) }

  init(_ stills: [Digest], interpretation: Interpretation, store: ObjectStore) throws {
    self.stills = stills
    self.interpretation = interpretation
    self.store = store
    decoder = try StillDecoder()
  }

  func withPicture<R>(_ number: Int64, _ body: (borrowing PictureView) throws -> R) throws -> R {
    guard let frame = Int(exactly: number), stills.indices.contains(frame) else {
      throw WorkerFailure(
        verification: "the program made \(stills.count) pictures, and none of number \(number)")
    }
    // Read whole in any case; what somebody has changed since is found here and made again.
    let path: String
    do {
      path = try store.verifiedPath(of: stills[frame])
    } catch {
      // The program will run again and may not make the same bytes.
      MadeResults.forget()
      throw error
    }
    return try decoder.decode(path, body)
  }
}

/// The result read last: many tasks in a row read pictures of one program.
private enum MadeResults {
  private static let last = Mutex<(key: TaskKey, output: ExternalTask.Output)?>(nil)

  static func forget() { last.withLock { $0 = nil } }

  static func output(of key: TaskKey, store: ObjectStore) throws -> ExternalTask.Output {
    if let kept = last.withLock({ $0 }), kept.key == key { return kept.output }
    guard let result = try store.result(key, as: ExternalTask.Output.self) else {
      throw WorkerFailure(missingObject: key)
    }
    last.withLock { $0 = (key, result.output) }
    return result.output
  }
}
