// Whole planes in linear light: what compositing does to pictures, on top of the row loops.

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "CPictureKernels.h"
#include "dispatch.h"


// MARK: - Samples

void pk_raise(int32_t path, float *samples, size_t count, double power) {
  float high = (float)power;
  uint32_t bits;
  memcpy(&bits, &high, sizeof bits);
  bits &= 0xfffff000u;  // 12 significant bits, so that their product with an exponent is exact
  memcpy(&high, &bits, sizeof high);
  pk_rows_of(path)->raise_power(samples, high, (float)(power - (double)high), count);
}

void pk_limit(int32_t path, float *samples, size_t count, float low, float high) {
  pk_rows_of(path)->limit(samples, low, high, count);
}

void pk_multiply(int32_t path, float *samples, const float *by, size_t count) {
  pk_rows_of(path)->multiply(samples, by, count);
}

void pk_divide(int32_t path, float *samples, const float *by, size_t count) {
  pk_rows_of(path)->divide(samples, by, count);
}

void pk_scale(float *samples, float factor, size_t count) {
  for (size_t i = 0; i < count; i++) samples[i] *= factor;
}

void pk_merge(int32_t path, int32_t operation, const float *const a[4], float *const b[4], size_t count) {
  pk_rows_of(path)->merge[operation](a[0], a[1], a[2], a[3], b[0], b[1], b[2], b[3], count);
}

// MARK: - Key

static void others(int32_t main_channel, int32_t out[2]) {
  out[0] = main_channel == 0 ? 1 : 0;
  out[1] = main_channel == 2 ? 1 : 2;
}

static pk_key_row key_row(const pk_key *key) {
  int32_t other[2];
  others(key->main_channel, other);
  const float main = key->screen[key->main_channel];
  const float first = key->screen[other[0]], second = key->screen[other[1]];
  return (pk_key_row){
    .screen = {main, first, second},
    .per_difference = 1.0f / (main - (first > second ? first : second)),
    .tolerance = key->tolerance,
    .per_softness = 1.0f / key->softness,
    .despill = key->despill,
  };
}

void pk_matte(int32_t path, const pk_key *key, const float *const rgb[3], float *alpha, size_t count) {
  const pk_key_row row = key_row(key);
  int32_t other[2];
  others(key->main_channel, other);
  pk_rows_of(path)->matte(&row, rgb[key->main_channel], rgb[other[0]], rgb[other[1]], alpha, count);
}

void pk_unscreen(
  int32_t path, const pk_key *key, float *const rgb[3], const float *alpha, const float *inside, size_t count) {
  const pk_key_row row = key_row(key);
  int32_t other[2];
  others(key->main_channel, other);
  pk_rows_of(path)->unscreen(&row, rgb[key->main_channel], rgb[other[0]], rgb[other[1]], alpha, inside, count);
}

int32_t pk_sample_screen(
  const float *const rgb[3], int32_t width, int32_t x, int32_t y, int32_t part_width, int32_t part_height,
  double out[3]) {
  double sums[3] = {0.0, 0.0, 0.0};
  float most[3] = {0.0f, 0.0f, 0.0f};
  for (int32_t row = y; row < y + part_height; row++) {
    for (int32_t column = x; column < x + part_width; column++) {
      const size_t at = (size_t)row * (size_t)width + (size_t)column;
      for (int channel = 1; channel < 3; channel++) {
        const float red = rgb[0][at], other = rgb[3 - channel][at];
        const float difference = rgb[channel][at] - (red > other ? red : other);
        if (difference > 0.0f) sums[channel] += (double)difference;
        if (difference > most[channel]) most[channel] = difference;
      }
    }
  }
  const int channel = sums[1] >= sums[2] ? 1 : 2;
  // A twentieth of white is no screen.
  if (most[channel] < 0.05f) return -1;
  double count = 0.0;
  out[0] = out[1] = out[2] = 0.0;
  for (int32_t row = y; row < y + part_height; row++) {
    for (int32_t column = x; column < x + part_width; column++) {
      const size_t at = (size_t)row * (size_t)width + (size_t)column;
      const float red = rgb[0][at], other = rgb[3 - channel][at];
      const float difference = rgb[channel][at] - (red > other ? red : other);
      if (difference < most[channel] * 0.5f) continue;
      count += 1.0;
      for (int i = 0; i < 3; i++) out[i] += (double)rgb[i][at];
    }
  }
  for (int i = 0; i < 3; i++) out[i] /= count;
  return channel;
}

