// Whole pictures, a row or two at a time: source rows to R'G'B', grade, destination rows.

#include <stdlib.h>
#include <string.h>

#include "CPictureKernels.h"
#include "dispatch.h"
#include "grade.h"

/// Offsets, scales and limits of a layout's codes under an encoding.
typedef struct {
  float luma_offset, chroma_offset;  // also the codes of black
  float luma_range, chroma_range;    // codes per unit of signal
  float low, high;                   // codes that may be written
} codes;

struct pk_pipe {
  pk_configuration is;  // decision and look are not used after creation
  const pk_rows *rows;
  pk_grade grade;
  codes source, destination;
  pk_decode_matrix decode;
  pk_encode_matrix encode;
  int32_t moves_codes;  // Y'CbCr to Y'CbCr without arithmetic
  float thresholds[8][16];  // of dither: −½…½ codes by row and column, each row twice
};

/// One run's rows.
typedef struct {
  float *r, *g, *b;            // full width
  float *above_cb, *above_cr;  // chroma of the first row of a pair
  float *last_cb, *last_cr;    // chroma of the last row of the pair before
  float *chroma, *chroma2;     // chroma as it lies in memory
  void *memory;
} scratch;

// MARK: - Creation

static codes codes_of(pk_layout layout, pk_encoding encoding) {
  codes out;
  if (layout.bit_depth == 32) return (codes){0.0f, 0.0f, 1.0f, 1.0f, 0.0f, 0.0f};
  const double step = (double)(1 << (layout.bit_depth - 8));
  const double maximum = (double)((1 << layout.bit_depth) - 1);
  if (encoding.is_full_range) {
    out = (codes){0.0f, (float)(128.0 * step), (float)maximum, (float)maximum, 0.0f, (float)maximum};
  } else {
    out.luma_offset = (float)(16.0 * step);
    out.chroma_offset = (float)(128.0 * step);
    out.luma_range = (float)(219.0 * step);
    out.chroma_range = (float)(224.0 * step);
    // The first and last `step` codes are reserved for synchronisation in SDI.
    out.low = (float)step;
    out.high = (float)(255.0 * step - 1.0);
  }
  return out;
}

static pk_decode_matrix decode_matrix(pk_layout layout, pk_encoding encoding) {
  const codes of = codes_of(layout, encoding);
  const double kr = encoding.kr, kb = encoding.kb, kg = 1.0 - kr - kb;
  const double chroma = 1.0 / (double)of.chroma_range;
  return (pk_decode_matrix){
    .luma_offset = of.luma_offset,
    .luma_scale = (float)(1.0 / (double)of.luma_range),
    .chroma_offset = of.chroma_offset,
    .cr_to_red = (float)(2.0 * (1.0 - kr) * chroma),
    .cb_to_green = (float)(-2.0 * kb * (1.0 - kb) / kg * chroma),
    .cr_to_green = (float)(-2.0 * kr * (1.0 - kr) / kg * chroma),
    .cb_to_blue = (float)(2.0 * (1.0 - kb) * chroma),
  };
}

static pk_encode_matrix encode_matrix(pk_layout layout, pk_encoding encoding) {
  const codes of = codes_of(layout, encoding);
  const double kr = encoding.kr, kb = encoding.kb;
  return (pk_encode_matrix){
    .red = (float)kr,
    .blue = (float)kb,
    .luma_scale = of.luma_range,
    .cb_scale = (float)((double)of.chroma_range / (2.0 * (1.0 - kb))),
    .cr_scale = (float)((double)of.chroma_range / (2.0 * (1.0 - kr))),
  };
}

