#include "COpenColorIO.h"

#include <OpenColorIO/OpenColorIO.h>

#include <cmath>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <new>
#include <sstream>
#include <string>

namespace OCIO = OCIO_NAMESPACE;

struct coc_config {
  OCIO::ConstConfigRcPtr config;
  OCIO::ContextRcPtr context;
};

struct coc_chain {
  OCIO::GroupTransformRcPtr group;
};

struct coc_processor {
  OCIO::ConstProcessorRcPtr processor;
  OCIO::ConstCPUProcessorRcPtr cpu;
  /// The operations after optimisation.
  OCIO::ConstGroupTransformRcPtr operations;
};

namespace {

char *copy(const std::string &text) {
  char *memory = static_cast<char *>(std::malloc(text.size() + 1));
  if (memory != nullptr) std::memcpy(memory, text.c_str(), text.size() + 1);
  return memory;
}

void tell(char **error, const char *text) {
  if (error != nullptr) *error = copy(text);
}

/// Hides from the library what it would read from the environment, and keeps it from writing to standard error.
void start() {
  static std::once_flag once;
  std::call_once(once, [] {
    for (const char *name :
         {"OCIO", "OCIO_OPTIMIZATION_FLAGS", "OCIO_ACTIVE_DISPLAYS", "OCIO_ACTIVE_VIEWS",
          "OCIO_INACTIVE_COLORSPACES", "OCIO_DISABLE_ALL_CACHES", "OCIO_DISABLE_PROCESSOR_CACHES",
          "OCIO_DISABLE_CACHE_FALLBACK"}) {
      unsetenv(name);
    }
    OCIO::SetLoggingFunction([](const char *) {});
  });
}

/// Runs what may throw; gives `failed` and the text of what was thrown.
template <typename Result, typename Body>
Result guarded(char **error, Result failed, Body body) {
  if (error != nullptr) *error = nullptr;
  try {
    start();
    return body();
  } catch (const std::bad_alloc &) {
    tell(error, "out of memory");
  } catch (const std::exception &exception) {
    tell(error, exception.what());
  } catch (...) {
    tell(error, "an unknown exception");
  }
  return failed;
}

template <typename Transform>
int32_t append(coc_chain *chain, Transform transform) {
  transform->validate();
  chain->group->appendTransform(transform);
  return 0;
}

OCIO::TransformDirection direction(int32_t is_inverse) {
  return is_inverse ? OCIO::TRANSFORM_DIR_INVERSE : OCIO::TRANSFORM_DIR_FORWARD;
}

OCIO::CDLStyle cdl_style(int32_t style) { return style == COC_CDL_ASC ? OCIO::CDL_ASC : OCIO::CDL_NO_CLAMP; }

OCIO::Interpolation cube_interpolation(int32_t interpolation) {
  return interpolation == COC_INTERPOLATION_LINEAR ? OCIO::INTERP_LINEAR : OCIO::INTERP_TETRAHEDRAL;
}

/// A context in which only the config itself says what variables are.
OCIO::ContextRcPtr own_context(const OCIO::ConstConfigRcPtr &config) {
  OCIO::ContextRcPtr context = OCIO::Context::Create();
  context->setEnvironmentMode(OCIO::ENV_ENVIRONMENT_LOAD_PREDEFINED);
  for (int i = 0; i < config->getNumSearchPaths(); i++) context->addSearchPath(config->getSearchPath(i));
  context->setWorkingDir(config->getWorkingDir());
  for (int i = 0; i < config->getNumEnvironmentVars(); i++) {
    const char *name = config->getEnvironmentVarNameByIndex(i);
    context->setStringVar(name, config->getEnvironmentVarDefault(name));
  }
  return context;
}

coc_processor *made(const OCIO::ConstProcessorRcPtr &processor) {
  auto optimised = processor->getOptimizedProcessor(OCIO::OPTIMIZATION_LOSSLESS);
  return new coc_processor{
    processor, processor->getOptimizedCPUProcessor(OCIO::OPTIMIZATION_LOSSLESS), optimised->createGroupTransform()};
}

int32_t kind_of(const OCIO::ConstTransformRcPtr &transform) {
  if (auto matrix = OCIO_DYNAMIC_POINTER_CAST<const OCIO::MatrixTransform>(transform)) {
    double m[16];
    matrix->getMatrix(m);
    for (int i = 0; i < 3; i++) {
      // What involves alpha is not for us.
      if (m[4 * i + 3] != 0 || m[12 + i] != 0) return COC_OPERATION_OTHER;
    }
    const bool is_diagonal = m[1] == 0 && m[2] == 0 && m[4] == 0 && m[6] == 0 && m[8] == 0 && m[9] == 0;
    return is_diagonal ? COC_OPERATION_CHANNELS : COC_OPERATION_MATRIX;
  }
  if (auto correction = OCIO_DYNAMIC_POINTER_CAST<const OCIO::CDLTransform>(transform)) {
    if (correction->getSat() == 1.0) return COC_OPERATION_CHANNELS;
    const bool is_forward = correction->getDirection() == OCIO::TRANSFORM_DIR_FORWARD;
    return is_forward ? COC_OPERATION_CORRECTION : COC_OPERATION_OTHER;
  }
  if (auto function = OCIO_DYNAMIC_POINTER_CAST<const OCIO::FixedFunctionTransform>(transform)) {
    if (function->getDirection() != OCIO::TRANSFORM_DIR_FORWARD) return COC_OPERATION_OTHER;
    switch (function->getStyle()) {
      case OCIO::FIXED_FUNCTION_ACES_GLOW_10: return COC_OPERATION_GLOW;
      case OCIO::FIXED_FUNCTION_ACES_RED_MOD_10: return COC_OPERATION_RED_MODIFIER;
      case OCIO::FIXED_FUNCTION_ACES_DARK_TO_DIM_10: return COC_OPERATION_SURROUND;
      default: return COC_OPERATION_OTHER;
    }
  }
  if (auto curve = OCIO_DYNAMIC_POINTER_CAST<const OCIO::Lut1DTransform>(transform)) {
    return curve->getHueAdjust() == OCIO::HUE_NONE ? COC_OPERATION_CHANNELS : COC_OPERATION_OTHER;
  }
  switch (transform->getTransformType()) {
    case OCIO::TRANSFORM_TYPE_RANGE:
    case OCIO::TRANSFORM_TYPE_EXPONENT:
    case OCIO::TRANSFORM_TYPE_EXPONENT_WITH_LINEAR:
    case OCIO::TRANSFORM_TYPE_LOG:
    case OCIO::TRANSFORM_TYPE_LOG_AFFINE:
    case OCIO::TRANSFORM_TYPE_LOG_CAMERA:
    case OCIO::TRANSFORM_TYPE_GRADING_RGB_CURVE: return COC_OPERATION_CHANNELS;
    case OCIO::TRANSFORM_TYPE_LUT3D: return COC_OPERATION_CUBE;
    default: return COC_OPERATION_OTHER;
  }
}

}  // namespace

