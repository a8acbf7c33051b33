#include "compare.h"

#include <stddef.h>
#include <string.h>

enum { BINS = 24, CODES = 256 };

/// A rising curve from codes to codes, by least squares: means over bins of the input, neighbours that fall joined.
static void fit_curve(
    const float *picture, const float *other, const uint8_t *use, int32_t size, float curve[CODES + 1]) {
  double sum_in[BINS] = {0}, sum_out[BINS] = {0}, weight[BINS] = {0};
  for (int32_t i = 0; i < size; i++) {
    if (!use[i]) continue;
    int bin = (int)(other[i] * ((float)BINS / (float)CODES));
    if (bin < 0) bin = 0;
    if (bin >= BINS) bin = BINS - 1;
    sum_in[bin] += other[i];
    sum_out[bin] += picture[i];
    weight[bin] += 1;
  }
  double in[BINS], out[BINS], mass[BINS];
  int count = 0;
  for (int bin = 0; bin < BINS; bin++) {
    if (weight[bin] < 4) continue;
    in[count] = sum_in[bin] / weight[bin];
    out[count] = sum_out[bin] / weight[bin];
    mass[count] = weight[bin];
    count++;
  }
  // Pool adjacent violators (Ayer et al., 1955): the level of each pool, and where it ends.
  double level[BINS], total[BINS];
  int end[BINS], pools = 0;
  for (int k = 0; k < count; k++) {
    level[pools] = out[k];
    total[pools] = mass[k];
    end[pools] = k + 1;
    pools++;
    while (pools > 1 && level[pools - 2] > level[pools - 1]) {
      double both = total[pools - 2] + total[pools - 1];
      level[pools - 2] = (level[pools - 2] * total[pools - 2] + level[pools - 1] * total[pools - 1]) / both;
      total[pools - 2] = both;
      end[pools - 2] = end[pools - 1];
      pools--;
    }
  }
  for (int pool = 0, k = 0; pool < pools; pool++) {
    for (; k < end[pool]; k++) out[k] = level[pool];
  }
  int k = 0;
  for (int code = 0; code <= CODES; code++) {
    if (count == 0) {
      curve[code] = 0;
      continue;
    }
    while (k + 1 < count && in[k + 1] < code) k++;
    double value;
    if (code <= in[0] || count == 1) {
      value = out[0];
    } else if (k + 1 >= count) {
      value = out[count - 1];
    } else {
      value = out[k] + (out[k + 1] - out[k]) * (code - in[k]) / (in[k + 1] - in[k]);
    }
    curve[code] = (float)value;
  }
}

/// Sums along rows, then along columns, of a square around each pixel.
static void box_sums(const float *plane, int32_t width, int32_t height, int32_t radius, float *between, float *sums) {
  for (int32_t y = 0; y < height; y++) {
    const float *row = plane + (size_t)y * width;
    float *to = between + (size_t)y * width;
    double sum = 0;
    for (int32_t x = 0; x < radius && x < width; x++) sum += row[x];
    for (int32_t x = 0; x < width; x++) {
      if (x + radius < width) sum += row[x + radius];
      if (x - radius - 1 >= 0) sum -= row[x - radius - 1];
      to[x] = (float)sum;
    }
  }
  double column[PK_COMPARE_SIDE];
  for (int32_t x = 0; x < width; x++) column[x] = 0;
  for (int32_t y = 0; y < radius && y < height; y++) {
    const float *row = between + (size_t)y * width;
    for (int32_t x = 0; x < width; x++) column[x] += row[x];
  }
  for (int32_t y = 0; y < height; y++) {
    if (y + radius < height) {
      const float *row = between + (size_t)(y + radius) * width;
      for (int32_t x = 0; x < width; x++) column[x] += row[x];
    }
    if (y - radius - 1 >= 0) {
      const float *row = between + (size_t)(y - radius - 1) * width;
      for (int32_t x = 0; x < width; x++) column[x] -= row[x];
    }
    float *to = sums + (size_t)y * width;
    for (int32_t x = 0; x < width; x++) to[x] = (float)column[x];
  }
}

/// Takes the local mean of the used pixels from each of them; the plane is 0 elsewhere.
static double take_local_mean(
    float *plane, const uint8_t *use, const float *weights, int32_t width, int32_t height, int32_t radius,
    float *between, float *sums) {
  int32_t size = width * height;
  box_sums(plane, width, height, radius, between, sums);
  double square = 0;
  for (int32_t i = 0; i < size; i++) {
    if (!use[i]) continue;
    float detail = plane[i] - sums[i] / weights[i];
    plane[i] = detail;
    square += (double)detail * detail;
  }
  return square;
}