static int32_t layout_is_valid(pk_layout layout) {
  const int32_t is_integer = layout.bit_depth >= 8 && layout.bit_depth <= 16;
  const int32_t is_float = layout.bit_depth == 32;
  switch (layout.family) {
    case PK_FAMILY_YCBCR:
      return is_integer && (layout.chroma_shift_x == 0 || layout.chroma_shift_x == 1)
        && (layout.chroma_shift_y == 0 || layout.chroma_shift_y == 1)
        && layout.chroma_shift_y <= layout.chroma_shift_x;
    case PK_FAMILY_PLANAR_RGB:
      return is_integer || is_float;
    case PK_FAMILY_PACKED_RGB:
      return (layout.bit_depth == 8 || layout.bit_depth == 16)
        && (layout.components == 3 || layout.components == 4);
    default:
      return 0;
  }
}

static int32_t is_multiple(int32_t value, int32_t shift) { return (value & ((1 << shift) - 1)) == 0; }

/// A picture may end off the chroma grid only where the picture around it ends too.
static int32_t is_on_grid(int32_t start, int32_t length, int32_t whole, int32_t shift) {
  return is_multiple(start, shift) && (is_multiple(length, shift) || start + length == whole);
}

static int32_t rectangle_is_valid(
  pk_layout layout, int32_t x, int32_t y, int32_t width, int32_t height, int32_t whole_width, int32_t whole_height) {
  const int32_t shift_x = layout.family == PK_FAMILY_YCBCR ? layout.chroma_shift_x : 0;
  const int32_t shift_y = layout.family == PK_FAMILY_YCBCR ? layout.chroma_shift_y : 0;
  return x >= 0 && y >= 0 && width > 0 && height > 0 && whole_width <= 1 << 16 && whole_height <= 1 << 16
    && width <= whole_width - x && height <= whole_height - y && is_on_grid(x, width, whole_width, shift_x)
    && is_on_grid(y, height, whole_height, shift_y);
}

static int32_t configuration_is_valid(const pk_configuration *is) {
  return layout_is_valid(is->source_layout) && layout_is_valid(is->destination_layout)
    && rectangle_is_valid(
           is->source_layout, is->crop_x, is->crop_y, is->width, is->height, is->source_width, is->source_height)
    && rectangle_is_valid(
           is->destination_layout, is->x, is->y, is->width, is->height, is->raster_width, is->raster_height);
}

static int32_t can_move_codes(const pk_configuration *is, const pk_grade *grade) {
  const pk_layout a = is->source_layout, b = is->destination_layout;
  return pk_grade_is_empty(grade) && a.family == PK_FAMILY_YCBCR && b.family == PK_FAMILY_YCBCR
    && a.chroma_shift_x == b.chroma_shift_x && a.chroma_shift_y == b.chroma_shift_y
    && is->source_encoding.kr == is->destination_encoding.kr && is->source_encoding.kb == is->destination_encoding.kb
    && is->source_encoding.is_full_range == is->destination_encoding.is_full_range
    && (a.chroma_shift_x == 0 || is->source_encoding.siting == is->destination_encoding.siting)
    // Full-range depths are not multiples of each other.
    && (!is->source_encoding.is_full_range || a.bit_depth == b.bit_depth);
}

/// Bayer's ordered dither: thresholds that lie close in value lie far apart. Source: B. E. Bayer, ICC 1973.
static void make_thresholds(float thresholds[8][16]) {
  for (int y = 0; y < 8; y++) {
    for (int x = 0; x < 16; x++) {
      int rank = 0;
      for (int bit = 0; bit < 3; bit++) rank = rank * 4 + (((x ^ y) >> bit) & 1) * 2 + ((y >> bit) & 1);
      thresholds[y][x] = ((float)rank + 0.5f) / 64.0f - 0.5f;
    }
  }
}

