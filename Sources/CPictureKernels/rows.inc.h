// The row loops. Included once for each CPU path, which defines PK_ROWS (the name of its table) and switches the
// instruction set on. Every loop is plain C without branches on pixel values, so that the compiler vectorises it
// with the operations written here and no others; that is what makes the bytes equal on all paths.

#include <string.h>

#include "rows.h"

#define PK_ROW static void
#define PK_INLINE static inline __attribute__((always_inline))

// x > low ? x : low is also `low` for NaN, and is one max instruction.
PK_INLINE float raise_to(float x, float low) { return x > low ? x : low; }
PK_INLINE float lower_to(float x, float high) { return x < high ? x : high; }

PK_INLINE int32_t bits_of(float x) {
  int32_t bits;
  memcpy(&bits, &x, sizeof bits);
  return bits;
}

PK_INLINE float float_of(int32_t bits) {
  float x;
  memcpy(&x, &bits, sizeof x);
  return x;
}

// MARK: - Loading

PK_ROW load8(const uint8_t *restrict in, float *restrict out, size_t count) {
  for (size_t i = 0; i < count; i++) out[i] = (float)in[i];
}

PK_ROW load16(const uint16_t *restrict in, float *restrict out, size_t count) {
  for (size_t i = 0; i < count; i++) out[i] = (float)in[i];
}

PK_ROW load_float(const float *restrict in, float *restrict out, size_t count) {
  for (size_t i = 0; i < count; i++) out[i] = in[i] == in[i] ? in[i] : 0.0f;
}

PK_ROW load_packed8(
  const uint8_t *restrict in, int32_t components, float *restrict r, float *restrict g, float *restrict b,
  size_t count) {
  if (components == 3) {
    for (size_t i = 0; i < count; i++) {
      r[i] = (float)in[3 * i];
      g[i] = (float)in[3 * i + 1];
      b[i] = (float)in[3 * i + 2];
    }
  } else {
    for (size_t i = 0; i < count; i++) {
      r[i] = (float)in[4 * i];
      g[i] = (float)in[4 * i + 1];
      b[i] = (float)in[4 * i + 2];
    }
  }
}

PK_INLINE uint16_t swapped_if(uint16_t x, int32_t swaps) { return swaps ? (uint16_t)(x << 8 | x >> 8) : x; }

PK_INLINE void load_packed16_of(
  const uint16_t *restrict in, size_t components, int32_t swaps, float *restrict r, float *restrict g,
  float *restrict b, size_t count) {
  for (size_t i = 0; i < count; i++) {
    r[i] = (float)swapped_if(in[components * i], swaps);
    g[i] = (float)swapped_if(in[components * i + 1], swaps);
    b[i] = (float)swapped_if(in[components * i + 2], swaps);
  }
}

PK_ROW load_packed16(
  const uint16_t *restrict in, int32_t components, int32_t swaps, float *restrict r, float *restrict g,
  float *restrict b, size_t count) {
  if (components == 3) {
    if (swaps) load_packed16_of(in, 3, 1, r, g, b, count);
    else load_packed16_of(in, 3, 0, r, g, b, count);
  } else {
    if (swaps) load_packed16_of(in, 4, 1, r, g, b, count);
    else load_packed16_of(in, 4, 0, r, g, b, count);
  }
}

PK_ROW rescale(float *restrict row, float offset, float scale, size_t count) {
  for (size_t i = 0; i < count; i++) row[i] = (row[i] - offset) * scale;
}

PK_ROW mix_into(float *restrict row, float own, const float *restrict other, float weight, size_t count) {
  for (size_t i = 0; i < count; i++) row[i] = row[i] * own + other[i] * weight;
}

// Left-sited chroma: even columns carry a sample, odd ones the mean of their neighbours. The caller has put a copy
// of the last sample behind the row.
PK_ROW double_width(const float *restrict in, float *restrict out, size_t count_in) {
  for (size_t i = 0; i < count_in; i++) {
    out[2 * i] = in[i];
    out[2 * i + 1] = (in[i] + in[i + 1]) * 0.5f;
  }
}

