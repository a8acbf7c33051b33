import Glibc

/// Waits for a program to print something or to end, whichever is first.
struct ProgramWait: ~Copyable {
  private static let longest: Int32 = 200
  /// How soon the end is seen, in milliseconds, where the kernel does not tell it.
  private static let shortest: Int32 = 2

  /// Readable once the process is over; negative before Linux 5.3.
  private let process: Int32
  /// Negative after its last writer has gone: the pipe is always ready then, and the program may go on.
  private var output: Int32

  init(_ child: pid_t, output: Int32) {
    process = Self.open?(child, 0) ?? -1
    self.output = output
  }

  deinit { if process >= 0 { _ = close(process) } }

  mutating func wait() {
    var waits = [
      pollfd(fd: output, events: Int16(POLLIN), revents: 0),
      pollfd(fd: process, events: Int16(POLLIN), revents: 0),
    ]
    let mustAsk = process < 0 && output < 0
    _ = unsafe poll(&waits, 2, mustAsk ? Self.shortest : Self.longest)
    if waits[0].revents != 0, waits[0].revents & Int16(POLLIN) == 0 { output = -1 }
  }

  /// `pidfd_open(2)`, which glibc has from 2.36 on; Swift's Glibc lacks its header.
  private static let open: (@convention(c) (pid_t, UInt32) -> Int32)? = {
    guard let symbol = unsafe dlsym(nil, "pidfd_open") else { return nil }
    return unsafe unsafeBitCast(symbol, to: (@convention(c) (pid_t, UInt32) -> Int32).self)
  }()
}
