// The loops of colour chains, compiled once for each instruction set. The rules are those of rows.inc.h: add, subtract,
// multiply, divide, square root and compare in the order written.

static inline __attribute__((always_inline)) float CHAIN(at_curve)(const float *restrict curve, float x) {
  uint32_t bits;
  memcpy(&bits, &x, sizeof bits);
  const int32_t magnitude = (int32_t)(bits & 0x7fffffffu);
  // Positive points follow 0, negative ones go the other way from it.
  const int32_t direction = (bits >> 31) ? -1 : 1;
  const int32_t lowest = 95 << 23, highest = 143 << 23;
  const int32_t is_small = magnitude < lowest;
  int32_t inside = magnitude > highest ? highest : magnitude;
  inside = is_small ? lowest : inside;
  const int32_t cell = (inside - lowest) >> 12;
  const int32_t last = PK_CURVE_HALF - 1;
  const int32_t low = is_small ? 0 : 1 + cell;
  const int32_t high = is_small ? 1 : 1 + (cell < last ? cell + 1 : last);
  const float fraction = is_small ? (x < 0.0f ? -x : x) * 4294967296.0f : (float)(inside & 0xfff) * (1.0f / 4096.0f);
  const float *zero = curve + PK_CURVE_HALF;
  const float a = zero[direction * low], b = zero[direction * high];
  return a + (b - a) * fraction;
}

static void CHAIN(curves)(const pk_step *step, float *restrict r, float *restrict g, float *restrict b, size_t count) {
  float *rows[3] = {r, g, b};
  for (int channel = 0; channel < 3; channel++) {
    const float *curve = step->curves[channel];
    float *restrict row = rows[channel];
    for (size_t i = 0; i < count; i++) row[i] = CHAIN(at_curve)(curve, row[i]);
  }
}

static void CHAIN(matrix)(const pk_step *step, float *restrict r, float *restrict g, float *restrict b, size_t count) {
  const float *m = step->matrix, *o = step->offset;
  for (size_t i = 0; i < count; i++) {
    const float x = r[i], y = g[i], z = b[i];
    r[i] = m[0] * x + m[1] * y + m[2] * z + o[0];
    g[i] = m[3] * x + m[4] * y + m[5] * z + o[1];
    b[i] = m[6] * x + m[7] * y + m[8] * z + o[2];
  }
}

static inline __attribute__((always_inline)) float CHAIN(larger)(float a, float b) { return a > b ? a : b; }
static inline __attribute__((always_inline)) float CHAIN(smaller)(float a, float b) { return a < b ? a : b; }

static inline __attribute__((always_inline)) float CHAIN(saturation)(float x, float y, float z) {
  const float most = CHAIN(larger)(x, CHAIN(larger)(y, z)), least = CHAIN(smaller)(x, CHAIN(smaller)(y, z));
  return (CHAIN(larger)(most, 1e-10f) - CHAIN(larger)(least, 1e-10f)) / CHAIN(larger)(most, 1e-2f);
}

// Source: Academy S-2013-… RRT 1.0.3, glow module, as OpenColorIO 2.1 computes it.
static void CHAIN(glow)(float *restrict r, float *restrict g, float *restrict b, size_t count) {
  for (size_t i = 0; i < count; i++) {
    const float x = r[i], y = g[i], z = b[i];
    const float square = z * (z - y) + y * (y - x) + x * (x - z);
    const float chroma = sqrtf(CHAIN(larger)(square, 0.0f));
    const float luma = (z + y + x + 1.75f * chroma) * (1.0f / 3.0f);
    const float s = (CHAIN(saturation)(x, y, z) - 0.4f) * 5.0f;
    const float sign = s < 0.0f ? -1.0f : 1.0f;
    const float t = CHAIN(larger)(0.0f, 1.0f - 0.5f * sign * s);
    const float gain = 0.05f * ((1.0f + sign * (1.0f - t * t)) * 0.5f);
    const float middle = gain * (0.08f / CHAIN(larger)(luma, 1e-10f) - 0.5f);
    const float added = luma >= 0.16f ? 0.0f : luma <= 0.16f / 3.0f ? gain : middle;
    const float factor = 1.0f + added;
    r[i] = x * factor;
    g[i] = y * factor;
    b[i] = z * factor;
  }
}

