// The thinnest possible shims over FFmpeg 5.1: only what Swift cannot import, macros and variadics.
#pragma once

#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/avutil.h>
#include <libavutil/channel_layout.h>
#include <libavutil/cpu.h>
#include <libavutil/dict.h>
#include <libavutil/display.h>
#include <libavutil/error.h>
#include <libavutil/imgutils.h>
#include <libavutil/log.h>
#include <libavutil/mastering_display_metadata.h>
#include <libavutil/mem.h>
#include <libavutil/opt.h>
#include <libavutil/pixdesc.h>
#include <libavutil/samplefmt.h>
#include <libswresample/swresample.h>
#include <libswscale/swscale.h>

static inline int ffs_error_from_errno(int code) { return AVERROR(code); }
static inline int ffs_errno_from_error(int status) { return AVUNERROR(status); }
static inline int ffs_error_again(void) { return AVERROR(EAGAIN); }
static inline int ffs_error_end_of_file(void) { return AVERROR_EOF; }
static inline int ffs_error_invalid_data(void) { return AVERROR_INVALIDDATA; }
static inline int ffs_error_patch_welcome(void) { return AVERROR_PATCHWELCOME; }
static inline int ffs_error_decoder_not_found(void) { return AVERROR_DECODER_NOT_FOUND; }
static inline int ffs_error_encoder_not_found(void) { return AVERROR_ENCODER_NOT_FOUND; }
static inline int ffs_error_demuxer_not_found(void) { return AVERROR_DEMUXER_NOT_FOUND; }
static inline int ffs_error_option_not_found(void) { return AVERROR_OPTION_NOT_FOUND; }

// Degrees clockwise by which a player turns the picture, 0 without a display matrix; NaN is read as 0.
static inline int ffs_rotation(const AVStream *stream) {
  size_t size = 0;
  const uint8_t *matrix = av_stream_get_side_data(stream, AV_PKT_DATA_DISPLAYMATRIX, &size);
  if (matrix == NULL || size < 9 * sizeof(int32_t)) return 0;
  double degrees = -av_display_rotation_get((const int32_t *)matrix);
  if (!(degrees > -720 && degrees < 720)) return 0;
  int whole = (int)(degrees < 0 ? degrees - 0.5 : degrees + 0.5);
  return ((whole % 360) + 360) % 360;
}

// Static HDR metadata of a stream that is about to be written: x and y of red, green, blue and white in 1/50,000, the
// display's peak in cd/m², its black in 1/10,000 cd/m², MaxCLL and MaxFALL in cd/m².
static inline int ffs_set_mastering_display(AVStream *stream, const int values[12]) {
  size_t size = 0;
  AVContentLightMetadata *light = av_content_light_metadata_alloc(&size);
  if (light == NULL) return AVERROR(ENOMEM);
  light->MaxCLL = (unsigned)values[10];
  light->MaxFALL = (unsigned)values[11];
  int status = av_stream_add_side_data(stream, AV_PKT_DATA_CONTENT_LIGHT_LEVEL, (uint8_t *)light, size);
  if (status < 0) {
    av_free(light);
    return status;
  }
  AVMasteringDisplayMetadata *display = av_mastering_display_metadata_alloc();
  if (display == NULL) return AVERROR(ENOMEM);
  for (int i = 0; i < 6; i++) display->display_primaries[i / 2][i % 2] = av_make_q(values[i], 50000);
  for (int i = 0; i < 2; i++) display->white_point[i] = av_make_q(values[6 + i], 50000);
  display->max_luminance = av_make_q(values[8] * 10000, 10000);
  display->min_luminance = av_make_q(values[9], 10000);
  display->has_primaries = display->has_luminance = 1;
  status = av_stream_add_side_data(
    stream, AV_PKT_DATA_MASTERING_DISPLAY_METADATA, (uint8_t *)display, sizeof *display);
  if (status < 0) av_free(display);
  return status;
}

static inline int ffs_scaled(AVRational value, int64_t unit) {
  return value.den == 0 ? -1 : (int)((value.num * unit + value.den / 2) / value.den);
}

// The same of a stream that was read; 0 where it has none.
static inline int ffs_mastering_display(const AVStream *stream, int values[12]) {
  size_t size = 0;
  const AVMasteringDisplayMetadata *display = (const AVMasteringDisplayMetadata *)(const void *)
    av_stream_get_side_data(stream, AV_PKT_DATA_MASTERING_DISPLAY_METADATA, &size);
  if (display == NULL) return 0;
  for (int i = 0; i < 6; i++) values[i] = ffs_scaled(display->display_primaries[i / 2][i % 2], 50000);
  for (int i = 0; i < 2; i++) values[6 + i] = ffs_scaled(display->white_point[i], 50000);
  values[8] = ffs_scaled(display->max_luminance, 1);
  values[9] = ffs_scaled(display->min_luminance, 10000);
  const AVContentLightMetadata *light = (const AVContentLightMetadata *)(const void *)
    av_stream_get_side_data(stream, AV_PKT_DATA_CONTENT_LIGHT_LEVEL, &size);
  values[10] = light == NULL ? 0 : (int)light->MaxCLL;
  values[11] = light == NULL ? 0 : (int)light->MaxFALL;
  return 1;
}

static inline uint32_t ffs_tag_hvc1(void) { return MKTAG('h', 'v', 'c', '1'); }
static inline int64_t ffs_no_timestamp(void) { return AV_NOPTS_VALUE; }
static inline int ffs_quantiser_to_lambda(void) { return FF_QP2LAMBDA; }
static inline int ffs_unknown_profile(void) { return FF_PROFILE_UNKNOWN; }

static inline int ffs_codec_is_pcm(enum AVCodecID codec) {
  return codec >= AV_CODEC_ID_FIRST_AUDIO && codec < AV_CODEC_ID_ADPCM_IMA_QT;
}

// AVIndexEntry packs size and flags into bit-fields.
static inline int ffs_index_entry_size(const AVIndexEntry *entry) { return entry->size; }
static inline int ffs_index_entry_flags(const AVIndexEntry *entry) { return entry->flags; }

// Adds a chapter, made with av_mallocz, to a file that is about to be written; the context frees it.
static inline void ffs_add_chapter(AVFormatContext *context, AVChapter *chapter) {
  int count = (int)context->nb_chapters;
  av_dynarray_add(&context->chapters, &count, chapter);
  context->nb_chapters = (unsigned)count;
}

typedef void (*ffs_log_sink)(int level, const char *line);

static inline ffs_log_sink *ffs_log_sink_slot(void) {
  static ffs_log_sink sink;
  return &sink;
}

// Formats errors only; FFmpeg calls this from any of its threads.
static inline void ffs_log_line(void *object, int level, const char *format, va_list arguments) {
  char line[1024];
  int prefix = 0;
  ffs_log_sink sink = *ffs_log_sink_slot();
  if (level > AV_LOG_ERROR || !sink) return;
  if (av_log_format_line2(object, level, format, arguments, line, sizeof line, &prefix) >= 0) sink(level, line);
}

static inline void ffs_log_install(ffs_log_sink sink) {
  *ffs_log_sink_slot() = sink;
  av_log_set_callback(ffs_log_line);
}
