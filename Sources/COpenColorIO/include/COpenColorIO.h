#pragma once

// The thinnest C API over OpenColorIO 2.1 that Interlock needs: configs, chains of transforms, processors.
//
// No exception crosses it: what fails returns NULL or −1 and gives `*error`, a text in OpenColorIO's words that the
// caller frees with `coc_free_text`. Nothing of the process environment decides a result: variables of a config have
// their declared defaults unless the caller sets them.

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct coc_config coc_config;
/// Transforms in the order of their application.
typedef struct coc_chain coc_chain;
/// Immutable; may be applied by several threads.
typedef struct coc_processor coc_processor;

/// The version of the library in use, such as 2.1.2.
const char *coc_version(void);
/// Takes NULL too.
void coc_free_text(char *text);

// MARK: - Configs

/// A config file of version 1 or 2, with what it names beside it.
coc_config *coc_config_read(const char *path, char **error);
/// A config without spaces, for transforms that need none.
coc_config *coc_config_raw(char **error);
void coc_config_free(coc_config *config);
/// Finds what the library can find without reading files: −1 and an error for a config that contradicts itself.
int32_t coc_config_check(const coc_config *config, char **error);
/// Gives a context variable a value, whether the config declares it or not.
int32_t coc_config_set_variable(coc_config *config, const char *name, const char *value, char **error);

// MARK: - Chains

enum {
  COC_CDL_ASC = 0,       // ASC CDL v1.2: clamps to 0…1 before the power and after saturation
  COC_CDL_NO_CLAMP = 1,  // never clamps; below 0 the power is left out
};

enum {
  COC_INTERPOLATION_LINEAR = 0,
  COC_INTERPOLATION_TETRAHEDRAL = 1,  // of cubes; curves stay linear
};

coc_chain *coc_chain_create(char **error);
void coc_chain_free(coc_chain *chain);

int32_t coc_chain_add_space(coc_chain *chain, const char *from, const char *to, char **error);
/// - is_inverse: from the display back to the space.
int32_t coc_chain_add_view(
  coc_chain *chain, const char *from, const char *display, const char *view, int32_t is_inverse, char **error);
/// Looks of the config by name, separated by commas; the result is in `to`.
int32_t coc_chain_add_looks(coc_chain *chain, const char *from, const char *to, const char *looks, char **error);
/// A LUT, a process list or a correction, told by its name and content.
/// - correction: id or index in a collection of CDLs; NULL for the first.
int32_t coc_chain_add_file(
  coc_chain *chain, const char *path, const char *correction, int32_t cdl_style, int32_t interpolation,
  int32_t is_inverse, char **error);
int32_t coc_chain_add_cdl(
  coc_chain *chain, const double slope[3], const double offset[3], const double power[3], double saturation,
  int32_t style, char **error);
/// A transform built into the library, by its style.
int32_t coc_chain_add_builtin(coc_chain *chain, const char *style, int32_t is_inverse, char **error);
/// Rows of a 4x4 matrix, then what is added.
int32_t coc_chain_add_matrix(coc_chain *chain, const double matrix[16], const double offset[4], char **error);
/// A camera's curve from scene-linear to code values: logarithmic above a break, a straight line below.
/// - linear_slope: of the line; NaN for the one that meets the curve.
int32_t coc_chain_add_camera_log(
  coc_chain *chain, double base, double log_side_slope, double log_side_offset, double lin_side_slope,
  double lin_side_offset, double lin_side_break, double linear_slope, int32_t is_inverse, char **error);
/// A power with a straight line near black, as BT.709 and sRGB have it: from code values to linear.
int32_t coc_chain_add_gamma_line(coc_chain *chain, double gamma, double offset, int32_t is_inverse, char **error);
/// A power; the inverse is its reciprocal.
int32_t coc_chain_add_power(coc_chain *chain, double power, int32_t is_inverse, char **error);
/// One curve per channel: `size` rows of red, green, blue over 0…1, linear; inputs outside clamp.
int32_t coc_chain_add_curve(coc_chain *chain, const float *rows, int32_t size, char **error);
/// A cube over 0…1, tetrahedral, red index fastest; inputs outside clamp.
int32_t coc_chain_add_cube(
  coc_chain *chain, const float *rows, int32_t size, int32_t interpolation, char **error);

// MARK: - Processors

/// Reads every file the chain needs. Nothing is approximated: powers and logarithms are libm's.
coc_processor *coc_processor_create(const coc_config *config, const coc_chain *chain, char **error);
void coc_processor_free(coc_processor *processor);
/// Whether it changes nothing.
int32_t coc_processor_is_identity(const coc_processor *processor);
/// Whether a channel of the result depends on another channel.
int32_t coc_processor_mixes_channels(const coc_processor *processor);
/// What it was optimised to, an operation a line; free with `coc_free_text`. NULL when memory is short.
char *coc_processor_operations(const coc_processor *processor);

enum {
  COC_OPERATION_CHANNELS = 0,      // each channel by itself
  COC_OPERATION_MATRIX = 1,        // 3x3 and an offset
  COC_OPERATION_CORRECTION = 2,    // a CDL with a saturation other than 1
  COC_OPERATION_GLOW = 3,          // ACES_Glow10
  COC_OPERATION_RED_MODIFIER = 4,  // ACES_RedMod10
  COC_OPERATION_SURROUND = 5,      // ACES_DarkToDim10
  COC_OPERATION_CUBE = 6,
  COC_OPERATION_OTHER = 7,
};

/// What it was optimised to, in the order of application.
int32_t coc_processor_operation_count(const coc_processor *processor);
int32_t coc_processor_operation_kind(const coc_processor *processor, int32_t index);
/// Of a matrix: three rows of three, then the offset.
int32_t coc_processor_operation_matrix(const coc_processor *processor, int32_t index, double matrix[12]);
/// Of a correction: its saturation, and whether it clamps.
int32_t coc_processor_operation_saturation(
  const coc_processor *processor, int32_t index, double *saturation, int32_t *clamps);
/// Some consecutive operations by themselves; a correction without its saturation.
coc_processor *coc_processor_part(const coc_processor *processor, int32_t first, int32_t count, char **error);

/// Planes of binary32, in place; strides are in bytes and the same for the three.
int32_t coc_processor_apply(
  const coc_processor *processor, float *red, float *green, float *blue, int64_t width, int64_t height,
  ptrdiff_t stride, char **error);
/// Pixels of red, green and blue side by side, in place.
int32_t coc_processor_apply_packed(const coc_processor *processor, float *pixels, int64_t count, char **error);

#ifdef __cplusplus
}
#endif