pk_pipe *pk_pipe_create(const pk_configuration *configuration) {
  const pk_rows *rows = pk_rows_of(configuration->path);
  if (rows == NULL || !configuration_is_valid(configuration)) return NULL;
  pk_pipe *pipe = calloc(1, sizeof *pipe);
  if (pipe == NULL) return NULL;
  pipe->is = *configuration;
  pipe->is.decision = NULL;
  pipe->is.look = NULL;
  pipe->rows = rows;
  if (pk_grade_prepare(&pipe->grade, configuration->decision, configuration->look) != 0) {
    free(pipe);
    return NULL;
  }
  pipe->source = codes_of(pipe->is.source_layout, pipe->is.source_encoding);
  pipe->destination = codes_of(pipe->is.destination_layout, pipe->is.destination_encoding);
  pipe->decode = decode_matrix(pipe->is.source_layout, pipe->is.source_encoding);
  pipe->encode = encode_matrix(pipe->is.destination_layout, pipe->is.destination_encoding);
  pipe->moves_codes = can_move_codes(&pipe->is, &pipe->grade);
  make_thresholds(pipe->thresholds);
  return pipe;
}

void pk_pipe_free(pk_pipe *pipe) {
  if (pipe == NULL) return;
  pk_grade_discard(&pipe->grade);
  free(pipe);
}

// MARK: - Addresses

static size_t sample_bytes(pk_layout layout) {
  return layout.bit_depth == 32 ? 4 : layout.bit_depth > 8 ? 2 : 1;
}

static int32_t plane_shift_x(pk_layout layout, int plane) {
  return layout.family == PK_FAMILY_YCBCR && plane > 0 ? layout.chroma_shift_x : 0;
}

static int32_t plane_shift_y(pk_layout layout, int plane) {
  return layout.family == PK_FAMILY_YCBCR && plane > 0 ? layout.chroma_shift_y : 0;
}

static int plane_count(pk_layout layout) { return layout.family == PK_FAMILY_PACKED_RGB ? 1 : 3; }

/// Length in samples of the chroma grid; a last odd luma column or row has a chroma sample of its own.
static int32_t on_grid(int32_t length, int32_t shift) { return (length + (1 << shift) - 1) >> shift; }

/// Address of sample (x, y) of a plane, both in the plane's own grid.
static uint8_t *sample_at(pk_layout layout, void *plane, ptrdiff_t stride, int32_t x, int32_t y) {
  const size_t components = layout.family == PK_FAMILY_PACKED_RGB ? (size_t)layout.components : 1;
  return (uint8_t *)plane + stride * y + (size_t)x * components * sample_bytes(layout);
}

// MARK: - Source rows

static const void *source_row(
  const pk_pipe *pipe, const void *const planes[3], const ptrdiff_t strides[3], int plane, int32_t y) {
  const pk_layout layout = pipe->is.source_layout;
  const int32_t x = pipe->is.crop_x >> plane_shift_x(layout, plane);
  return sample_at(layout, (void *)planes[plane], strides[plane], x, y);
}

static void load(const pk_pipe *pipe, const void *in, float *out, size_t count) {
  const int32_t depth = pipe->is.source_layout.bit_depth;
  if (depth == 32) pipe->rows->load_float(in, out, count);
  else if (depth > 8) pipe->rows->load16(in, out, count);
  else pipe->rows->load8(in, out, count);
}