const char *coc_version(void) { return OCIO::GetVersion(); }

void coc_free_text(char *text) { std::free(text); }

// MARK: - Configs

coc_config *coc_config_read(const char *path, char **error) {
  return guarded<coc_config *>(error, nullptr, [&] {
    // Files are remembered by path; another config may stand there now.
    OCIO::ClearAllCaches();
    OCIO::ConstConfigRcPtr config = OCIO::Config::CreateFromFile(path);
    return new coc_config{config, own_context(config)};
  });
}

coc_config *coc_config_raw(char **error) {
  return guarded<coc_config *>(error, nullptr, [&] {
    OCIO::ClearAllCaches();
    OCIO::ConstConfigRcPtr config = OCIO::Config::CreateRaw();
    return new coc_config{config, own_context(config)};
  });
}

void coc_config_free(coc_config *config) { delete config; }

int32_t coc_config_check(const coc_config *config, char **error) {
  return guarded<int32_t>(error, -1, [&] {
    config->config->validate();
    return 0;
  });
}

int32_t coc_config_set_variable(coc_config *config, const char *name, const char *value, char **error) {
  return guarded<int32_t>(error, -1, [&] {
    config->context->setStringVar(name, value);
    return 0;
  });
}

// MARK: - Chains

coc_chain *coc_chain_create(char **error) {
  return guarded<coc_chain *>(error, nullptr, [&] { return new coc_chain{OCIO::GroupTransform::Create()}; });
}

void coc_chain_free(coc_chain *chain) { delete chain; }

int32_t coc_chain_add_space(coc_chain *chain, const char *from, const char *to, char **error) {
  return guarded<int32_t>(error, -1, [&] {
    auto transform = OCIO::ColorSpaceTransform::Create();
    transform->setSrc(from);
    transform->setDst(to);
    return append(chain, transform);
  });
}

int32_t coc_chain_add_view(
  coc_chain *chain, const char *from, const char *display, const char *view, int32_t is_inverse, char **error) {
  return guarded<int32_t>(error, -1, [&] {
    auto transform = OCIO::DisplayViewTransform::Create();
    transform->setSrc(from);
    transform->setDisplay(display);
    transform->setView(view);
    transform->setDirection(direction(is_inverse));
    return append(chain, transform);
  });
}

int32_t coc_chain_add_looks(
  coc_chain *chain, const char *from, const char *to, const char *looks, char **error) {
  return guarded<int32_t>(error, -1, [&] {
    auto transform = OCIO::LookTransform::Create();
    transform->setSrc(from);
    transform->setDst(to);
    transform->setLooks(looks);
    return append(chain, transform);
  });
}