// Chroma between the columns: three quarters of the near sample, one quarter of the next. The caller has put a copy of
// the first sample before the row and of the last behind it.
PK_ROW spread_width(const float *restrict in, float *restrict out, size_t count_in) {
  const float *restrict before = in - 1;
  for (size_t i = 0; i < count_in; i++) {
    const float own = before[i + 1] * 0.75f;
    out[2 * i] = own + before[i] * 0.25f;
    out[2 * i + 1] = own + before[i + 2] * 0.25f;
  }
}

PK_ROW decode(
  const pk_decode_matrix *restrict matrix, float *restrict y_r, float *restrict cb_g, float *restrict cr_b,
  size_t count) {
  const pk_decode_matrix m = *matrix;
  for (size_t i = 0; i < count; i++) {
    const float y = (y_r[i] - m.luma_offset) * m.luma_scale;
    const float cb = cb_g[i] - m.chroma_offset;
    const float cr = cr_b[i] - m.chroma_offset;
    y_r[i] = y + cr * m.cr_to_red;
    cb_g[i] = y + (cb * m.cb_to_green + cr * m.cr_to_green);
    cr_b[i] = y + cb * m.cb_to_blue;
  }
}

// MARK: - Grading

// x to a power, for x in 0…1 and power > 0; exact at 0 and 1, and within 3e-7 of the true value: what a large exponent
// blurs lies far below that.
PK_INLINE float power_of(float x, float power) {
  // x = m · 2^e with m in √½…√2, so that log2(m) keeps its relative precision around x = 1.
  const int32_t bits = bits_of(x);
  const int32_t exponent = (bits - 0x3f3504f3) >> 23;
  const float m = float_of(bits - (int32_t)((uint32_t)exponent << 23));
  // log2(m) = s · P(s²), s = (m−1)/(m+1); P is a minimax fit, error 3e-8.
  const float s = (m - 1.0f) / (m + 1.0f);
  const float z = s * s;
  const float l = s * (2.8853913f + z * (0.9614708f + z * 0.5989738f));
  const float t = raise_to(power * ((float)exponent + l), -125.0f);
  // 2^t = 2^n · 2^rest, rest in −½…½, minimax fit, error 9e-8.
  const int32_t n = (int32_t)(t - 0.5f);
  const float rest = t - (float)n;
  const float y =
    1.0f
    + rest
        * (0.69314721f
           + rest * (0.24022235f + rest * (0.05550308f + rest * (0.009671876f + rest * 0.0013407256f))));
  const float scaled = lower_to(y * float_of((int32_t)((uint32_t)(n + 127) << 23)), 1.0f);
  return x >= 1.17549435e-38f ? scaled : 0.0f;
}

PK_INLINE void slope_offset_power(const pk_cdl *cdl, int channel, float *restrict row, size_t count) {
  const float slope = cdl->slope[channel], offset = cdl->offset[channel];
  if (cdl->has_power[channel]) {
    const float power = cdl->power[channel];
    for (size_t i = 0; i < count; i++) {
      row[i] = power_of(lower_to(raise_to(row[i] * slope + offset, 0.0f), 1.0f), power);
    }
  } else {
    for (size_t i = 0; i < count; i++) row[i] = lower_to(raise_to(row[i] * slope + offset, 0.0f), 1.0f);
  }
}

PK_ROW grade(const pk_cdl *cdl, float *restrict r, float *restrict g, float *restrict b, size_t count) {
  slope_offset_power(cdl, 0, r, count);
  slope_offset_power(cdl, 1, g, count);
  slope_offset_power(cdl, 2, b, count);
  if (!cdl->has_saturation) return;
  const float saturation = cdl->saturation;
  for (size_t i = 0; i < count; i++) {
    const float luma = (r[i] * 0.2126f + g[i] * 0.7152f) + b[i] * 0.0722f;
    r[i] = lower_to(raise_to(luma + saturation * (r[i] - luma), 0.0f), 1.0f);
    g[i] = lower_to(raise_to(luma + saturation * (g[i] - luma), 0.0f), 1.0f);
    b[i] = lower_to(raise_to(luma + saturation * (b[i] - luma), 0.0f), 1.0f);
  }
}

