#pragma once

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

// MARK: - Colour chains
//
// A chain of operations on rows of linear or coded R'G'B' in binary32, in the order written: the same bytes on every
// CPU path. What a channel does by itself is a table over all floats, so that no power, logarithm or exponential is
// computed here; what mixes channels is arithmetic.

enum {
  PK_STEP_CURVES = 0,        // a table for each channel
  PK_STEP_MATRIX = 1,        // 3x3, then an offset
  PK_STEP_GLOW = 2,          // ACES 1.0 RRT glow
  PK_STEP_RED_MODIFIER = 3,  // ACES 1.0 RRT red modifier
  PK_STEP_SURROUND = 4,      // ACES dark to dim surround: Y to a power, by the first table
};

/// Points of a curve: |x| from 2^-32 to 2^16, 2048 to an octave, both signs, and 0.
///
/// Between points lines; from −2^-32 through 0 to 2^-32 lines; beyond 2^16 the last value. A point p of the positive
/// half stands for the float with the bits (p + (95 << 11)) << 12.
#define PK_CURVE_HALF ((48 << 11) + 1)
/// Negative half, its points by falling x; then 0; then the positive half.
#define PK_CURVE_POINTS (2 * PK_CURVE_HALF + 1)

typedef struct {
  int32_t kind;
  const float *curves[3];  // PK_CURVE_POINTS each
  float matrix[9], offset[3];
} pk_step;

/// x of a point of a curve.
float pk_curve_point(int32_t index);

/// Applies steps to planes in place; `stride` in bytes is the same for the three. NaN becomes 0.
/// - path: PK_PATH_…, must be available.
void pk_chain_run(
  int32_t path, const pk_step *steps, size_t step_count, float *red, float *green, float *blue, int32_t width,
  int32_t height, ptrdiff_t stride);

#ifdef __cplusplus
}
#endif