/// Chroma of luma row `y` of the crop, in codes, at full width.
static void load_chroma(
  const pk_pipe *pipe, const void *const planes[3], const ptrdiff_t strides[3], int plane, int32_t y,
  const scratch *rows, float *out) {
  const pk_layout layout = pipe->is.source_layout;
  const size_t width = (size_t)on_grid(pipe->is.width, layout.chroma_shift_x);
  if (layout.chroma_shift_x == 0) {
    load(pipe, source_row(pipe, planes, strides, plane, pipe->is.crop_y + y), out, width);
    return;
  }
  if (layout.chroma_shift_y == 0) {
    load(pipe, source_row(pipe, planes, strides, plane, pipe->is.crop_y + y), rows->chroma, width);
  } else {
    // Chroma rows lie half way between two luma rows, three quarters of the near one, one quarter of the next; or on the
    // first of them, and the second is half way to the next.
    const int32_t is_on_row = pipe->is.source_encoding.siting == PK_SITING_TOP_LEFT;
    const int32_t first = pipe->is.crop_y >> 1;
    const int32_t last = first + on_grid(pipe->is.height, 1) - 1;
    const int32_t near = first + (y >> 1);
    const int32_t beyond = (y & 1) == 0 ? near - !is_on_row : near + 1;
    const int32_t far = beyond < first ? first : beyond > last ? last : beyond;
    load(pipe, source_row(pipe, planes, strides, plane, near), rows->chroma, width);
    load(pipe, source_row(pipe, planes, strides, plane, far), rows->chroma2, width);
    if (is_on_row) pipe->rows->mix_into(rows->chroma, 0.5f, rows->chroma2, 0.5f, width);
    else pipe->rows->mix_into(rows->chroma, 0.75f, rows->chroma2, 0.25f, width);
  }
  rows->chroma[-1] = rows->chroma[0];
  rows->chroma[width] = rows->chroma[width - 1];
  if (pipe->is.source_encoding.siting == PK_SITING_CENTRE) pipe->rows->spread_width(rows->chroma, out, width);
  else pipe->rows->double_width(rows->chroma, out, width);
}

static void read_row(
  const pk_pipe *pipe, const void *const planes[3], const ptrdiff_t strides[3], int32_t y, const scratch *rows,
  float *r, float *g, float *b) {
  const pk_layout layout = pipe->is.source_layout;
  const size_t width = (size_t)pipe->is.width;
  const int32_t row = pipe->is.crop_y + y;
  if (layout.family == PK_FAMILY_YCBCR) {
    load(pipe, source_row(pipe, planes, strides, 0, row), r, width);
    load_chroma(pipe, planes, strides, 1, y, rows, g);
    load_chroma(pipe, planes, strides, 2, y, rows, b);
    pipe->rows->decode(&pipe->decode, r, g, b, width);
    return;
  }
  if (layout.family == PK_FAMILY_PLANAR_RGB) {
    load(pipe, source_row(pipe, planes, strides, 0, row), g, width);
    load(pipe, source_row(pipe, planes, strides, 1, row), b, width);
    load(pipe, source_row(pipe, planes, strides, 2, row), r, width);
    if (layout.bit_depth == 32) return;
  } else {
    const void *in = source_row(pipe, planes, strides, 0, row);
    if (layout.bit_depth == 8) pipe->rows->load_packed8(in, layout.components, r, g, b, width);
    else pipe->rows->load_packed16(in, layout.components, layout.is_big_endian, r, g, b, width);
  }
  const float offset = pipe->decode.luma_offset, scale = pipe->decode.luma_scale;
  pipe->rows->rescale(r, offset, scale, width);
  pipe->rows->rescale(g, offset, scale, width);
  pipe->rows->rescale(b, offset, scale, width);
}

// MARK: - Destination rows

static void *destination_row(
  const pk_pipe *pipe, void *const planes[3], const ptrdiff_t strides[3], int plane, int32_t y) {
  const pk_layout layout = pipe->is.destination_layout;
  const int32_t x = pipe->is.x >> plane_shift_x(layout, plane);
  const int32_t row = (pipe->is.y >> plane_shift_y(layout, plane)) + y;
  return sample_at(layout, planes[plane], strides[plane], x, row);
}

static pk_coding coding(const pk_pipe *pipe, float scale, float offset) {
  return (pk_coding){scale, offset, pipe->destination.low, pipe->destination.high};
}

/// The dither of a row of a plane, from the column on where the picture lands; other planes have it elsewhere.
static const float *dither(const pk_pipe *pipe, int plane, int32_t y) {
  const pk_layout layout = pipe->is.destination_layout;
  const int32_t x = pipe->is.x >> plane_shift_x(layout, plane);
  const int32_t row = (pipe->is.y >> plane_shift_y(layout, plane)) + y;
  return pipe->thresholds[(row + 3 * plane) & 7] + ((x + 5 * plane) & 7);
}