PK_INLINE void shape_channel(const pk_shaper *shaper, int channel, float *restrict row, size_t count) {
  const float minimum = shaper->minimum[channel], scale = shaper->scale[channel];
  const float top = (float)(shaper->size - 1);
  const float *restrict table = shaper->tables[channel];
  for (size_t i = 0; i < count; i++) {
    const float p = lower_to(raise_to((row[i] - minimum) * scale, 0.0f), top);
    const int32_t index = (int32_t)p;
    const float fraction = p - (float)index;
    row[i] = table[index] * (1.0f - fraction) + table[index + 1] * fraction;
  }
}

PK_ROW shape(const pk_shaper *shaper, float *restrict r, float *restrict g, float *restrict b, size_t count) {
  shape_channel(shaper, 0, r, count);
  shape_channel(shaper, 1, g, count);
  shape_channel(shaper, 2, b, count);
}

enum { PK_LOOK_CHUNK = 256 };

// Where each pixel lies in the cube: node, two corners between, and the four weights.
typedef struct {
  int32_t base[PK_LOOK_CHUNK], corner1[PK_LOOK_CHUNK], corner2[PK_LOOK_CHUNK];
  float weight0[PK_LOOK_CHUNK], weight1[PK_LOOK_CHUNK], weight2[PK_LOOK_CHUNK], weight3[PK_LOOK_CHUNK];
} cells;

PK_INLINE void place(
  const pk_cube *restrict cube, const float *restrict r, const float *restrict g, const float *restrict b,
  cells *restrict out, size_t count) {
  const int32_t size = cube->size;
  const int32_t green_step = size, blue_step = size * size;
  const int32_t all_steps = 1 + green_step + blue_step;
  const int32_t last_cell = size - 2;
  const float top = (float)(size - 1);
  const float r_minimum = cube->minimum[0], g_minimum = cube->minimum[1], b_minimum = cube->minimum[2];
  const float r_scale = cube->scale[0], g_scale = cube->scale[1], b_scale = cube->scale[2];
  for (size_t i = 0; i < count; i++) {
    const float pr = lower_to(raise_to((r[i] - r_minimum) * r_scale, 0.0f), top);
    const float pg = lower_to(raise_to((g[i] - g_minimum) * g_scale, 0.0f), top);
    const float pb = lower_to(raise_to((b[i] - b_minimum) * b_scale, 0.0f), top);
    int32_t ir = (int32_t)pr, ig = (int32_t)pg, ib = (int32_t)pb;
    ir = ir < last_cell ? ir : last_cell;
    ig = ig < last_cell ? ig : last_cell;
    ib = ib < last_cell ? ib : last_cell;
    const float fr = pr - (float)ir, fg = pg - (float)ig, fb = pb - (float)ib;
    const float low_rg = lower_to(fr, fg), high_rg = raise_to(fr, fg);
    const float largest = raise_to(high_rg, fb);
    const float smallest = lower_to(low_rg, fb);
    const float middle = raise_to(low_rg, lower_to(high_rg, fb));
    const int32_t step_high_rg = fr >= fg ? 1 : green_step;
    const int32_t step_low_rg = fr >= fg ? green_step : 1;
    out->base[i] = ir + ig * green_step + ib * blue_step;
    out->corner1[i] = high_rg >= fb ? step_high_rg : blue_step;
    out->corner2[i] = all_steps - (low_rg < fb ? step_low_rg : blue_step);
    out->weight0[i] = 1.0f - largest;
    out->weight1[i] = largest - middle;
    out->weight2[i] = middle - smallest;
    out->weight3[i] = smallest;
  }
}

PK_INLINE pk_f4 all_of(float x) { return (pk_f4){x, x, x, x}; }

PK_INLINE pk_f4 interpolate(const pk_f4 *restrict nodes, int32_t all_steps, const cells *restrict at, size_t i) {
  const pk_f4 *restrict node = nodes + at->base[i];
  return (node[0] * all_of(at->weight0[i]) + node[at->corner1[i]] * all_of(at->weight1[i]))
    + (node[at->corner2[i]] * all_of(at->weight2[i]) + node[all_steps] * all_of(at->weight3[i]));
}

