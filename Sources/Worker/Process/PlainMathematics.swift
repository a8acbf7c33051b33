import Colour
import Glibc

/// Keeps libm to what every x86-64 CPU has: its powers and logarithms differ in the last place where they may use fused
/// multiply-add, and with them OpenColorIO's tables and colours.
///
/// glibc reads the setting when a process starts, so a worker that was started without it starts itself again. An
/// emulated CPU without the extension is left alone: starting again would leave the emulator.
/// Source: The GNU C Library, Tunables, `glibc.cpu.hwcaps`.
enum PlainMathematics {
  private static let name = "GLIBC_TUNABLES"
  private static let value = "glibc.cpu.hwcaps=-FMA,-FMA4"

  static func ensure(_ arguments: [String]) {
    let present = unsafe getenv(name).map { unsafe String(cString: $0) } ?? ""
    guard !present.contains(value), KernelPath.cpuFusesMultiplyAdd else { return }
    unsafe setenv(name, present.isEmpty ? value : present + ":" + value, 1)
    let program = CommandLine.arguments.first ?? "interlock-worker"
    var pointers = unsafe ([program] + arguments).map { unsafe strdup($0) } + [nil]
    // Where even that fails the work is done all the same: it is right, and equal on machines of one kind.
    unsafe execv("/proc/self/exe", &pointers)
    while let pointer = unsafe pointers.popLast() { unsafe free(pointer) }
  }
}