static void store(
  const pk_pipe *pipe, const float *in, pk_coding coding, int plane, int32_t y, void *out, size_t count) {
  const int32_t depth = pipe->is.destination_layout.bit_depth;
  if (depth == 32) memcpy(out, in, count * sizeof(float));
  else if (depth > 8) pipe->rows->store16(in, &coding, out, count);
  else if (pipe->is.dithers) pipe->rows->store8_dithered(in, &coding, dither(pipe, plane, y), out, count);
  else pipe->rows->store8(in, &coding, out, count);
}

/// `row` becomes chroma at the destination's width; returns where it lies.
static float *narrow_chroma(const pk_pipe *pipe, float *row, float *out) {
  const int32_t width = pipe->is.width;
  if (pipe->is.destination_layout.chroma_shift_x == 0) return row;
  row[-1] = row[0];
  row[width] = row[width - 1];
  row[width + 1] = row[width - 1];
  if (pipe->is.destination_encoding.siting == PK_SITING_CENTRE) {
    pipe->rows->pair_width(row, out, (size_t)on_grid(width, 1));
  } else {
    pipe->rows->halve_width(row, out, (size_t)on_grid(width, 1));
  }
  return out;
}

static void write_chroma(
  const pk_pipe *pipe, void *const planes[3], const ptrdiff_t strides[3], int plane, int32_t y, const float *in) {
  const size_t width = (size_t)on_grid(pipe->is.width, pipe->is.destination_layout.chroma_shift_x);
  const pk_coding to = coding(pipe, 1.0f, pipe->destination.chroma_offset);
  store(pipe, in, to, plane, y, destination_row(pipe, planes, strides, plane, y), width);
}

static void write_rgb(
  const pk_pipe *pipe, void *const planes[3], const ptrdiff_t strides[3], int32_t y, const scratch *rows) {
  const pk_layout layout = pipe->is.destination_layout;
  const size_t width = (size_t)pipe->is.width;
  const pk_coding to = coding(pipe, pipe->destination.luma_range, pipe->destination.luma_offset);
  void *out = destination_row(pipe, planes, strides, 0, y);
  if (layout.family == PK_FAMILY_PLANAR_RGB) {
    store(pipe, rows->g, to, 0, y, out, width);
    store(pipe, rows->b, to, 1, y, destination_row(pipe, planes, strides, 1, y), width);
    store(pipe, rows->r, to, 2, y, destination_row(pipe, planes, strides, 2, y), width);
  } else if (layout.bit_depth == 8) {
    pipe->rows->store_packed8(rows->r, rows->g, rows->b, &to, layout.components, out, width);
  } else {
    const int32_t swaps = layout.is_big_endian;
    pipe->rows->store_packed16(rows->r, rows->g, rows->b, &to, layout.components, swaps, out, width);
  }
}

/// 4:2:0 with chroma on the first row of each pair: [1 2 1]/4 around it, edges repeated.
static void write_chroma_on_rows(
  const pk_pipe *pipe, void *const planes[3], const ptrdiff_t strides[3], int32_t y, const float *cb, const float *cr,
  size_t narrow, const scratch *rows) {
  const size_t bytes = narrow * sizeof(float);
  if ((y & 1) == 0) {
    memcpy(rows->above_cb, cb, bytes);
    memcpy(rows->above_cr, cr, bytes);
    pipe->rows->mix_into(rows->above_cb, 0.5f, y == 0 ? cb : rows->last_cb, 0.25f, narrow);
    pipe->rows->mix_into(rows->above_cr, 0.5f, y == 0 ? cr : rows->last_cr, 0.25f, narrow);
    if (y + 1 < pipe->is.height) return;
  }
  pipe->rows->mix_into(rows->above_cb, 1.0f, cb, 0.25f, narrow);
  pipe->rows->mix_into(rows->above_cr, 1.0f, cr, 0.25f, narrow);
  memcpy(rows->last_cb, cb, bytes);
  memcpy(rows->last_cr, cr, bytes);
  write_chroma(pipe, planes, strides, 1, y >> 1, rows->above_cb);
  write_chroma(pipe, planes, strides, 2, y >> 1, rows->above_cr);
}

