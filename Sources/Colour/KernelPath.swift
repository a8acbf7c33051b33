import CPictureKernels

/// The instruction set the kernels use; every path makes the same bytes.
package enum KernelPath: Int32, CaseIterable, Sendable {
  /// What every x86-64 CPU has (SSE2).
  case baseline = 0
  case avx2 = 1
  case avx512 = 2

  /// The fastest one of this CPU; the baseline when the environment says `INTERLOCK_CPU=baseline`.
  package static var chosen: KernelPath { KernelPath(rawValue: pk_chosen_path()) ?? .baseline }

  /// Whether this CPU can run it, whatever the environment says.
  package var isAvailable: Bool { pk_path_is_available(rawValue) != 0 }

  /// Whether this CPU has fused multiply-add, by which libm's results differ.
  package static var cpuFusesMultiplyAdd: Bool { pk_cpu_fuses() != 0 }
}
