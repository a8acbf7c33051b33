#pragma once

// The pixel loops of Interlock: unpack to float R'G'B', grade, pack to the encoder's layout.
//
// Contract: the same bytes on every CPU path. All arithmetic is IEEE binary32 add, subtract, multiply, divide,
// compare and conversion in the order written: no fused multiply-add (-ffp-contract=off), no reciprocal or
// square-root approximations, no libm. log2 and exp2 are polynomials of our own. The paths are one source
// (rows.inc.h) compiled for several instruction sets.
//
// R'G'B' here is the display-coded signal: 0 black, 1 white of the range in use, values outside kept until an
// operation clamps them. NaN in a source is read as 0.

#include <stddef.h>
#include <stdint.h>

#include "chain.h"
#include "compare.h"

#ifdef __cplusplus
extern "C" {
#endif

/// Raised when equal input yields different bytes.
#define PK_VERSION 2

enum {
  PK_FAMILY_YCBCR = 0,       // planes Y', Cb, Cr
  PK_FAMILY_PLANAR_RGB = 1,  // planes G', B', R' (FFmpeg's gbrp order)
  PK_FAMILY_PACKED_RGB = 2,  // one plane R' G' B' [A], alpha ignored
};

/// Where a subsampled chroma sample lies among its luma samples. Source: ITU-T H.273, ChromaLocType.
enum {
  PK_SITING_LEFT = 0,      // on the left column, between the rows (MPEG-2, H.264)
  PK_SITING_CENTRE = 1,    // between the columns and rows (JPEG, MPEG-1)
  PK_SITING_TOP_LEFT = 2,  // on the left column and the upper row (BT.2020, BT.2100)
};

enum {
  PK_PATH_BASELINE = 0,  // SSE2 on x86-64, the compiler's default elsewhere
  PK_PATH_AVX2 = 1,
  PK_PATH_AVX512 = 2,
};

/// How the samples of a picture lie in memory.
///
/// Integer samples of 8 bits take one byte, of 9 to 16 bits two bytes with the value in the low bits. Bit depth
/// 32 means binary32, only for the RGB families.
typedef struct {
  int32_t family;
  int32_t bit_depth;       // 8…16, or 32 for binary32
  int32_t is_big_endian;   // packed 16-bit only
  int32_t chroma_shift_x;  // log2 of the horizontal chroma step: 0 or 1
  int32_t chroma_shift_y;  // log2 of the vertical chroma step: 0 or 1 (1 only with chroma_shift_x 1)
  int32_t components;      // samples per pixel of a packed layout, 3 or 4
} pk_layout;

/// How the codes are to be read. Source: ITU-R BT.601/709/2020.
typedef struct {
  double kr, kb;          // luma weights of red and blue
  int32_t is_full_range;  // 0: legal codes, 16…235 and 16…240 at 8 bits and their multiples
  int32_t siting;         // PK_SITING_…; of Y'CbCr with subsampled chroma
} pk_encoding;

/// ASC CDL v1.2, ASC clamp style; the caller checks slope ≥ 0, power > 0, saturation ≥ 0.
typedef struct {
  double slope[3], offset[3], power[3], saturation;
} pk_decision;

/// A shaper (one table per channel, linear) and/or a cube (tetrahedral); a size of 0 leaves either out.
typedef struct {
  int32_t shaper_size;  // 0 or 2…65,536
  const float *shaper;  // [size][3]
  double shaper_minimum[3], shaper_maximum[3];
  int32_t cube_size;  // 0 or 2…256
  const float *cube;  // [blue][green][red][3]: red index fastest
  double cube_minimum[3], cube_maximum[3];
} pk_look;

/// What a pipe does: part of a source picture, graded, lands in a raster of another layout.
typedef struct {
  pk_layout source_layout;
  pk_encoding source_encoding;
  int32_t source_width, source_height;
  int32_t crop_x, crop_y;  // multiples of the source's chroma step
  int32_t width, height;   // of the used part of the source and of the rectangle it fills: no scaling here
  pk_layout destination_layout;
  pk_encoding destination_encoding;
  int32_t raster_width, raster_height;
  int32_t x, y;                 // where the picture lands; multiples of the destination's chroma step
  float black[3];               // R'G'B' of the raster around it
  int32_t dithers;              // planes of 8 bits: what lies between two codes becomes a pattern of both
  const pk_decision *decision;  // or NULL; applied first
  const pk_look *look;          // or NULL; copied
  int32_t path;                 // PK_PATH_…, must be available
} pk_configuration;

/// Most pipes that run together.
#define PK_PIPES_AT_ONCE 8

/// Immutable after creation; runs may share it between threads.
typedef struct pk_pipe pk_pipe;

/// The fastest path of this CPU, or the baseline if the environment says INTERLOCK_CPU=baseline; decided once.
int32_t pk_chosen_path(void);

/// Whether this CPU and build have a path, whatever the environment says.
int32_t pk_path_is_available(int32_t path);

/// Whether this CPU has fused multiply-add, which libm uses and kernels do not.
int32_t pk_cpu_fuses(void);

/// NULL when memory is short or the configuration is outside the ranges stated above.
pk_pipe *pk_pipe_create(const pk_configuration *configuration);
void pk_pipe_free(pk_pipe *pipe);

/// Converts one picture, a row or two at a time, and fills the raster around it with black.
///
/// Strides are in bytes and positive; 16-bit and float planes are aligned to their samples.
/// Y'CbCr to Y'CbCr of the same matrix, range and subsampling without a grade moves the codes themselves (shifted
/// to the other depth, reserved codes avoided), so an ungraded picture loses nothing.
/// Edges of chroma repeat.
///
/// Several pipes read and grade the picture once: they have one source, one part of it and one grade, and differ in
/// what they write. Each writes what it would write alone.
/// - count: 1…PK_PIPES_AT_ONCE
/// Returns 0, or −1 when memory for a few rows of scratch is short.
int32_t pk_pipes_run(
  const pk_pipe *const pipes[], int32_t count, const void *const source[3], const ptrdiff_t source_strides[3],
  void *const *const destinations[], const ptrdiff_t *const destination_strides[]);

/// Sum of the squared differences of integer samples; exact.
///
/// - bit_depth: of `b`, 8…16; 8 is one byte a sample, more is two.
/// - shift: so many bits more `b` has than `a`; two bytes only.
/// - swaps: both are big-endian; two bytes only.
/// - path: one of PK_PATH_…, must be available.
uint64_t pk_squared_differences(
  int32_t path, const void *a, const void *b, int32_t bit_depth, int32_t shift, int32_t swaps, size_t count);

// MARK: - Compositing, in linear light
//
// Planes of binary32 without padding. Colours are premultiplied by alpha unless stated. `path` is one of PK_PATH_…
// and must be available.

enum {
  PK_MERGE_OVER = 0,      // A + B·(1 − a)
  PK_MERGE_PLUS = 1,      // A + B, alpha at most 1
  PK_MERGE_MULTIPLY = 2,  // A·(1 − b) + B·(1 − a) + A·B
  PK_MERGE_SCREEN = 3,    // A + B − A·B; outside 0…1 the brighter
  PK_MERGE_IN = 4,        // A·b
  PK_MERGE_OUT = 5,       // A·(1 − b)
};

/// A colour-difference key: how far the screen's main channel lies above the other two tells how much screen is
/// seen. All in linear light.
typedef struct {
  float screen[3];           // R, G, B
  int32_t main_channel;      // 0…2, the largest of the screen
  float tolerance;           // of 0…1 from the screen to no screen: up to here nothing of the foreground is seen
  float softness;            // > 0: so much farther it covers
  float despill;             // 0…1
} pk_key;

/// sign(x)·|x|^power of every sample, |x| at most 65504; NaN becomes −65504 to the power.
void pk_raise(int32_t path, float *samples, size_t count, double power);
/// Keeps samples in low…high; NaN becomes low.
void pk_limit(int32_t path, float *samples, size_t count, float low, float high);
void pk_multiply(int32_t path, float *samples, const float *by, size_t count);
/// Quotients, 0 where the divisor is not above 0.
void pk_divide(int32_t path, float *samples, const float *by, size_t count);
/// Samples times a factor.
void pk_scale(float *samples, float factor, size_t count);
/// Merges planes A (R, G, B, alpha) with B, into B.
void pk_merge(int32_t path, int32_t operation, const float *const a[4], float *const b[4], size_t count);
/// The alpha of unpremultiplied planes R, G, B.
void pk_matte(int32_t path, const pk_key *key, const float *const rgb[3], float *alpha, size_t count);
/// Takes the screen's share out of planes R, G, B, which become premultiplied by `alpha`, and its spill where
/// `inside` is below 1.
void pk_unscreen(
  int32_t path, const pk_key *key, float *const rgb[3], const float *alpha, const float *inside, size_t count);

/// Alpha of a picture as 0…1.
/// - plane: of a planar layout its plane of alpha, of a packed one with 4 components the plane itself.
void pk_load_alpha(
  pk_layout layout, const void *plane, ptrdiff_t stride, int32_t width, int32_t height, float *out);
/// Where `cover` is 1 alpha becomes 1 (keeps) or 0, in between accordingly.
void pk_force(float *alpha, const float *cover, int32_t keeps, size_t count);
/// Shrinks (erode > 0) or grows what covers by a number of pixels, then softens it over `blur` pixels on each side.
/// Returns −1 when memory is short.
int32_t pk_soften(float *alpha, int32_t width, int32_t height, int32_t erode, int32_t blur);
/// Raises samples to how much a polygon (x, y pairs in pixels, even-odd) covers of each pixel.
/// Returns −1 when memory is short.
int32_t pk_cover(float *plane, int32_t width, int32_t height, const double *points, size_t count);
/// One plane scaled and moved: pixel u of the source lies at u·scale + offset, with Catmull-Rom weights, wider where
/// it shrinks; edges repeat, outside the source is 0. Returns −1 when memory is short.
/// - scale: 1/64…64 on each axis.
int32_t pk_resample(
  int32_t path, const float *in, int32_t in_width, int32_t in_height, float *out, int32_t width, int32_t height,
  const double scale[2], const double offset[2]);
/// How much a convex polygon (x, y pairs in pixels, 3…32 corners, clockwise as seen) covers of each pixel, exactly.
void pk_area(float *cover, int32_t width, int32_t height, const double *points, size_t count);
/// Planes under an affine transform: the pixel centre x, y shows the source at place[0]·x + place[1]·y + place[2],
/// place[3]·x + place[4]·y + place[5], with Catmull-Rom weights, wider where it shrinks; edges repeat. Pixels that
/// nothing covers are 0 or unfinished. Whole moves and mirrors are exact. Returns −1 when memory is short.
int32_t pk_transform(
  int32_t path, int32_t planes, const float *const in[], int32_t in_width, int32_t in_height, float *const out[],
  const float *cover, int32_t width, int32_t height, const double place[6]);
/// The colour of the screen in part of display-coded planes R, G, B: the mean of what is green or blue beyond half
/// of the most. Returns the main channel, or −1 where nothing is.
int32_t pk_sample_screen(
  const float *const rgb[3], int32_t width, int32_t x, int32_t y, int32_t part_width, int32_t part_height,
  double out[3]);

// MARK: - Layers, display-coded

enum {
  PK_BLEND_NORMAL = 0,
  PK_BLEND_ADD = 1,  // cut off at white
  PK_BLEND_SUBTRACT = 2,  // below − above, cut off at black
  PK_BLEND_DIFFERENCE = 3,
  PK_BLEND_MULTIPLY = 4,
  PK_BLEND_SCREEN = 5,
  PK_BLEND_OVERLAY = 6,
  PK_BLEND_DARKEN = 7,
  PK_BLEND_LIGHTEN = 8,
  PK_BLEND_HARD_LIGHT = 9,
  PK_BLEND_SOFT_LIGHT = 10,
};

/// Lays three planes over three others; all are multiplied by what they cover. Where a is the cover above and b that
/// below: A·(1 − b) + B·(1 − a) + a·b·blend(B / b, A / a), and the cover is a + b·(1 − a).
/// - cover: NULL where all of it covers.
void pk_blend(
  int32_t mode, const float *const top[3], const float *cover, float *const below[3], float *below_cover,
  size_t count);

/// Lays a drawn picture over a float picture: below · (1 − weights[a]) + weights[colour] for each channel.
///
/// Pixels are B G R A of 8 bits, colours premultiplied by alpha; weights[v] is the share that the code v stands
/// for: v/255 times the opacity. Planes are binary32 G' B' R'; strides are in bytes. The result does not depend on
/// the CPU: multiply, subtract and add in the order written.
void pk_overlay(
  const uint8_t *pixels, ptrdiff_t pixel_stride, int32_t width, int32_t height, const float weights[256],
  void *const planes[3], const ptrdiff_t strides[3]);

#ifdef __cplusplus
}
#endif