// The angle whose tangent is a quotient of 0…1. Polynomial in the square, largest error 1e-8.
static inline __attribute__((always_inline)) float CHAIN(angle)(float t) {
  const float z = t * t;
  return t * (0.999999997f + z * (-0.333332763f + z * (0.199980753f + z * (-0.142600161f + z * (0.109323415f + z * (-0.0834972497f + z * (0.0570895559f + z * (-0.0303518648f + z * (0.0104876492f + z * -0.00170117006f)))))))));
}

// Source: RRT 1.0.3, red modifier: only what lies within 67.5° of red is changed.
static void CHAIN(red_modifier)(float *restrict r, const float *restrict g, const float *restrict b, size_t count) {
  for (size_t i = 0; i < count; i++) {
    const float x = r[i], y = g[i], z = b[i];
    const float across = 2.0f * x - (y + z), up = 1.7320508f * (y - z);
    const float width = across < 0.0f ? -across : across, height = up < 0.0f ? -up : up;
    const float longer = CHAIN(larger)(width, height), shorter = CHAIN(smaller)(width, height);
    float angle = CHAIN(angle)(longer > 0.0f ? shorter / longer : 0.0f);
    angle = height > width ? 1.57079633f - angle : angle;
    angle = across < 0.0f ? 3.14159265f - angle : angle;
    const float hue = up < 0.0f ? -angle : angle;
    // A cubic B-spline around red: four pieces of 33.75°.
    const float knot = hue * 1.69765273f + 2.0f;
    const float inside = CHAIN(smaller)(CHAIN(larger)(knot, 0.0f), 3.9999998f);
    const int32_t piece = (int32_t)inside;
    const float t = inside - (float)piece;
    const float w0 = t * t * t * 0.25f;
    const float w1 = 0.25f + t * (0.75f + t * (0.75f - 0.75f * t));
    const float w2 = 1.0f + t * t * (0.75f * t - 1.5f);
    const float rest = 1.0f - t;
    const float w3 = rest * rest * rest * 0.25f;
    const float weight = piece == 0 ? w0 : piece == 1 ? w1 : piece == 2 ? w2 : w3;
    const int32_t is_near = (knot > 0.0f) & (knot < 4.0f);
    const float changed = x + weight * CHAIN(saturation)(x, y, z) * (0.03f - x) * 0.18f;
    r[i] = is_near ? changed : x;
  }
}

// Source: ODT functions of ACES 1.0.3, dark to dim, gamma 0.9811; the power of Y is in the table.
static void CHAIN(surround)(
  const pk_step *step, float *restrict r, float *restrict g, float *restrict b, size_t count) {
  const float *curve = step->curves[0];
  for (size_t i = 0; i < count; i++) {
    const float x = r[i], y = g[i], z = b[i];
    const float luma = CHAIN(larger)(0.27222871678091454f * x + 0.67408176581114831f * y + 0.053689517407937051f * z, 1e-10f);
    const float factor = CHAIN(at_curve)(curve, luma);
    r[i] = x * factor;
    g[i] = y * factor;
    b[i] = z * factor;
  }
}

static void CHAIN(row)(const pk_step *steps, size_t step_count, float *r, float *g, float *b, size_t count) {
  for (size_t i = 0; i < count; i++) {
    r[i] = r[i] == r[i] ? r[i] : 0.0f;
    g[i] = g[i] == g[i] ? g[i] : 0.0f;
    b[i] = b[i] == b[i] ? b[i] : 0.0f;
  }
  for (size_t at = 0; at < step_count; at++) {
    const pk_step *step = &steps[at];
    switch (step->kind) {
      case PK_STEP_CURVES: CHAIN(curves)(step, r, g, b, count); break;
      case PK_STEP_MATRIX: CHAIN(matrix)(step, r, g, b, count); break;
      case PK_STEP_GLOW: CHAIN(glow)(r, g, b, count); break;
      case PK_STEP_RED_MODIFIER: CHAIN(red_modifier)(r, g, b, count); break;
      case PK_STEP_SURROUND: CHAIN(surround)(step, r, g, b, count); break;
    }
  }
}
#undef CHAIN