// Four pixels at a time, each from four 16-byte loads; cheaper than gathers of single floats.
PK_INLINE void blend(
  const pk_cube *restrict cube, const cells *restrict at, float *restrict r, float *restrict g, float *restrict b,
  size_t count) {
  const pk_f4 *restrict nodes = cube->nodes;
  const int32_t all_steps = 1 + cube->size + cube->size * cube->size;
  size_t i = 0;
  for (; i + 4 <= count; i += 4) {
    const pk_f4 p0 = interpolate(nodes, all_steps, at, i), p1 = interpolate(nodes, all_steps, at, i + 1);
    const pk_f4 p2 = interpolate(nodes, all_steps, at, i + 2), p3 = interpolate(nodes, all_steps, at, i + 3);
    const pk_f4 rg01 = __builtin_shufflevector(p0, p1, 0, 4, 1, 5), rg23 = __builtin_shufflevector(p2, p3, 0, 4, 1, 5);
    const pk_f4 b01 = __builtin_shufflevector(p0, p1, 2, 6, 3, 7), b23 = __builtin_shufflevector(p2, p3, 2, 6, 3, 7);
    const pk_f4 red = __builtin_shufflevector(rg01, rg23, 0, 1, 4, 5);
    const pk_f4 green = __builtin_shufflevector(rg01, rg23, 2, 3, 6, 7);
    const pk_f4 blue = __builtin_shufflevector(b01, b23, 0, 1, 4, 5);
    memcpy(r + i, &red, sizeof red);
    memcpy(g + i, &green, sizeof green);
    memcpy(b + i, &blue, sizeof blue);
  }
  for (; i < count; i++) {
    const pk_f4 p = interpolate(nodes, all_steps, at, i);
    r[i] = p[0];
    g[i] = p[1];
    b[i] = p[2];
  }
}

PK_ROW look_up(const pk_cube *cube, float *restrict r, float *restrict g, float *restrict b, size_t count) {
  cells at;
  for (size_t start = 0; start < count; start += PK_LOOK_CHUNK) {
    const size_t part = count - start < PK_LOOK_CHUNK ? count - start : PK_LOOK_CHUNK;
    place(cube, r + start, g + start, b + start, &at, part);
    blend(cube, &at, r + start, g + start, b + start, part);
  }
}

// MARK: - Storing

PK_ROW encode(
  const pk_encode_matrix *restrict matrix, float *restrict r_y, float *restrict g_cb, float *restrict b_cr,
  size_t count) {
  const pk_encode_matrix m = *matrix;
  for (size_t i = 0; i < count; i++) {
    const float r = r_y[i], g = g_cb[i], b = b_cr[i];
    // Exact for neutrals, whatever the weights round to.
    const float y = g + ((r - g) * m.red + (b - g) * m.blue);
    r_y[i] = y * m.luma_scale;
    g_cb[i] = (b - y) * m.cb_scale;
    b_cr[i] = (r - y) * m.cr_scale;
  }
}

// [1 2 1]/4 around the even columns; the caller has repeated the first and last sample outside the row.
PK_ROW halve_width(const float *restrict in, float *restrict out, size_t count_out) {
  const float *restrict before = in - 1;
  for (size_t i = 0; i < count_out; i++) {
    out[i] = (before[2 * i] + before[2 * i + 2]) * 0.25f + before[2 * i + 1] * 0.5f;
  }
}

// The mean of each two columns; the caller has repeated the last sample behind the row.
PK_ROW pair_width(const float *restrict in, float *restrict out, size_t count_out) {
  for (size_t i = 0; i < count_out; i++) out[i] = in[2 * i] * 0.5f + in[2 * i + 1] * 0.5f;
}

// Round half up: the value is not negative after the clamp.
PK_INLINE int32_t code_of(float x, pk_coding to) {
  return (int32_t)(lower_to(raise_to(x * to.scale + to.offset, to.low), to.high) + 0.5f);
}

