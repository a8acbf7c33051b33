// Whole planes in linear light: what compositing does to pictures, on top of the row loops.

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

static int32_t make_kernel(kernel *out, int32_t in_count, int32_t count, double scale, double offset) {
  const double stretch = scale < 1.0 ? 1.0 / scale : 1.0;
  out->taps = (int32_t)floor_of(4.0 * stretch) + 2;
  const size_t taps = (size_t)out->taps;
  out->indices = malloc((size_t)count * taps * sizeof(int32_t));
  out->weights = malloc((size_t)count * taps * sizeof(float));
  out->is_inside = malloc((size_t)count);
  double *exact = malloc(taps * sizeof(double));
  if (out->indices == NULL || out->weights == NULL || out->is_inside == NULL || exact == NULL) {
    free_kernel(out);
    free(exact);
    return -1;
  }
  for (int32_t i = 0; i < count; i++) {
    // Positions are of centres: sample u of the source covers u…u+1.
    const double place = ((double)i + 0.5 - offset) / scale;
    out->is_inside[i] = place >= 0.0 && place < (double)in_count;
    const double centre = out->is_inside[i] ? place - 0.5 : 0.0;
    const int64_t first = floor_of(centre - 2.0 * stretch);
    double sum = 0.0;
    for (size_t k = 0; k < taps; k++) {
      exact[k] = catmull_rom(((double)(first + (int64_t)k) - centre) / stretch);
      sum += exact[k];
    }
    for (size_t k = 0; k < taps; k++) {
      const int64_t at = first + (int64_t)k;
      out->indices[(size_t)i * taps + k] = at < 0 ? 0 : at >= in_count ? in_count - 1 : (int32_t)at;
      out->weights[(size_t)i * taps + k] = (float)(exact[k] / sum);
    }
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