/// Row `y` of the rectangle, from `rows->r`, `g`, `b`, which are used up.
static void write_row(
  const pk_pipe *pipe, void *const planes[3], const ptrdiff_t strides[3], int32_t y, const scratch *rows) {
  const pk_layout layout = pipe->is.destination_layout;
  if (layout.family != PK_FAMILY_YCBCR) {
    write_rgb(pipe, planes, strides, y, rows);
    return;
  }
  const size_t width = (size_t)pipe->is.width;
  pipe->rows->encode(&pipe->encode, rows->r, rows->g, rows->b, width);
  const pk_coding luma = coding(pipe, 1.0f, pipe->destination.luma_offset);
  store(pipe, rows->r, luma, 0, y, destination_row(pipe, planes, strides, 0, y), width);
  if (layout.chroma_shift_y == 0) {
    write_chroma(pipe, planes, strides, 1, y, narrow_chroma(pipe, rows->g, rows->chroma));
    write_chroma(pipe, planes, strides, 2, y, narrow_chroma(pipe, rows->b, rows->chroma2));
    return;
  }
  // 4:2:0: the first row of a pair is kept, the second one completes it; a last odd row counts twice.
  const size_t narrow = (size_t)on_grid(pipe->is.width, 1);
  float *cb = narrow_chroma(pipe, rows->g, rows->chroma);
  float *cr = narrow_chroma(pipe, rows->b, rows->chroma2);
  if (pipe->is.destination_encoding.siting == PK_SITING_TOP_LEFT) {
    write_chroma_on_rows(pipe, planes, strides, y, cb, cr, narrow, rows);
    return;
  }
  if ((y & 1) == 0) {
    memcpy(rows->above_cb, cb, narrow * sizeof(float));
    memcpy(rows->above_cr, cr, narrow * sizeof(float));
    if (y + 1 < pipe->is.height) return;
  }
  pipe->rows->mix_into(rows->above_cb, 0.5f, cb, 0.5f, narrow);
  pipe->rows->mix_into(rows->above_cr, 0.5f, cr, 0.5f, narrow);
  write_chroma(pipe, planes, strides, 1, y >> 1, rows->above_cb);
  write_chroma(pipe, planes, strides, 2, y >> 1, rows->above_cr);
}

// MARK: - Black

/// The code of black in each plane, in each channel of a packed layout; of floats the values themselves.
static void codes_of_black(const pk_pipe *pipe, float out[3]) {
  const pk_layout layout = pipe->is.destination_layout;
  const float *black = pipe->is.black;
  const codes of = pipe->destination;
  if (layout.bit_depth == 32) {
    out[0] = black[1];
    out[1] = black[2];
    out[2] = black[0];
    return;
  }
  const pk_encode_matrix m = pipe->encode;
  const float y = black[1] + ((black[0] - black[1]) * m.red + (black[2] - black[1]) * m.blue);
  const float values[3][3] = {
    {y * m.luma_scale, (black[2] - y) * m.cb_scale, (black[0] - y) * m.cr_scale},
    {black[1] * of.luma_range, black[2] * of.luma_range, black[0] * of.luma_range},
    {black[0] * of.luma_range, black[1] * of.luma_range, black[2] * of.luma_range},
  };
  for (int k = 0; k < 3; k++) {
    const float offset = layout.family == PK_FAMILY_YCBCR && k > 0 ? of.chroma_offset : of.luma_offset;
    const float code = values[layout.family][k] + offset;
    out[k] = (float)(int32_t)((code < of.low ? of.low : code > of.high ? of.high : code) + 0.5f);
  }
}

