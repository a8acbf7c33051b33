import Diagnostics
import Digests
import Media
import ObjectStore
import TaskGraph

/// What a task reads from the store and writes beside it.
extension ObjectStore {
  /// All bytes of an object that another task or the plan made.
  ///
  /// - Throws: `WorkerFailure` with `object.missing`; a damaged object is in quarantine then, and the coordinator has it
  ///   made again.
  func bytes(of digest: Digest) throws -> [UInt8] {
    guard let bytes = try readObject(digest) else { throw WorkerFailure(missingObject: digest) }
    return bytes
  }

  /// The path of an object that a library opens by itself, digested in full first.
  ///
  /// - Throws: `WorkerFailure` with `object.missing`, as `bytes(of:)`.
  func verifiedPath(of digest: Digest) throws -> String {
    guard try verifyObject(digest) else { throw WorkerFailure(missingObject: digest) }
    return path(of: digest)
  }
}

extension TaskContext {
  /// Does work that writes a scratch file through a library, and tells of a full or broken disk in the store's words.
  ///
  /// - Parameter expected: bytes of the whole file, as it has to be written anew.
  func writing<Value>(
    _ path: String, expected: @autoclosure () throws -> Int64, _ work: () throws -> Value
  ) throws -> Value {
    do {
      return try work()
    } catch let error as MediaError where error.code == .writing {
      guard let code = error.systemError else { throw error }
      throw store.fileSystem.fault(error.operation, path, code, needed: try? expected())
    }
  }
}
