// Drawn pictures over float pictures. One path for every CPU: only inked pixels cost anything.

#include <string.h>

#include "CPictureKernels.h"

void pk_overlay(
  const uint8_t *pixels, ptrdiff_t pixel_stride, int32_t width, int32_t height, const float weights[256],
  void *const planes[3], const ptrdiff_t strides[3]) {
  for (int32_t row = 0; row < height; row++) {
    const uint8_t *from = pixels + row * pixel_stride;
    float *green = (float *)((char *)planes[0] + row * strides[0]);
    float *blue = (float *)((char *)planes[1] + row * strides[1]);
    float *red = (float *)((char *)planes[2] + row * strides[2]);
    for (int32_t column = 0; column < width; column++, from += 4) {
      uint32_t pixel;
      memcpy(&pixel, from, sizeof pixel);
      // Premultiplied: a pixel that covers nothing is all zeros.
      if (pixel == 0) continue;
      const float rest = 1.0f - weights[from[3]];
      blue[column] = blue[column] * rest + weights[from[0]];
      green[column] = green[column] * rest + weights[from[1]];
      red[column] = red[column] * rest + weights[from[2]];
    }
  }
}