// MARK: - Alpha

void pk_load_alpha(
  pk_layout layout, const void *plane, ptrdiff_t stride, int32_t width, int32_t height, float *out) {
  const int32_t is_packed = layout.family == PK_FAMILY_PACKED_RGB;
  const size_t step = is_packed ? (size_t)layout.components : 1;
  const size_t first = is_packed ? step - 1 : 0;
  const float maximum = layout.bit_depth == 32 ? 1.0f : (float)((1 << layout.bit_depth) - 1);
  for (int32_t y = 0; y < height; y++) {
    const uint8_t *row = (const uint8_t *)plane + stride * y;
    float *to = out + (size_t)y * (size_t)width;
    if (layout.bit_depth == 32) {
      const float *in = (const float *)(const void *)row;
      for (int32_t x = 0; x < width; x++) {
        const float alpha = in[x];
        to[x] = alpha > 0.0f ? (alpha < 1.0f ? alpha : 1.0f) : 0.0f;
      }
    } else if (layout.bit_depth == 8) {
      for (int32_t x = 0; x < width; x++) to[x] = (float)row[(size_t)x * step + first] / maximum;
    } else {
      const uint16_t *in = (const uint16_t *)(const void *)row;
      for (int32_t x = 0; x < width; x++) {
        uint16_t code = in[(size_t)x * step + first];
        if (layout.is_big_endian) code = (uint16_t)(code << 8 | code >> 8);
        const float alpha = (float)code / maximum;
        to[x] = alpha < 1.0f ? alpha : 1.0f;
      }
    }
  }
}

void pk_force(float *restrict alpha, const float *restrict cover, int32_t keeps, size_t count) {
  for (size_t i = 0; i < count; i++) {
    const float kept = alpha[i] > cover[i] ? alpha[i] : cover[i];
    alpha[i] = keeps ? kept : alpha[i] * (1.0f - cover[i]);
  }
}

static int32_t clamped(int32_t at, int32_t count) { return at < 0 ? 0 : at >= count ? count - 1 : at; }

static void extend(float *row, int32_t length, int32_t radius) {
  for (int32_t i = 1; i <= radius; i++) {
    row[-i] = row[0];
    row[length - 1 + i] = row[length - 1];
  }
}

static void shrink_into(float *restrict out, const float *restrict in, float sign, int32_t count) {
  // Growing is shrinking of the negative.
  for (int32_t i = 0; i < count; i++) {
    const float a = out[i] * sign, b = in[i] * sign;
    out[i] = (b < a ? b : a) * sign;
  }
}

static void add_into(float *restrict out, const float *restrict in, float weight, int32_t count) {
  for (int32_t i = 0; i < count; i++) out[i] += in[i] * weight;
}

/// Filters along both axes with a window of `radius`: the least or greatest, or a triangle of weights.
static void filter(
  float *alpha, float *copy, float *line, int32_t width, int32_t height, int32_t radius, float sign) {
  const float whole = (float)(radius + 1) * (float)(radius + 1);
  for (int32_t y = 0; y < height; y++) {
    float *row = alpha + (size_t)y * (size_t)width, *out = copy + (size_t)y * (size_t)width;
    memcpy(line + radius, row, (size_t)width * sizeof(float));
    extend(line + radius, width, radius);
    memcpy(out, row, (size_t)width * sizeof(float));
    if (sign == 0.0f) memset(out, 0, (size_t)width * sizeof(float));
    for (int32_t k = -radius; k <= radius; k++) {
      const float weight = (float)(radius + 1 - (k < 0 ? -k : k)) / whole;
      if (sign == 0.0f) add_into(out, line + radius + k, weight, width);
      else shrink_into(out, line + radius + k, sign, width);
    }
  }
  for (int32_t y = 0; y < height; y++) {
    float *out = alpha + (size_t)y * (size_t)width;
    memcpy(out, copy + (size_t)y * (size_t)width, (size_t)width * sizeof(float));
    if (sign == 0.0f) memset(out, 0, (size_t)width * sizeof(float));
    for (int32_t k = -radius; k <= radius; k++) {
      const float *row = copy + (size_t)clamped(y + k, height) * (size_t)width;
      const float weight = (float)(radius + 1 - (k < 0 ? -k : k)) / whole;
      if (sign == 0.0f) add_into(out, row, weight, width);
      else shrink_into(out, row, sign, width);
    }
    // Weights that are rounded may add up to a little more than 1.
    for (int32_t x = 0; x < width; x++) out[x] = out[x] < 1.0f ? out[x] : 1.0f;
  }
}

