#pragma once

// Comparison of small luma planes: how much of one picture another explains, whatever grade lies between them.
//
// Same contract as the pixel loops: binary32 and binary64 add, subtract, multiply and divide in the order written.

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// Widest and highest plane that is compared, in pixels.
#define PK_COMPARE_SIDE 1024

/// What is left of a picture when another has explained what it can. Mean squares in codes of 0…255.
typedef struct {
  double residual;   // of what is not explained
  double variance;   // of the picture itself
  double other;      // of the picture that explains
  int32_t count;     // pixels compared; with none everything is 0
} pk_comparison;

/// Explains `picture` by `other` through the best rising tone curve, then looks at detail only: a local mean over a
/// square of 2·`radius`+1 pixels is taken from both, so that vignettes and windows do not count.
///
/// - use: 0 leaves a pixel out.
/// - rest: what is not explained, one value a pixel, 0 where left out; may be NULL.
/// - scratch: 6 planes.
pk_comparison pk_compare(
    const float *picture, const float *other, const uint8_t *use, int32_t width, int32_t height, int32_t radius,
    float *rest, float *scratch);

/// Luma of Rec.709 of display-coded R'G'B' 0…1, in codes of 0…255: the mean of each square of `step` pixels.
///
/// What is no number is black. Rows and columns that fill no square are left out.
void pk_reduced_luma(
    const float *red, const float *green, const float *blue, int32_t width, int32_t height, int32_t step, float *luma);

/// Mean square of the difference of two planes over `count` used pixels of `size`.
double pk_mean_square(const float *a, const float *b, const uint8_t *use, int32_t size);

/// Draws `source` magnified about its middle and moved: linear interpolation, black beside it.
void pk_magnify(
    const float *source, int32_t width, int32_t height, double scale_x, double scale_y, double move_x, double move_y,
    float *result);

#ifdef __cplusplus
}
#endif
