// The thinnest possible shims over Cairo, Pango and Fontconfig: only what Swift cannot import.
#pragma once

#include <cairo.h>
#include <fontconfig/fontconfig.h>
#include <pango/pangocairo.h>
#include <pango/pangofc-fontmap.h>

// The casting macros of GObject.
static inline void drw_use_configuration(PangoFontMap *map, FcConfig *configuration) {
  pango_fc_font_map_set_config(PANGO_FC_FONT_MAP(map), configuration);
}

static inline const char *drw_family_name(const PangoFontDescription *description) {
  return pango_font_description_get_family(description);
}

// The file behind a font, or NULL.
static inline const char *drw_font_file(PangoFont *font) {
  if (!PANGO_IS_FC_FONT(font)) return NULL;
  FcPattern *pattern = pango_fc_font_get_pattern(PANGO_FC_FONT(font));
  FcChar8 *file = NULL;
  if (pattern == NULL || FcPatternGetString(pattern, FC_FILE, 0, &file) != FcResultMatch) return NULL;
  return (const char *)file;
}