pk_comparison pk_compare(
    const float *picture, const float *other, const uint8_t *use, int32_t width, int32_t height, int32_t radius,
    float *rest, float *scratch) {
  pk_comparison result = {0, 0, 0, 0};
  int32_t size = width * height;
  float *weights = scratch, *between = scratch + size, *sums = between + size, *own = sums + size, *their = own + size,
        *left = their + size;
  float curve[CODES + 1];
  fit_curve(picture, other, use, size, curve);
  int32_t count = 0;
  for (int32_t i = 0; i < size; i++) {
    if (!use[i]) {
      own[i] = their[i] = left[i] = 0;
      sums[i] = 0;
      continue;
    }
    count++;
    sums[i] = 1;
    float code = other[i];
    if (!(code > 0)) code = 0;
    if (code > CODES - 1) code = CODES - 1;
    int step = (int)code;
    float explained = curve[step] + (curve[step + 1] - curve[step]) * (code - (float)step);
    own[i] = picture[i];
    their[i] = other[i];
    left[i] = picture[i] - explained;
  }
  if (count > 0) {
    memcpy(weights, sums, (size_t)size * sizeof(float));
    float *ones = weights;
    box_sums(ones, width, height, radius, between, sums);
    memcpy(weights, sums, (size_t)size * sizeof(float));
    result.count = count;
    result.residual = take_local_mean(left, use, weights, width, height, radius, between, sums) / count;
    result.variance = take_local_mean(own, use, weights, width, height, radius, between, sums) / count;
    result.other = take_local_mean(their, use, weights, width, height, radius, between, sums) / count;
  }
  if (rest) memcpy(rest, left, (size_t)size * sizeof(float));
  return result;
}

void pk_reduced_luma(
    const float *red, const float *green, const float *blue, int32_t width, int32_t height, int32_t step, float *luma) {
  int32_t columns = width / step, rows = height / step;
  float share = 255.0f / (float)(step * step);
  for (int32_t row = 0; row < rows; row++) {
    for (int32_t column = 0; column < columns; column++) {
      float sum = 0;
      for (int32_t y = row * step; y < (row + 1) * step; y++) {
        size_t start = (size_t)y * width + (size_t)column * step;
        for (size_t i = start; i < start + step; i++) {
          float value = 0.2126f * red[i] + 0.7152f * green[i] + 0.0722f * blue[i];
          sum += value > 0 ? (value < 1 ? value : 1) : 0;
        }
      }
      luma[(size_t)row * columns + column] = sum * share;
    }
  }
}

double pk_mean_square(const float *a, const float *b, const uint8_t *use, int32_t size) {
  double sum = 0;
  int32_t count = 0;
  for (int32_t i = 0; i < size; i++) {
    if (!use[i]) continue;
    double difference = (double)a[i] - b[i];
    sum += difference * difference;
    count++;
  }
  return count ? sum / count : 0;
}

void pk_magnify(
    const float *source, int32_t width, int32_t height, double scale_x, double scale_y, double move_x, double move_y,
    float *result) {
  double middle_x = width * 0.5, middle_y = height * 0.5;
  for (int32_t y = 0; y < height; y++) {
    double from_y = (y + 0.5 - middle_y - move_y) / scale_y + middle_y - 0.5;
    for (int32_t x = 0; x < width; x++) {
      size_t at = (size_t)y * width + x;
      double from_x = (x + 0.5 - middle_x - move_x) / scale_x + middle_x - 0.5;
      if (!(from_x > -0.5 && from_y > -0.5 && from_x < width - 0.5 && from_y < height - 0.5)) {
        result[at] = 0;
        continue;
      }
      if (from_x < 0) from_x = 0;
      if (from_y < 0) from_y = 0;
      int32_t left = (int32_t)from_x, top = (int32_t)from_y;
      int32_t right = left + 1 < width ? left + 1 : left, bottom = top + 1 < height ? top + 1 : top;
      float share_x = (float)(from_x - left), share_y = (float)(from_y - top);
      const float *upper = source + (size_t)top * width, *lower = source + (size_t)bottom * width;
      float above = upper[left] + (upper[right] - upper[left]) * share_x;
      float below = lower[left] + (lower[right] - lower[left]) * share_x;
      result[at] = above + (below - above) * share_y;
    }
  }
}
