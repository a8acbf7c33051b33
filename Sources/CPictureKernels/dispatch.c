// Which row operations this process uses.

#include "dispatch.h"

#include <stdlib.h>
#include <string.h>

#include "CPictureKernels.h"

int32_t pk_path_is_available(int32_t path) {
  if (path == PK_PATH_BASELINE) return 1;
#if defined(__x86_64__)
  __builtin_cpu_init();
  if (path == PK_PATH_AVX2) return __builtin_cpu_supports("avx2") != 0;
  if (path == PK_PATH_AVX512) {
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl")
      && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq");
  }
#endif
  return 0;
}

int32_t pk_cpu_fuses(void) {
#if defined(__x86_64__)
  __builtin_cpu_init();
  return __builtin_cpu_supports("fma") || __builtin_cpu_supports("fma4");
#else
  return 0;
#endif
}

const pk_rows *pk_rows_of(int32_t path) {
  if (!pk_path_is_available(path)) return NULL;
#if defined(__x86_64__)
  if (path == PK_PATH_AVX2) return &pk_rows_avx2;
  if (path == PK_PATH_AVX512) return &pk_rows_avx512;
#endif
  return &pk_rows_baseline;
}

static int32_t fastest_path(void) {
  const char *cpu = getenv("INTERLOCK_CPU");
  if (cpu != NULL && strcmp(cpu, "baseline") == 0) return PK_PATH_BASELINE;
  if (pk_path_is_available(PK_PATH_AVX512)) return PK_PATH_AVX512;
  if (pk_path_is_available(PK_PATH_AVX2)) return PK_PATH_AVX2;
  return PK_PATH_BASELINE;
}

int32_t pk_chosen_path(void) {
  // Every thread computes the same answer, so a race only repeats the work.
  static int32_t chosen = -1;
  int32_t path = __atomic_load_n(&chosen, __ATOMIC_RELAXED);
  if (path < 0) {
    path = fastest_path();
    __atomic_store_n(&chosen, path, __ATOMIC_RELAXED);
  }
  return path;
}