/// - code: of a packed layout the three of R'G'B', else the plane's own first.
static void fill(pk_layout layout, uint8_t *out, const float *code, size_t count) {
  if (layout.family == PK_FAMILY_PACKED_RGB) {
    const size_t components = (size_t)layout.components;
    uint16_t *words = (uint16_t *)(void *)out;
    for (size_t i = 0; i < count * components; i++) {
      const size_t channel = i % components;
      uint16_t value = channel == 3 ? 0xffff : (uint16_t)code[channel];
      if (layout.is_big_endian) value = (uint16_t)(value << 8 | value >> 8);
      if (layout.bit_depth == 8) out[i] = (uint8_t)value;
      else words[i] = value;
    }
  } else if (layout.bit_depth == 32) {
    float *samples = (float *)(void *)out;
    for (size_t i = 0; i < count; i++) samples[i] = *code;
  } else if (layout.bit_depth == 8) {
    memset(out, (int)*code, count);
  } else {
    uint16_t *words = (uint16_t *)(void *)out;
    for (size_t i = 0; i < count; i++) words[i] = (uint16_t)*code;
  }
}

static void fill_around(const pk_pipe *pipe, void *const planes[3], const ptrdiff_t strides[3]) {
  const pk_configuration *is = &pipe->is;
  const pk_layout layout = is->destination_layout;
  float black[3];
  codes_of_black(pipe, black);
  for (int plane = 0; plane < plane_count(layout); plane++) {
    const int32_t shift_x = plane_shift_x(layout, plane), shift_y = plane_shift_y(layout, plane);
    const int32_t width = on_grid(is->raster_width, shift_x), height = on_grid(is->raster_height, shift_y);
    const int32_t left = is->x >> shift_x, right = left + on_grid(is->width, shift_x);
    const int32_t top = is->y >> shift_y, bottom = top + on_grid(is->height, shift_y);
    for (int32_t y = 0; y < height; y++) {
      const int32_t is_inside = y >= top && y < bottom;
      const int32_t end = is_inside ? left : width;
      fill(layout, sample_at(layout, planes[plane], strides[plane], 0, y), black + plane, (size_t)end);
      if (!is_inside) continue;
      uint8_t *after = sample_at(layout, planes[plane], strides[plane], right, y);
      fill(layout, after, black + plane, (size_t)(width - right));
    }
  }
}

// MARK: - Runs

static void move_row(const pk_pipe *pipe, const void *in, int plane, int32_t y, void *out, size_t count) {
  const int32_t from = pipe->is.source_layout.bit_depth, to = pipe->is.destination_layout.bit_depth;
  const pk_move move = {
    .up = to > from ? (uint32_t)(to - from) : 0,
    .half = from > to ? 1u << (from - to - 1) : 0,
    .down = from > to ? (uint32_t)(from - to) : 0,
    .low = (uint32_t)pipe->destination.low,
    .high = (uint32_t)pipe->destination.high,
  };
  if (from > 8 && to == 8 && pipe->is.dithers) {
    pipe->rows->move16to8_dithered(in, &move, dither(pipe, plane, y), out, count);
  } else if (from > 8 && to > 8) pipe->rows->move16to16(in, &move, out, count);
  else if (from > 8) pipe->rows->move16to8(in, &move, out, count);
  else if (to > 8) pipe->rows->move8to16(in, &move, out, count);
  else pipe->rows->move8to8(in, &move, out, count);
}

