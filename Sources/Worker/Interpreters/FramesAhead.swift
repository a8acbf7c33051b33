import Dispatch
import ObjectStore
import Synchronization
import TaskKinds

/// Encoded frames of pieces in programme order, read on a thread of their own a few frames ahead of whoever writes them.
struct FramesAhead {
  typealias Frame = (number: Int64, packet: [UInt8], entry: PacketEntry, isFirst: Bool)

  /// Enough for reading and writing to go on beside each other: a frame can have tens of megabytes.
  private static let most = 2

  private let queue = Queue(room: most)
  private let reading: Beside<Void>

  /// - Parameter isChecked: as `SegmentReader.forEachFrame`.
  init(of pieces: [AssembleTask.Piece], in store: ObjectStore, isChecked: Bool) {
    reading = Beside { [queue] in
      queue.end(
        with: Result {
          try SegmentReader(store: store).forEachFrame(pieces, isChecked: isChecked) {
            number, packet, entry, isFirst in
            try queue.add((number, packet, entry, isFirst))
          }
        })
    }
  }

  /// Waits for the next frame.
  ///
  /// - Returns: nil after the last.
  /// - Throws: as `SegmentReader`, when every frame before was taken.
  func next() throws -> Frame? { try queue.next() }

  /// Reads no more; to be called once, however the writing ended.
  func end(on clock: WorkClock) {
    queue.close()
    _ = reading.wait(for: .mux, on: clock)
  }

  private final class Queue: Sendable {
    private struct State {
      var frames: [Frame] = []
      var end: Result<Void, any Error>?
      var isClosed = false
    }

    private let state = Mutex(State())
    private let room: DispatchSemaphore
    private let filled = DispatchSemaphore(value: 0)

    /// - Parameter room: how many frames wait at most.
    init(room: Int) {
      // Dispatch ends the process when a semaphore goes with a lower value than it came with.
      self.room = DispatchSemaphore(value: 0)
      for _ in 0..<room { self.room.signal() }
    }

    func add(_ frame: Frame) throws {
      room.wait()
      try state.withLock { state in
        if state.isClosed { throw Cancelled() }
        state.frames.append(frame)
      }
      filled.signal()
    }

    func end(with result: Result<Void, any Error>) {
      state.withLock { $0.end = result }
      filled.signal()
    }

    func close() {
      state.withLock { $0.isClosed = true }
      room.signal()
    }

    func next() throws -> Frame? {
      filled.wait()
      return try state.withLock { state in
        guard state.frames.isEmpty else {
          room.signal()
          return state.frames.removeFirst()
        }
        // Whoever asks again hears the same.
        filled.signal()
        try state.end?.get()
        return nil
      }
    }
  }
}
