import Engine
import Testing

@Suite struct MachineResourcesTests {
  private static let mebibyte: Int64 = 1 << 20

  private func machine(_ files: [String: String], cores: Int = 16) -> MachineResources {
    MachineResources(onlineCores: cores) { files[$0] }
  }

  @Test func `a machine keeps a tenth of its memory, or half a gibibyte, but never more than half`() {
    func usable(kibibytes: Int) -> Int64 {
      machine(["/proc/meminfo": "MemTotal:       \(kibibytes) kB\nMemFree: 1 kB\n"]).memoryBytes
    }
    #expect(usable(kibibytes: 20 << 20) == (18 << 30))
    #expect(usable(kibibytes: 2 << 20) == 1536 * Self.mebibyte)
    #expect(usable(kibibytes: 512 << 10) == 256 * Self.mebibyte)
  }

  @Test func `the tightest limit of the control groups counts`() {
    let files = [
      "/proc/meminfo": "MemTotal:       \(64 << 20) kB\n",
      "/proc/self/cgroup": "0::/jobs/night/task\n",
      "/sys/fs/cgroup/jobs/night/task/memory.max": "max\n",
      "/sys/fs/cgroup/jobs/night/memory.max": "\(Int64(10) << 30)\n",
      "/sys/fs/cgroup/jobs/memory.max": "\(Int64(20) << 30)\n",
      "/sys/fs/cgroup/jobs/cpu.max": "250000 100000\n",
      "/sys/fs/cgroup/jobs/night/cpu.max": "max 100000\n",
    ]
    #expect(machine(files) == MachineResources(cores: 3, memoryBytes: 9 << 30))
  }

  @Test func `control groups of the first version and machines without any are read too`() {
    let files = [
      "/proc/meminfo": "MemTotal:       \(64 << 20) kB\n",
      "/proc/self/cgroup": "5:memory:/docker/a1\n4:cpu,cpuacct:/docker/a1\n",
      "/sys/fs/cgroup/memory/docker/a1/memory.limit_in_bytes": "\(Int64(5) << 30)\n",
      "/sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712\n",
    ]
    #expect(machine(files).memoryBytes == (5 << 30) - 512 * Self.mebibyte)
    #expect(
      machine([:], cores: 4) == MachineResources(cores: 4, memoryBytes: (4 << 30) - 512 * Self.mebibyte))
  }

  @Test func `this machine has something`() {
    let here = MachineResources.here()
    #expect(here.cores >= 1)
    #expect(here.memoryBytes > 64 * Self.mebibyte)
  }
}
