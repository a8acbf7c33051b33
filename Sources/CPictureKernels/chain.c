// Colour chains, a part of a row at a time so that all steps find it in the cache.

#include "CPictureKernels.h"

#include <math.h>
#include <string.h>

#define CHAIN(name) name##_baseline
#include "chain.inc.h"

#if defined(__x86_64__)
#pragma clang attribute push(__attribute__((target("avx2"))), apply_to = function)
#define CHAIN(name) name##_avx2
#include "chain.inc.h"
#pragma clang attribute pop
#endif

float pk_curve_point(int32_t index) {
  const int32_t from_zero = index - PK_CURVE_HALF;
  if (from_zero == 0) return 0.0f;
  const int32_t point = (from_zero < 0 ? -from_zero : from_zero) - 1;
  const uint32_t bits = ((uint32_t)point + (95u << 11)) << 12;
  float value;
  memcpy(&value, &bits, sizeof value);
  return from_zero < 0 ? -value : value;
}

void pk_chain_run(
  int32_t path, const pk_step *steps, size_t step_count, float *red, float *green, float *blue, int32_t width,
  int32_t height, ptrdiff_t stride) {
  const size_t part = 1024;
  for (int32_t row = 0; row < height; row++) {
    float *r = (float *)((char *)red + stride * row);
    float *g = (float *)((char *)green + stride * row);
    float *b = (float *)((char *)blue + stride * row);
    for (size_t start = 0; start < (size_t)width; start += part) {
      const size_t rest = (size_t)width - start, count = rest < part ? rest : part;
#if defined(__x86_64__)
      if (path != PK_PATH_BASELINE) {
        row_avx2(steps, step_count, r + start, g + start, b + start, count);
        continue;
      }
#endif
      row_baseline(steps, step_count, r + start, g + start, b + start, count);
    }
  }
}