PK_ROW store8(const float *restrict in, const pk_coding *coding, uint8_t *restrict out, size_t count) {
  const pk_coding to = *coding;
  for (size_t i = 0; i < count; i++) out[i] = (uint8_t)code_of(in[i], to);
}

// Eight thresholds of −½…½ by column: a value that is a code stays that code.
PK_ROW store8_dithered(
  const float *restrict in, const pk_coding *coding, const float *restrict thresholds, uint8_t *restrict out,
  size_t count) {
  const pk_coding to = *coding;
  for (size_t i = 0; i < count; i++) {
    const float value = (in[i] * to.scale + to.offset) + thresholds[i & 7];
    out[i] = (uint8_t)(int32_t)(lower_to(raise_to(value, to.low), to.high) + 0.5f);
  }
}

PK_ROW store16(const float *restrict in, const pk_coding *coding, uint16_t *restrict out, size_t count) {
  const pk_coding to = *coding;
  for (size_t i = 0; i < count; i++) out[i] = (uint16_t)code_of(in[i], to);
}

PK_INLINE void store_packed8_of(
  const float *restrict r, const float *restrict g, const float *restrict b, pk_coding to, size_t components,
  uint8_t *restrict out, size_t count) {
  for (size_t i = 0; i < count; i++) {
    out[components * i] = (uint8_t)code_of(r[i], to);
    out[components * i + 1] = (uint8_t)code_of(g[i], to);
    out[components * i + 2] = (uint8_t)code_of(b[i], to);
    if (components == 4) out[components * i + 3] = 0xff;
  }
}

PK_ROW store_packed8(
  const float *restrict r, const float *restrict g, const float *restrict b, const pk_coding *coding,
  int32_t components, uint8_t *restrict out, size_t count) {
  if (components == 3) store_packed8_of(r, g, b, *coding, 3, out, count);
  else store_packed8_of(r, g, b, *coding, 4, out, count);
}

PK_INLINE void store_packed16_of(
  const float *restrict r, const float *restrict g, const float *restrict b, pk_coding to, size_t components,
  int32_t swaps, uint16_t *restrict out, size_t count) {
  for (size_t i = 0; i < count; i++) {
    out[components * i] = swapped_if((uint16_t)code_of(r[i], to), swaps);
    out[components * i + 1] = swapped_if((uint16_t)code_of(g[i], to), swaps);
    out[components * i + 2] = swapped_if((uint16_t)code_of(b[i], to), swaps);
    if (components == 4) out[components * i + 3] = 0xffff;
  }
}

PK_ROW store_packed16(
  const float *restrict r, const float *restrict g, const float *restrict b, const pk_coding *coding,
  int32_t components, int32_t swaps, uint16_t *restrict out, size_t count) {
  if (components == 3) {
    if (swaps) store_packed16_of(r, g, b, *coding, 3, 1, out, count);
    else store_packed16_of(r, g, b, *coding, 3, 0, out, count);
  } else {
    if (swaps) store_packed16_of(r, g, b, *coding, 4, 1, out, count);
    else store_packed16_of(r, g, b, *coding, 4, 0, out, count);
  }
}

// MARK: - Moving codes between depths

PK_INLINE uint32_t moved(uint32_t code, pk_move move) {
  const uint32_t other = ((code << move.up) + move.half) >> move.down;
  const uint32_t raised = other > move.low ? other : move.low;
  return raised < move.high ? raised : move.high;
}

PK_ROW move8to8(const uint8_t *restrict in, const pk_move *move, uint8_t *restrict out, size_t count) {
  const pk_move by = *move;
  for (size_t i = 0; i < count; i++) out[i] = (uint8_t)moved(in[i], by);
}

PK_ROW move8to16(const uint8_t *restrict in, const pk_move *move, uint16_t *restrict out, size_t count) {
  const pk_move by = *move;
  for (size_t i = 0; i < count; i++) out[i] = (uint16_t)moved(in[i], by);
}