int32_t coc_chain_add_file(
  coc_chain *chain, const char *path, const char *correction, int32_t style, int32_t interpolation,
  int32_t is_inverse, char **error) {
  return guarded<int32_t>(error, -1, [&] {
    auto transform = OCIO::FileTransform::Create();
    transform->setSrc(path);
    if (correction != nullptr) transform->setCCCId(correction);
    transform->setCDLStyle(cdl_style(style));
    transform->setInterpolation(cube_interpolation(interpolation));
    transform->setDirection(direction(is_inverse));
    return append(chain, transform);
  });
}

int32_t coc_chain_add_cdl(
  coc_chain *chain, const double slope[3], const double offset[3], const double power[3], double saturation,
  int32_t style, char **error) {
  return guarded<int32_t>(error, -1, [&] {
    auto transform = OCIO::CDLTransform::Create();
    transform->setSlope(slope);
    transform->setOffset(offset);
    transform->setPower(power);
    transform->setSat(saturation);
    transform->setStyle(cdl_style(style));
    return append(chain, transform);
  });
}

int32_t coc_chain_add_builtin(coc_chain *chain, const char *style, int32_t is_inverse, char **error) {
  return guarded<int32_t>(error, -1, [&] {
    auto transform = OCIO::BuiltinTransform::Create();
    transform->setStyle(style);
    transform->setDirection(direction(is_inverse));
    return append(chain, transform);
  });
}

int32_t coc_chain_add_matrix(coc_chain *chain, const double matrix[16], const double offset[4], char **error) {
  return guarded<int32_t>(error, -1, [&] {
    auto transform = OCIO::MatrixTransform::Create();
    transform->setMatrix(matrix);
    transform->setOffset(offset);
    return append(chain, transform);
  });
}

int32_t coc_chain_add_camera_log(
  coc_chain *chain, double base, double log_side_slope, double log_side_offset, double lin_side_slope,
  double lin_side_offset, double lin_side_break, double linear_slope, int32_t is_inverse, char **error) {
  return guarded<int32_t>(error, -1, [&] {
    const auto all = [](double value) { return std::array<double, 3>{value, value, value}; };
    const auto breaks = all(lin_side_break);
    auto transform = OCIO::LogCameraTransform::Create(*reinterpret_cast<const double(*)[3]>(breaks.data()));
    const auto set = [&](void (OCIO::LogCameraTransform::*setter)(const double(&)[3]), double value) {
      const auto values = all(value);
      ((*transform).*setter)(*reinterpret_cast<const double(*)[3]>(values.data()));
    };
    transform->setBase(base);
    set(&OCIO::LogCameraTransform::setLogSideSlopeValue, log_side_slope);
    set(&OCIO::LogCameraTransform::setLogSideOffsetValue, log_side_offset);
    set(&OCIO::LogCameraTransform::setLinSideSlopeValue, lin_side_slope);
    set(&OCIO::LogCameraTransform::setLinSideOffsetValue, lin_side_offset);
    if (!std::isnan(linear_slope)) set(&OCIO::LogCameraTransform::setLinearSlopeValue, linear_slope);
    transform->setDirection(direction(is_inverse));
    return append(chain, transform);
  });
}

int32_t coc_chain_add_gamma_line(coc_chain *chain, double gamma, double offset, int32_t is_inverse, char **error) {
  return guarded<int32_t>(error, -1, [&] {
    auto transform = OCIO::ExponentWithLinearTransform::Create();
    transform->setGamma({gamma, gamma, gamma, 1.0});
    transform->setOffset({offset, offset, offset, 0.0});
    transform->setDirection(direction(is_inverse));
    return append(chain, transform);
  });
}

int32_t coc_chain_add_power(coc_chain *chain, double power, int32_t is_inverse, char **error) {
  return guarded<int32_t>(error, -1, [&] {
    auto transform = OCIO::ExponentTransform::Create();
    transform->setValue({power, power, power, 1.0});
    transform->setDirection(direction(is_inverse));
    return append(chain, transform);
  });
}

int32_t coc_chain_add_curve(coc_chain *chain, const float *rows, int32_t size, char **error) {
  return guarded<int32_t>(error, -1, [&] {
    auto transform = OCIO::Lut1DTransform::Create(static_cast<unsigned long>(size), false);
    transform->setInterpolation(OCIO::INTERP_LINEAR);
    for (int32_t i = 0; i < size; i++) {
      const float *row = rows + 3 * static_cast<size_t>(i);
      transform->setValue(static_cast<unsigned long>(i), row[0], row[1], row[2]);
    }
    return append(chain, transform);
  });
}

