import ObjectStore
import Testing

@Suite struct ProcessPeakTests {
  @Test func `the peak is the kernel's line of its own, in bytes`() {
    let status = "Name:\tworker\nVmPeak:\t  900000 kB\nVmHWM:\t   81236 kB\nVmRSS:\t   70000 kB\n"
    let peak: Int64 = 81_236 * 1024
    #expect(ProcessFacts.peakResidentBytes(status: Array(status.utf8)) == peak)
  }

  @Test(arguments: [
    "", "\n\n", "Name:\tVmHWM: 5 kB\n", "VmHWM:", "VmHWM:\t\n", "VmHWM:\t12\n", "VmHWM:\t12 MB\n",
    "VmHWM:\t-1 kB\n", "VmHWM:\t9223372036854775807 kB\n", "VmHWM:\t99999999999999999999 kB\n",
  ])
  func `what is no peak is none`(_ status: String) {
    #expect(ProcessFacts.peakResidentBytes(status: Array(status.utf8)) == nil)
  }

  @Test func `this process has a peak, and no less than what it holds`() throws {
    let count = 32 << 20
    let held = [UInt8](repeating: 1, count: count)
    let peak = withExtendedLifetime(held) { ProcessFacts.ownPeakResidentBytes }
    #expect(try #require(peak) >= Int64(count))
  }
}