PK_ROW move16to8(const uint16_t *restrict in, const pk_move *move, uint8_t *restrict out, size_t count) {
  const pk_move by = *move;
  for (size_t i = 0; i < count; i++) out[i] = (uint8_t)moved(in[i], by);
}

PK_ROW move16to8_dithered(
  const uint16_t *restrict in, const pk_move *move, const float *restrict thresholds, uint8_t *restrict out,
  size_t count) {
  const float step = (float)(1u << move->down);
  pk_move by[8];
  for (size_t k = 0; k < 8; k++) {
    by[k] = *move;
    by[k].half = (uint32_t)((thresholds[k] + 0.5f) * step);
  }
  for (size_t i = 0; i < count; i++) out[i] = (uint8_t)moved(in[i], by[i & 7]);
}

PK_ROW move16to16(const uint16_t *restrict in, const pk_move *move, uint16_t *restrict out, size_t count) {
  const pk_move by = *move;
  for (size_t i = 0; i < count; i++) out[i] = (uint16_t)moved(in[i], by);
}

// MARK: - Comparing codes

// Squares of up to 24 bits: so many fit into 32.
enum { PK_DIFFERENCE_CHUNK = 128 };

static uint64_t difference8(const uint8_t *restrict a, const uint8_t *restrict b, size_t count) {
  uint64_t sum = 0;
  for (size_t start = 0; start < count; start += PK_DIFFERENCE_CHUNK) {
    const size_t end = count - start < PK_DIFFERENCE_CHUNK ? count : start + PK_DIFFERENCE_CHUNK;
    uint32_t part = 0;
    for (size_t i = start; i < end; i++) {
      const int32_t difference = (int32_t)a[i] - (int32_t)b[i];
      part += (uint32_t)(difference * difference);
    }
    sum += part;
  }
  return sum;
}

static uint64_t difference12(const uint16_t *restrict a, const uint16_t *restrict b, int32_t shift, size_t count) {
  uint64_t sum = 0;
  for (size_t start = 0; start < count; start += PK_DIFFERENCE_CHUNK) {
    const size_t end = count - start < PK_DIFFERENCE_CHUNK ? count : start + PK_DIFFERENCE_CHUNK;
    uint32_t part = 0;
    for (size_t i = start; i < end; i++) {
      const int32_t difference = ((int32_t)a[i] << shift) - (int32_t)b[i];
      part += (uint32_t)(difference * difference);
    }
    sum += part;
  }
  return sum;
}

static uint64_t difference16(
  const uint16_t *restrict a, const uint16_t *restrict b, int32_t shift, int32_t swaps, size_t count) {
  uint64_t sum = 0;
  for (size_t i = 0; i < count; i++) {
    const int64_t difference = ((int64_t)swapped_if(a[i], swaps) << shift) - (int64_t)swapped_if(b[i], swaps);
    sum += (uint64_t)(difference * difference);
  }
  return sum;
}

#include "light.inc.h"

const pk_rows PK_ROWS = {
  .load8 = load8,
  .load16 = load16,
  .load_float = load_float,
  .load_packed8 = load_packed8,
  .load_packed16 = load_packed16,
  .rescale = rescale,
  .mix_into = mix_into,
  .double_width = double_width,
  .spread_width = spread_width,
  .decode = decode,
  .grade = grade,
  .shape = shape,
  .look_up = look_up,
  .encode = encode,
  .halve_width = halve_width,
  .pair_width = pair_width,
  .store8 = store8,
  .store8_dithered = store8_dithered,
  .store16 = store16,
  .store_packed8 = store_packed8,
  .store_packed16 = store_packed16,
  .move8to8 = move8to8,
  .move8to16 = move8to16,
  .move16to8 = move16to8,
  .move16to8_dithered = move16to8_dithered,
  .move16to16 = move16to16,
  .difference8 = difference8,
  .difference12 = difference12,
  .difference16 = difference16,
  .raise_power = raise_power,
  .limit = limit,
  .multiply = multiply,
  .divide = divide,
  .merge = {merge_over, merge_plus, merge_multiply, merge_screen, merge_in, merge_out},
  .matte = matte,
  .unscreen = unscreen,
};
