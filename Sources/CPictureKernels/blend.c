// Display-coded pictures laid over each other. One path for every CPU.

#include <math.h>

#include "CPictureKernels.h"

// B(below, above) of the W3C's "Compositing and Blending Level 1", sections 9 and 10; both lie in 0…1.

static float add(float b, float s) { return b + s < 1.0f ? b + s : 1.0f; }
static float subtract(float b, float s) { return b > s ? b - s : 0.0f; }
static float difference(float b, float s) { return b > s ? b - s : s - b; }
static float multiply(float b, float s) { return b * s; }
static float screen(float b, float s) { return b + s - b * s; }
static float darken(float b, float s) { return b < s ? b : s; }
static float lighten(float b, float s) { return b > s ? b : s; }
static float hard_light(float b, float s) {
  return s <= 0.5f ? multiply(b, 2.0f * s) : screen(b, 2.0f * s - 1.0f);
}
static float overlay(float b, float s) { return hard_light(s, b); }
static float soft_light(float b, float s) {
  if (s <= 0.5f) return b - (1.0f - 2.0f * s) * b * (1.0f - b);
  const float d = b <= 0.25f ? ((16.0f * b - 12.0f) * b + 4.0f) * b : sqrtf(b);
  return b + (2.0f * s - 1.0f) * (d - b);
}

static float within(float x) { return x > 0.0f ? (x < 1.0f ? x : 1.0f) : 0.0f; }

// Values outside of 0…1 are cut off only where a mode needs that: a normal picture keeps them.
#define BLEND(NAME)                                                                                                \
  static void blend_##NAME(                                                                                        \
    const float *top, const float *cover, float *below, const float *below_cover, size_t count) {                  \
    for (size_t i = 0; i < count; i++) {                                                                           \
      const float a = cover != NULL ? cover[i] : 1.0f, b = below_cover[i];                                         \
      if (a <= 0.0f) continue;                                                                                     \
      const float s = within(top[i] / a), under = b > 0.0f ? within(below[i] / b) : 0.0f;                          \
      below[i] = (top[i] * (1.0f - b) + below[i] * (1.0f - a)) + (a * b) * NAME(under, s);                         \
    }                                                                                                              \
  }

BLEND(add)
BLEND(subtract)
BLEND(difference)
BLEND(multiply)
BLEND(screen)
BLEND(overlay)
BLEND(darken)
BLEND(lighten)
BLEND(hard_light)
BLEND(soft_light)

static void blend_normal(
  const float *top, const float *cover, float *below, const float *below_cover, size_t count) {
  (void)below_cover;
  for (size_t i = 0; i < count; i++) {
    const float a = cover != NULL ? cover[i] : 1.0f;
    below[i] = top[i] + below[i] * (1.0f - a);
  }
}

typedef void blend(const float *top, const float *cover, float *below, const float *below_cover, size_t count);

static blend *const blends[] = {
  [PK_BLEND_NORMAL] = blend_normal,         [PK_BLEND_ADD] = blend_add,
  [PK_BLEND_SUBTRACT] = blend_subtract,     [PK_BLEND_DIFFERENCE] = blend_difference,
  [PK_BLEND_MULTIPLY] = blend_multiply,     [PK_BLEND_SCREEN] = blend_screen,
  [PK_BLEND_OVERLAY] = blend_overlay,       [PK_BLEND_DARKEN] = blend_darken,
  [PK_BLEND_LIGHTEN] = blend_lighten,       [PK_BLEND_HARD_LIGHT] = blend_hard_light,
  [PK_BLEND_SOFT_LIGHT] = blend_soft_light,
};

void pk_blend(
  int32_t mode, const float *const top[3], const float *cover, float *const below[3], float *below_cover,
  size_t count) {
  for (int plane = 0; plane < 3; plane++) blends[mode](top[plane], cover, below[plane], below_cover, count);
  for (size_t i = 0; i < count; i++) {
    const float a = cover != NULL ? cover[i] : 1.0f;
    below_cover[i] = a + below_cover[i] * (1.0f - a);
  }
}
