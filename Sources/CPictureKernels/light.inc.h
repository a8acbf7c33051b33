// Compositing loops: linear light, premultiplied. Part of rows.inc.h, under the same rules.

// MARK: - Light

// Odd around 0, so that values outside 0…1 survive the way to light and back: sign(x) · |x|^(high + low), for
// |x| ≤ 65504. The polynomials are those of power_of; the relative error is below 2e-6.
PK_INLINE float odd_power_of(float x, float high, float low) {
  const int32_t all = bits_of(x);
  const int32_t sign = all & (int32_t)0x80000000u;
  const int32_t bits = all & 0x7fffffff;
  const int32_t exponent = (bits - 0x3f3504f3) >> 23;
  const float m = float_of(bits - (int32_t)((uint32_t)exponent << 23));
  const float e = (float)exponent;
  const float s = (m - 1.0f) / (m + 1.0f);
  const float z = s * s;
  const float l = s * (2.88539f + z * (0.96179885f + z * (0.5767131f + z * 0.4317686f)));
  const float whole_part = high * e;
  const float fine_part = low * e + (high + low) * l;
  const float t = lower_to(raise_to(whole_part + fine_part, -125.0f), 126.0f);
  // Rounds half up on both sides of 0: the sum is positive.
  const int32_t n = (int32_t)(t + 126.5f) - 126;
  const float rest = (whole_part - (float)n) + fine_part;
  const float y =
    1.0f
    + rest
        * (0.6931472f
           + rest
               * (0.2402265f
                  + rest * (0.05550357f + rest * (0.00961803f + rest * (0.0013390982f + rest * 0.00015469868f)))));
  const float scaled = y * float_of((int32_t)((uint32_t)(n + 127) << 23));
  const int32_t is_in_range = (bits >= 0x00800000) & (t > -125.0f);
  return float_of(bits_of(is_in_range ? scaled : 0.0f) | sign);
}

PK_ROW raise_power(float *restrict row, float high, float low, size_t count) {
  for (size_t i = 0; i < count; i++) {
    row[i] = odd_power_of(lower_to(raise_to(row[i], -65504.0f), 65504.0f), high, low);
  }
}

PK_ROW limit(float *restrict row, float low, float high, size_t count) {
  for (size_t i = 0; i < count; i++) row[i] = lower_to(raise_to(row[i], low), high);
}

PK_ROW multiply(float *restrict row, const float *restrict by, size_t count) {
  for (size_t i = 0; i < count; i++) row[i] = row[i] * by[i];
}

// Nothing is where nothing covers.
PK_ROW divide(float *restrict row, const float *restrict by, size_t count) {
  for (size_t i = 0; i < count; i++) {
    const float divisor = by[i] > 0.0f ? by[i] : 1.0f;
    row[i] = by[i] > 0.0f ? row[i] / divisor : 0.0f;
  }
}

// MARK: - Merging

// Operations as macros: A and B are a colour of both sides, a and b their alphas.
#define PK_MERGE(NAME, COLOUR, ALPHA)                                                                              \
  PK_ROW NAME(                                                                                                     \
    const float *restrict ar, const float *restrict ag, const float *restrict ab, const float *restrict aa,        \
    float *restrict br, float *restrict bg, float *restrict bb, float *restrict ba, size_t count) {                \
    for (size_t i = 0; i < count; i++) {                                                                           \
      const float a = aa[i], b = ba[i];                                                                            \
      br[i] = COLOUR(ar[i], br[i], a, b);                                                                          \
      bg[i] = COLOUR(ag[i], bg[i], a, b);                                                                          \
      bb[i] = COLOUR(ab[i], bb[i], a, b);                                                                          \
      ba[i] = ALPHA(a, b);                                                                                         \
    }                                                                                                              \
  }

// Screen has no meaning beyond white: the brighter one is seen there.
PK_INLINE float screened(float a, float b) {
  const float brighter = raise_to(a, b), darker = lower_to(a, b);
  return ((brighter > 1.0f) | (darker < 0.0f)) ? brighter : a + b - a * b;
}

#define PK_UNION(a, b) ((a) + (b) * (1.0f - (a)))
#define PK_SUM(a, b) lower_to((a) + (b), 1.0f)
#define PK_INTERSECTION(a, b) ((a) * (b))
#define PK_DIFFERENCE(a, b) ((a) * (1.0f - (b)))

#define PK_OVER(A, B, a, b) ((A) + (B) * (1.0f - (a)))
#define PK_PLUS(A, B, a, b) ((A) + (B))
#define PK_MULTIPLY(A, B, a, b) (((A) * (1.0f - (b)) + (B) * (1.0f - (a))) + (A) * (B))
#define PK_SCREEN(A, B, a, b) screened(A, B)
#define PK_IN(A, B, a, b) ((A) * (b))
#define PK_OUT(A, B, a, b) ((A) * (1.0f - (b)))

PK_MERGE(merge_over, PK_OVER, PK_UNION)
PK_MERGE(merge_plus, PK_PLUS, PK_SUM)
PK_MERGE(merge_multiply, PK_MULTIPLY, PK_UNION)
PK_MERGE(merge_screen, PK_SCREEN, PK_UNION)
PK_MERGE(merge_in, PK_IN, PK_INTERSECTION)
PK_MERGE(merge_out, PK_OUT, PK_DIFFERENCE)

// MARK: - Keying

PK_ROW matte(
  const pk_key_row *key, const float *restrict main, const float *restrict other1, const float *restrict other2,
  float *restrict alpha, size_t count) {
  const float per_difference = key->per_difference, tolerance = key->tolerance;
  const float per_softness = key->per_softness;
  for (size_t i = 0; i < count; i++) {
    const float difference = main[i] - raise_to(other1[i], other2[i]);
    const float raw = 1.0f - difference * per_difference;
    alpha[i] = lower_to(raise_to((raw - tolerance) * per_softness, 0.0f), 1.0f);
  }
}

// What is left of a colour when the screen's share is taken out: premultiplied by the alpha.
PK_INLINE float without_screen(float colour, float screen, float alpha) {
  const float left = raise_to(colour - (1.0f - alpha) * screen, 0.0f);
  const float bounded = lower_to(left, alpha * raise_to(colour, 1.0f));
  return alpha < 1.0f ? bounded : colour;
}

PK_ROW unscreen(
  const pk_key_row *key, float *restrict main, float *restrict other1, float *restrict other2,
  const float *restrict alpha, const float *restrict inside, size_t count) {
  const float s0 = key->screen[0], s1 = key->screen[1], s2 = key->screen[2];
  const float despill = key->despill;
  for (size_t i = 0; i < count; i++) {
    const float a = alpha[i];
    const float p0 = without_screen(main[i], s0, a);
    const float p1 = without_screen(other1[i], s1, a);
    const float p2 = without_screen(other2[i], s2, a);
    const float excess = raise_to(p0 - raise_to(p1, p2), 0.0f);
    // All of it from nine tenths down.
    const float weight = despill * lower_to((1.0f - inside[i]) * 10.0f, 1.0f);
    main[i] = p0 - excess * weight;
    other1[i] = p1;
    other2[i] = p2;
  }
}