int32_t coc_chain_add_cube(
  coc_chain *chain, const float *rows, int32_t size, int32_t interpolation, char **error) {
  return guarded<int32_t>(error, -1, [&] {
    const auto edge = static_cast<unsigned long>(size);
    auto transform = OCIO::Lut3DTransform::Create(edge);
    transform->setInterpolation(cube_interpolation(interpolation));
    for (unsigned long blue = 0; blue < edge; blue++) {
      for (unsigned long green = 0; green < edge; green++) {
        for (unsigned long red = 0; red < edge; red++) {
          const float *row = rows + 3 * (red + edge * (green + edge * blue));
          transform->setValue(red, green, blue, row[0], row[1], row[2]);
        }
      }
    }
    return append(chain, transform);
  });
}

// MARK: - Processors

coc_processor *coc_processor_create(const coc_config *config, const coc_chain *chain, char **error) {
  return guarded<coc_processor *>(error, nullptr, [&] {
    auto processor =
      config->config->getProcessor(config->context, chain->group, OCIO::TRANSFORM_DIR_FORWARD);
    return made(processor);
  });
}

void coc_processor_free(coc_processor *processor) { delete processor; }

int32_t coc_processor_is_identity(const coc_processor *processor) {
  return guarded<int32_t>(nullptr, 0, [&] { return processor->cpu->isIdentity() ? 1 : 0; });
}

int32_t coc_processor_mixes_channels(const coc_processor *processor) {
  return guarded<int32_t>(nullptr, 1, [&] { return processor->cpu->hasChannelCrosstalk() ? 1 : 0; });
}

char *coc_processor_operations(const coc_processor *processor) {
  return guarded<char *>(nullptr, nullptr, [&] {
    std::ostringstream text;
    for (int i = 0; i < processor->operations->getNumTransforms(); i++) {
      text << *processor->operations->getTransform(i) << "\n";
    }
    return copy(text.str());
  });
}

int32_t coc_processor_operation_count(const coc_processor *processor) {
  return processor->operations->getNumTransforms();
}

int32_t coc_processor_operation_kind(const coc_processor *processor, int32_t index) {
  return guarded<int32_t>(
    nullptr, COC_OPERATION_OTHER, [&] { return kind_of(processor->operations->getTransform(index)); });
}

int32_t coc_processor_operation_matrix(const coc_processor *processor, int32_t index, double matrix[12]) {
  return guarded<int32_t>(nullptr, -1, [&] {
    auto transform =
      OCIO_DYNAMIC_POINTER_CAST<const OCIO::MatrixTransform>(processor->operations->getTransform(index));
    if (!transform || transform->getDirection() != OCIO::TRANSFORM_DIR_FORWARD) return -1;
    double m[16], offset[4];
    transform->getMatrix(m);
    transform->getOffset(offset);
    for (int i = 0; i < 9; i++) matrix[i] = m[4 * (i / 3) + i % 3];
    for (int i = 0; i < 3; i++) matrix[9 + i] = offset[i];
    return 0;
  });
}

int32_t coc_processor_operation_saturation(
  const coc_processor *processor, int32_t index, double *saturation, int32_t *clamps) {
  return guarded<int32_t>(nullptr, -1, [&] {
    auto transform =
      OCIO_DYNAMIC_POINTER_CAST<const OCIO::CDLTransform>(processor->operations->getTransform(index));
    if (!transform) return -1;
    *saturation = transform->getSat();
    *clamps = transform->getStyle() == OCIO::CDL_ASC;
    return 0;
  });
}

coc_processor *coc_processor_part(const coc_processor *processor, int32_t first, int32_t count, char **error) {
  return guarded<coc_processor *>(error, nullptr, [&] {
    auto group = OCIO::GroupTransform::Create();
    for (int32_t i = first; i < first + count; i++) {
      auto transform = processor->operations->getTransform(i)->createEditableCopy();
      if (auto correction = OCIO_DYNAMIC_POINTER_CAST<OCIO::CDLTransform>(transform)) correction->setSat(1.0);
      group->appendTransform(transform);
    }
    return made(OCIO::Config::CreateRaw()->getProcessor(group));
  });
}

int32_t coc_processor_apply(
  const coc_processor *processor, float *red, float *green, float *blue, int64_t width, int64_t height,
  ptrdiff_t stride, char **error) {
  return guarded<int32_t>(error, -1, [&] {
    OCIO::PlanarImageDesc picture(
      red, green, blue, nullptr, static_cast<long>(width), static_cast<long>(height), OCIO::BIT_DEPTH_F32,
      static_cast<ptrdiff_t>(sizeof(float)), stride);
    processor->cpu->apply(picture);
    return 0;
  });
}

int32_t coc_processor_apply_packed(const coc_processor *processor, float *pixels, int64_t count, char **error) {
  return guarded<int32_t>(error, -1, [&] {
    OCIO::PackedImageDesc picture(pixels, static_cast<long>(count), 1, 3);
    processor->cpu->apply(picture);
    return 0;
  });
}
