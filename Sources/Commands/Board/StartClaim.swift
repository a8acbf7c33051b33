import Board
import Engine
import Foundation
import Glibc
import ObjectStore
import Synchronization

/// A command that was started from the board says so about itself: that it is there, and how it ended, whoever is left to
/// read it.
enum StartClaim {
  private static let folder = Mutex<StartFolder?>(nil)

  static func take() {
    guard let path = ProcessInfo.processInfo.environment[StartFolder.variable] else { return }
    // For this process alone, not for those it starts.
    _ = unsafe unsetenv(StartFolder.variable)
    let starts = FileSystem.parent(of: path)
    guard ULID(FileSystem.lastName(of: path)) != nil,
      let production = Production.nearest(from: path), StartFolder.folder(in: production) == starts
    else { return }
    let claimed = StartFolder(FileSystem.lastName(of: path), in: production)
    // Without it the command goes on all the same: it is only not known to be there.
    try? claimed.notePresence()
    folder.withLock { $0 = claimed }
    // Every way out of the process says with which code; a signal that kills says nothing.
    _ = unsafe on_exit({ status, _ in StartClaim.end(status) }, nil)
  }

  private static func end(_ status: Int32) {
    guard let claimed = folder.withLock({ $0 }) else { return }
    try? claimed.write(StartEnding(ended: WallClock.now().iso8601, exit: status))
  }
}