static void move_codes(
  const pk_pipe *pipe, const void *const source[3], const ptrdiff_t source_strides[3], void *const destination[3],
  const ptrdiff_t destination_strides[3]) {
  const pk_layout layout = pipe->is.source_layout;
  for (int plane = 0; plane < 3; plane++) {
    const int32_t shift_x = plane_shift_x(layout, plane), shift_y = plane_shift_y(layout, plane);
    const int32_t height = on_grid(pipe->is.height, shift_y);
    for (int32_t y = 0; y < height; y++) {
      const int32_t row = (pipe->is.crop_y >> shift_y) + y;
      move_row(
        pipe, source_row(pipe, source, source_strides, plane, row), plane, y,
        destination_row(pipe, destination, destination_strides, plane, y),
        (size_t)on_grid(pipe->is.width, shift_x));
    }
  }
}

static int32_t make_scratch(scratch *rows, int32_t width) {
  const size_t length = (((size_t)width + 15) & ~(size_t)15) + 2 * PK_PADDING;
  if (posix_memalign(&rows->memory, 64, 9 * length * sizeof(float)) != 0) return -1;
  float *start = (float *)rows->memory + PK_PADDING;
  rows->r = start;
  rows->g = start + length;
  rows->b = start + 2 * length;
  rows->above_cb = start + 3 * length;
  rows->above_cr = start + 4 * length;
  rows->chroma = start + 5 * length;
  rows->chroma2 = start + 6 * length;
  rows->last_cb = start + 7 * length;
  rows->last_cr = start + 8 * length;
  return 0;
}

static int32_t make_scratches(scratch *rows, const pk_pipe *const *pipes, int32_t count) {
  for (int32_t k = 0; k < count; k++) {
    if (make_scratch(&rows[k], pipes[k]->is.width) == 0) continue;
    while (k > 0) free(rows[--k].memory);
    return -1;
  }
  return 0;
}

/// Row `y` of the source, graded once, into every destination.
static void run_row(
  const pk_pipe *const *pipes, int32_t count, const void *const source[3], const ptrdiff_t source_strides[3],
  void *const *const *destinations, const ptrdiff_t *const *destination_strides, int32_t y, const scratch *rows) {
  const pk_pipe *pipe = pipes[0];
  const size_t width = (size_t)pipe->is.width;
  read_row(pipe, source, source_strides, y, rows, rows->r, rows->g, rows->b);
  pk_grade_apply(&pipe->grade, pipe->rows, rows->r, rows->g, rows->b, width);
  for (int32_t k = 1; k < count; k++) {
    memcpy(rows[k].r, rows->r, width * sizeof(float));
    memcpy(rows[k].g, rows->g, width * sizeof(float));
    memcpy(rows[k].b, rows->b, width * sizeof(float));
    write_row(pipes[k], destinations[k], destination_strides[k], y, &rows[k]);
  }
  write_row(pipe, destinations[0], destination_strides[0], y, rows);
}

int32_t pk_pipes_run(
  const pk_pipe *const pipes[], int32_t count, const void *const source[3], const ptrdiff_t source_strides[3],
  void *const *const destinations[], const ptrdiff_t *const destination_strides[]) {
  const pk_pipe *graded[PK_PIPES_AT_ONCE];
  void *const *to[PK_PIPES_AT_ONCE];
  const ptrdiff_t *to_strides[PK_PIPES_AT_ONCE];
  scratch rows[PK_PIPES_AT_ONCE];
  if (count < 1 || count > PK_PIPES_AT_ONCE) return -1;
  int32_t left = 0;
  for (int32_t k = 0; k < count; k++) {
    fill_around(pipes[k], destinations[k], destination_strides[k]);
    if (pipes[k]->moves_codes) {
      move_codes(pipes[k], source, source_strides, destinations[k], destination_strides[k]);
      continue;
    }
    graded[left] = pipes[k];
    to[left] = destinations[k];
    to_strides[left] = destination_strides[k];
    left++;
  }
  if (left == 0) return 0;
  if (make_scratches(rows, graded, left) != 0) return -1;
  for (int32_t y = 0; y < graded[0]->is.height; y++) {
    run_row(graded, left, source, source_strides, to, to_strides, y, rows);
  }
  for (int32_t k = 0; k < left; k++) free(rows[k].memory);
  return 0;
}