int32_t pk_soften(float *alpha, int32_t width, int32_t height, int32_t erode, int32_t blur) {
  if (erode == 0 && blur == 0) return 0;
  const int32_t reach = erode < 0 ? -erode : erode;
  const int32_t widest = reach > blur ? reach : blur;
  float *copy = malloc((size_t)width * (size_t)height * sizeof(float));
  float *line = malloc(((size_t)width + 2 * (size_t)widest) * sizeof(float));
  if (copy != NULL && line != NULL) {
    if (erode != 0) filter(alpha, copy, line, width, height, reach, erode > 0 ? 1.0f : -1.0f);
    if (blur != 0) filter(alpha, copy, line, width, height, blur, 0.0f);
  }
  const int32_t status = copy != NULL && line != NULL ? 0 : -1;
  free(copy);
  free(line);
  return status;
}

static int ascending(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

/// Adds to each pixel of a row the share of it that lies in left…right, times `weight`.
static void add_span(float *row, int32_t width, double left, double right, float weight) {
  if (left < 0.0) left = 0.0;
  if (right > (double)width) right = (double)width;
  for (int32_t x = (int32_t)left; x < width && (double)x < right; x++) {
    const double from = left > (double)x ? left : (double)x;
    const double to = right < (double)x + 1.0 ? right : (double)x + 1.0;
    if (to > from) row[x] += (float)(to - from) * weight;
  }
}

int32_t pk_cover(float *plane, int32_t width, int32_t height, const double *points, size_t count) {
  enum { LINES = 4 };
  double *crossings = malloc(count * sizeof(double));
  float *row = malloc((size_t)width * sizeof(float));
  const int32_t status = crossings != NULL && row != NULL ? 0 : -1;
  for (int32_t y = 0; status == 0 && y < height; y++) {
    memset(row, 0, (size_t)width * sizeof(float));
    for (int32_t line = 0; line < LINES; line++) {
      const double at = (double)y + ((double)line + 0.5) / LINES;
      size_t found = 0;
      for (size_t i = 0; i < count; i++) {
        const double *from = points + 2 * i, *to = points + 2 * ((i + 1) % count);
        if ((from[1] <= at) == (to[1] <= at)) continue;
        crossings[found++] = from[0] + (at - from[1]) * (to[0] - from[0]) / (to[1] - from[1]);
      }
      qsort(crossings, found, sizeof(double), ascending);
      for (size_t i = 0; i + 1 < found; i += 2) {
        add_span(row, width, crossings[i], crossings[i + 1], 1.0f / LINES);
      }
    }
    float *out = plane + (size_t)y * (size_t)width;
    for (int32_t x = 0; x < width; x++) out[x] = row[x] > out[x] ? (row[x] < 1.0f ? row[x] : 1.0f) : out[x];
  }
  free(crossings);
  free(row);
  return status;
}

// MARK: - Resampling

/// Which samples make each sample of the result, and with what weights.
typedef struct {
  int32_t taps;
  int32_t *indices;  // `taps` for each sample
  float *weights;
  uint8_t *is_inside;
} kernel;

/// Catmull-Rom. Source: E. Catmull, R. Rom, "A class of local interpolating splines", 1974.
static double catmull_rom(double t) {
  const double x = t < 0.0 ? -t : t;
  if (x < 1.0) return (1.5 * x - 2.5) * x * x + 1.0;
  if (x < 2.0) return ((-0.5 * x + 2.5) * x - 4.0) * x + 2.0;
  return 0.0;
}

static int64_t floor_of(double x) {
  const int64_t whole = (int64_t)x;
  return (double)whole > x ? whole - 1 : whole;
}

static void free_kernel(kernel *of) {
  free(of->indices);
  free(of->weights);
  free(of->is_inside);
}

static int32_t allocate_kernel(kernel *out, int32_t count, double stretch) {
  out->taps = (int32_t)floor_of(4.0 * stretch) + 2;
  const size_t taps = (size_t)out->taps;
  out->indices = malloc((size_t)count * taps * sizeof(int32_t));
  out->weights = malloc((size_t)count * taps * sizeof(float));
  out->is_inside = malloc((size_t)count);
  if (out->indices != NULL && out->weights != NULL && out->is_inside != NULL) return 0;
  free_kernel(out);
  return -1;
}

/// The samples around `centre`, counted from the first sample's centre, and their weights; edges repeat.
static void weigh(
  int32_t *indices, float *weights, double *exact, size_t taps, int32_t in_count, double centre, double stretch) {
  const int64_t first = floor_of(centre - 2.0 * stretch);
  double sum = 0.0;
  for (size_t k = 0; k < taps; k++) {
    exact[k] = catmull_rom(((double)(first + (int64_t)k) - centre) / stretch);
    sum += exact[k];
  }
  for (size_t k = 0; k < taps; k++) {
    const int64_t at = first + (int64_t)k;
    indices[k] = at < 0 ? 0 : at >= in_count ? in_count - 1 : (int32_t)at;
    weights[k] = (float)(exact[k] / sum);
  }
}

static int32_t make_kernel(kernel *out, int32_t in_count, int32_t count, double scale, double offset) {
  const double stretch = scale < 1.0 ? 1.0 / scale : 1.0;
  if (allocate_kernel(out, count, stretch) != 0) return -1;
  const size_t taps = (size_t)out->taps;
  double *exact = malloc(taps * sizeof(double));
  if (exact == NULL) {
    free_kernel(out);
    return -1;
  }
  for (int32_t i = 0; i < count; i++) {
    // Positions are of centres: sample u of the source covers u…u+1.
    const double place = ((double)i + 0.5 - offset) / scale;
    out->is_inside[i] = place >= 0.0 && place < (double)in_count;
    const double centre = out->is_inside[i] ? place - 0.5 : 0.0;
    weigh(out->indices + (size_t)i * taps, out->weights + (size_t)i * taps, exact, taps, in_count, centre, stretch);
  }
  free(exact);
  return 0;
}

static void resample_row(const kernel *by, const float *restrict in, float *restrict out, int32_t count) {
  const size_t taps = (size_t)by->taps;
  for (int32_t i = 0; i < count; i++) {
    if (!by->is_inside[i]) {
      out[i] = 0.0f;
      continue;
    }
    const int32_t *indices = by->indices + (size_t)i * taps;
    const float *weights = by->weights + (size_t)i * taps;
    float sum = 0.0f;
    for (size_t k = 0; k < taps; k++) sum += in[indices[k]] * weights[k];
    out[i] = sum;
  }
}

int32_t pk_resample(
  int32_t path, const float *in, int32_t in_width, int32_t in_height, float *out, int32_t width, int32_t height,
  const double scale[2], const double offset[2]) {
  kernel across = {0}, down = {0};
  float *narrow = malloc((size_t)width * (size_t)in_height * sizeof(float));
  int32_t status = narrow != NULL ? make_kernel(&across, in_width, width, scale[0], offset[0]) : -1;
  if (status == 0) {
    status = make_kernel(&down, in_height, height, scale[1], offset[1]);
    if (status != 0) free_kernel(&across);
  }
  if (status != 0) {
    free(narrow);
    return -1;
  }
  for (int32_t y = 0; y < in_height; y++) {
    resample_row(&across, in + (size_t)y * (size_t)in_width, narrow + (size_t)y * (size_t)width, width);
  }
  const pk_rows *rows = pk_rows_of(path);
  for (int32_t y = 0; y < height; y++) {
    float *row = out + (size_t)y * (size_t)width;
    memset(row, 0, (size_t)width * sizeof(float));
    if (!down.is_inside[y]) continue;
    for (int32_t k = 0; k < down.taps; k++) {
      const size_t at = (size_t)y * (size_t)down.taps + (size_t)k;
      if (down.weights[at] == 0.0f) continue;
      rows->mix_into(row, 1.0f, narrow + (size_t)down.indices[at] * (size_t)width, down.weights[at], (size_t)width);
    }
  }
  free_kernel(&across);
  free_kernel(&down);
  free(narrow);
  return 0;
}

// MARK: - Adjusted pictures

/// The columns and rows of a plane in which anything covers.
typedef struct {
  int32_t left, top, right, bottom;
} box;

static box covered(const float *cover, int32_t width, int32_t height) {
  box found = {width, height, 0, 0};
  for (int32_t y = 0; y < height; y++) {
    const float *row = cover + (size_t)y * (size_t)width;
    for (int32_t x = 0; x < width; x++) {
      if (row[x] <= 0.0f) continue;
      if (x < found.left) found.left = x;
      if (x >= found.right) found.right = x + 1;
      if (y < found.top) found.top = y;
      found.bottom = y + 1;
    }
  }
  return found;
}

/// Far outside of a picture all that is seen is its edge, wherever that is.
static double near(double centre, int32_t count) {
  const double reach = 4.0 * (double)count + 65536.0;
  return centre < -reach ? -reach : centre > reach ? reach : centre;
}

static double at_least_one(double squared) { return squared > 1.0 ? sqrt(squared) : 1.0; }

/// A kernel for samples first…first + count, each of which shows the source at step · (its centre) + offset.
static int32_t make_placed(
  kernel *out, int32_t in_count, int32_t first, int32_t count, double step, double offset) {
  const double stretch = at_least_one(step * step);
  if (allocate_kernel(out, count, stretch) != 0) return -1;
  const size_t taps = (size_t)out->taps;
  double *exact = malloc(taps * sizeof(double));
  if (exact == NULL) {
    free_kernel(out);
    return -1;
  }
  for (int32_t i = 0; i < count; i++) {
    const double centre = near(step * ((double)(first + i) + 0.5) + offset - 0.5, in_count);
    out->is_inside[i] = 1;
    weigh(out->indices + (size_t)i * taps, out->weights + (size_t)i * taps, exact, taps, in_count, centre, stretch);
  }
  free(exact);
  return 0;
}

/// Rows and columns stay rows and columns: one axis after the other.
static int32_t transform_straight(
  int32_t path, int32_t planes, const float *const in[], int32_t in_width, int32_t in_height, float *const out[],
  box part, int32_t width, const double place[6]) {
  const int32_t columns = part.right - part.left, lines = part.bottom - part.top;
  kernel across = {0}, down = {0};
  float *narrow = malloc((size_t)columns * (size_t)in_height * sizeof(float));
  int32_t status = narrow != NULL ? make_placed(&across, in_width, part.left, columns, place[0], place[2]) : -1;
  if (status == 0) {
    status = make_placed(&down, in_height, part.top, lines, place[4], place[5]);
    if (status != 0) free_kernel(&across);
  }
  if (status != 0) {
    free(narrow);
    return -1;
  }
  int32_t first = in_height, end = 0;
  const size_t taps = (size_t)down.taps;
  for (size_t k = 0; k < (size_t)lines * taps; k++) {
    if (down.indices[k] < first) first = down.indices[k];
    if (down.indices[k] >= end) end = down.indices[k] + 1;
  }
  const pk_rows *rows = pk_rows_of(path);
  for (int32_t plane = 0; plane < planes; plane++) {
    for (int32_t y = first; y < end; y++) {
      resample_row(
        &across, in[plane] + (size_t)y * (size_t)in_width, narrow + (size_t)y * (size_t)columns, columns);
    }
    for (int32_t y = 0; y < lines; y++) {
      float *row = out[plane] + (size_t)(part.top + y) * (size_t)width + part.left;
      for (size_t k = 0; k < taps; k++) {
        const size_t at = (size_t)y * taps + k;
        if (down.weights[at] == 0.0f) continue;
        rows->mix_into(
          row, 1.0f, narrow + (size_t)down.indices[at] * (size_t)columns, down.weights[at], (size_t)columns);
      }
    }
  }
  free_kernel(&across);
  free_kernel(&down);
  free(narrow);
  return 0;
}

/// Turned or slanted: each pixel gathers its own samples.
static int32_t transform_turned(
  int32_t planes, const float *const in[], int32_t in_width, int32_t in_height, float *const out[],
  const float *cover, box part, int32_t width, const double place[6]) {
  const double wide = at_least_one(place[0] * place[0] + place[1] * place[1]);
  const double high = at_least_one(place[3] * place[3] + place[4] * place[4]);
  kernel across = {0}, down = {0};
  if (allocate_kernel(&across, 1, wide) != 0) return -1;
  if (allocate_kernel(&down, 1, high) != 0) {
    free_kernel(&across);
    return -1;
  }
  const size_t most = (size_t)(across.taps > down.taps ? across.taps : down.taps);
  double *exact = malloc(most * sizeof(double));
  for (int32_t y = part.top; exact != NULL && y < part.bottom; y++) {
    for (int32_t x = part.left; x < part.right; x++) {
      const size_t at = (size_t)y * (size_t)width + (size_t)x;
      if (cover[at] <= 0.0f) continue;
      const double column = (double)x + 0.5, row = (double)y + 0.5;
      const double u = near(place[0] * column + place[1] * row + place[2] - 0.5, in_width);
      const double v = near(place[3] * column + place[4] * row + place[5] - 0.5, in_height);
      weigh(across.indices, across.weights, exact, (size_t)across.taps, in_width, u, wide);
      weigh(down.indices, down.weights, exact, (size_t)down.taps, in_height, v, high);
      for (int32_t plane = 0; plane < planes; plane++) {
        float sum = 0.0f;
        for (int32_t j = 0; j < down.taps; j++) {
          const float *line = in[plane] + (size_t)down.indices[j] * (size_t)in_width;
          float part_sum = 0.0f;
          for (int32_t i = 0; i < across.taps; i++) part_sum += line[across.indices[i]] * across.weights[i];
          sum += part_sum * down.weights[j];
        }
        out[plane][at] = sum;
      }
    }
  }
  const int32_t status = exact != NULL ? 0 : -1;
  free(exact);
  free_kernel(&across);
  free_kernel(&down);
  return status;
}

int32_t pk_transform(
  int32_t path, int32_t planes, const float *const in[], int32_t in_width, int32_t in_height, float *const out[],
  const float *cover, int32_t width, int32_t height, const double place[6]) {
  for (int32_t plane = 0; plane < planes; plane++) {
    memset(out[plane], 0, (size_t)width * (size_t)height * sizeof(float));
  }
  const box part = covered(cover, width, height);
  if (part.left >= part.right) return 0;
  return place[1] == 0.0 && place[3] == 0.0
    ? transform_straight(path, planes, in, in_width, in_height, out, part, width, place)
    : transform_turned(planes, in, in_width, in_height, out, cover, part, width, place);
}

enum { MOST_CORNERS = 64 };

/// The share of the pixel at x, y that lies to the right of every edge.
static double share_inside(double x, double y, const double *points, size_t count) {
  double now[2 * MOST_CORNERS] = {x, y, x + 1.0, y, x + 1.0, y + 1.0, x, y + 1.0}, cut[2 * MOST_CORNERS];
  size_t corners = 4;
  for (size_t i = 0; i < count && corners > 0; i++) {
    const double *from = points + 2 * i, *to = points + 2 * ((i + 1) % count);
    const double dx = to[0] - from[0], dy = to[1] - from[1];
    size_t kept = 0;
    for (size_t k = 0; k < corners && kept + 2 <= MOST_CORNERS; k++) {
      const double *a = now + 2 * k, *b = now + 2 * ((k + 1) % corners);
      const double side_a = dx * (a[1] - from[1]) - dy * (a[0] - from[0]);
      const double side_b = dx * (b[1] - from[1]) - dy * (b[0] - from[0]);
      if (side_a >= 0.0) {
        cut[2 * kept] = a[0];
        cut[2 * kept + 1] = a[1];
        kept++;
      }
      if ((side_a >= 0.0) != (side_b >= 0.0)) {
        const double along = side_a / (side_a - side_b);
        cut[2 * kept] = a[0] + (b[0] - a[0]) * along;
        cut[2 * kept + 1] = a[1] + (b[1] - a[1]) * along;
        kept++;
      }
    }
    memcpy(now, cut, 2 * kept * sizeof(double));
    corners = kept;
  }
  double twice = 0.0;
  for (size_t k = 0; k < corners; k++) {
    const double *a = now + 2 * k, *b = now + 2 * ((k + 1) % corners);
    twice += (a[0] - x) * (b[1] - y) - (b[0] - x) * (a[1] - y);
  }
  return twice * 0.5;
}

void pk_area(float *cover, int32_t width, int32_t height, const double *points, size_t count) {
  memset(cover, 0, (size_t)width * (size_t)height * sizeof(float));
  if (count < 3 || count > MOST_CORNERS / 2) return;
  for (int32_t y = 0; y < height; y++) {
    for (int32_t x = 0; x < width; x++) {
      double share = 1.0;
      for (size_t i = 0; i < count; i++) {
        const double *from = points + 2 * i, *to = points + 2 * ((i + 1) % count);
        const double dx = to[0] - from[0], dy = to[1] - from[1];
        const double centre = dx * ((double)y + 0.5 - from[1]) - dy * ((double)x + 0.5 - from[0]);
        const double reach = 0.5 * ((dx < 0.0 ? -dx : dx) + (dy < 0.0 ? -dy : dy));
        if (centre <= -reach) {
          share = 0.0;
          break;
        }
        if (centre < reach) share = -1.0;
      }
      if (share < 0.0) share = share_inside((double)x, (double)y, points, count);
      cover[(size_t)y * (size_t)width + (size_t)x] = share < 1.0 ? (float)share : 1.0f;
    }
  }
}
