#pragma once

// Private to the kernels: the table of row operations that each CPU path fills in.

#include <stddef.h>
#include <stdint.h>

/// Pixels of padding a scratch row has on both sides, so that loops may run over its ends.
enum { PK_PADDING = 64 };

typedef float pk_f4 __attribute__((vector_size(16)));

/// Codes to R'G'B' for Y'CbCr: red = y·scale + cr·cr_to_red, with offsets taken off the codes first.
typedef struct {
  float luma_offset, luma_scale, chroma_offset;
  float cr_to_red, cb_to_green, cr_to_green, cb_to_blue;
} pk_decode_matrix;

/// R'G'B' to Y'CbCr: luma as code without offset; chroma = (blue − luma)·scale as code without offset.
typedef struct {
  float red, blue;                 // weights of Y'
  float luma_scale;                // codes per unit of Y'
  float cb_scale, cr_scale;        // codes per unit of B'−Y', R'−Y'
} pk_encode_matrix;

/// Signal to code: x·scale + offset, rounded half up, kept in low…high.
typedef struct {
  float scale, offset, low, high;
} pk_coding;

/// Code to code of another depth: shifted up, or shifted down with rounding half up, kept in low…high.
typedef struct {
  uint32_t up, half, down, low, high;
} pk_move;

typedef struct {
  float slope[3], offset[3];
  float power[3];
  int32_t has_power[3];
  int32_t has_saturation;
  float saturation;
} pk_cdl;

typedef struct {
  int32_t size;
  float minimum[3], scale[3];  // p = (x − minimum)·scale
  float *tables[3];            // size + 1 entries each: the last one repeats
} pk_shaper;

typedef struct {
  int32_t size;
  float minimum[3], scale[3];
  pk_f4 *nodes;  // size³ nodes of R' G' B' 0, red index fastest
} pk_cube;

/// A key with its channels in the order: the screen's main one, then the others.
typedef struct {
  float screen[3];
  float per_difference;             // 1 over how far the screen's main channel lies above the others
  float tolerance, per_softness;    // alpha = (raw − tolerance) · per_softness, clamped
  float despill;                    // 0…1
} pk_key_row;

/// A over B into B: red, green, blue and alpha rows of both.
typedef void (*pk_merge_row)(
  const float *ar, const float *ag, const float *ab, const float *aa, float *br, float *bg, float *bb, float *ba,
  size_t count);

typedef struct {
  void (*load8)(const uint8_t *in, float *out, size_t count);
  void (*load16)(const uint16_t *in, float *out, size_t count);
  void (*load_float)(const float *in, float *out, size_t count);
  void (*load_packed8)(const uint8_t *in, int32_t components, float *r, float *g, float *b, size_t count);
  void (*load_packed16)(
    const uint16_t *in, int32_t components, int32_t swaps, float *r, float *g, float *b, size_t count);
  void (*rescale)(float *row, float offset, float scale, size_t count);
  void (*mix_into)(float *row, float own, const float *other, float weight, size_t count);
  void (*double_width)(const float *in, float *out, size_t count_in);
  void (*spread_width)(const float *in, float *out, size_t count_in);
  void (*decode)(const pk_decode_matrix *matrix, float *y_r, float *cb_g, float *cr_b, size_t count);
  void (*grade)(const pk_cdl *cdl, float *r, float *g, float *b, size_t count);
  void (*shape)(const pk_shaper *shaper, float *r, float *g, float *b, size_t count);
  void (*look_up)(const pk_cube *cube, float *r, float *g, float *b, size_t count);
  void (*encode)(const pk_encode_matrix *matrix, float *r_y, float *g_cb, float *b_cr, size_t count);
  void (*halve_width)(const float *in, float *out, size_t count_out);
  void (*pair_width)(const float *in, float *out, size_t count_out);
  void (*store8)(const float *in, const pk_coding *coding, uint8_t *out, size_t count);
  void (*store8_dithered)(
    const float *in, const pk_coding *coding, const float *thresholds, uint8_t *out, size_t count);
  void (*store16)(const float *in, const pk_coding *coding, uint16_t *out, size_t count);
  void (*store_packed8)(
    const float *r, const float *g, const float *b, const pk_coding *coding, int32_t components, uint8_t *out,
    size_t count);
  void (*store_packed16)(
    const float *r, const float *g, const float *b, const pk_coding *coding, int32_t components, int32_t swaps,
    uint16_t *out, size_t count);
  void (*move8to8)(const uint8_t *in, const pk_move *move, uint8_t *out, size_t count);
  void (*move8to16)(const uint8_t *in, const pk_move *move, uint16_t *out, size_t count);
  void (*move16to8)(const uint16_t *in, const pk_move *move, uint8_t *out, size_t count);
  void (*move16to8_dithered)(
    const uint16_t *in, const pk_move *move, const float *thresholds, uint8_t *out, size_t count);
  void (*move16to16)(const uint16_t *in, const pk_move *move, uint16_t *out, size_t count);
  uint64_t (*difference8)(const uint8_t *a, const uint8_t *b, size_t count);
  uint64_t (*difference12)(const uint16_t *a, const uint16_t *b, int32_t shift, size_t count);
  uint64_t (*difference16)(const uint16_t *a, const uint16_t *b, int32_t shift, int32_t swaps, size_t count);
  void (*raise_power)(float *row, float high, float low, size_t count);
  void (*limit)(float *row, float low, float high, size_t count);
  void (*multiply)(float *row, const float *by, size_t count);
  void (*divide)(float *row, const float *by, size_t count);
  pk_merge_row merge[6];  // in the order of PK_MERGE_…
  void (*matte)(
    const pk_key_row *key, const float *main, const float *other1, const float *other2, float *alpha, size_t count);
  void (*unscreen)(
    const pk_key_row *key, float *main, float *other1, float *other2, const float *alpha, const float *inside,
    size_t count);
} pk_rows;

extern const pk_rows pk_rows_baseline;
#if defined(__x86_64__)
extern const pk_rows pk_rows_avx2;
extern const pk_rows pk_rows_avx512;
#endif
