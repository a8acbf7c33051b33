// Parameters of a grade: computed once in double, then rounded to the floats that the loops use.

#include "grade.h"

#include <stdlib.h>
#include <string.h>

static void prepare_cdl(pk_cdl *cdl, const pk_decision *decision) {
  for (int i = 0; i < 3; i++) {
    cdl->slope[i] = (float)decision->slope[i];
    cdl->offset[i] = (float)decision->offset[i];
    cdl->power[i] = (float)decision->power[i];
    cdl->has_power[i] = decision->power[i] != 1.0;
  }
  cdl->saturation = (float)decision->saturation;
  cdl->has_saturation = decision->saturation != 1.0;
}

static void prepare_domain(
  float *minimum, float *scale, const double *domain_minimum, const double *domain_maximum, int32_t size) {
  for (int i = 0; i < 3; i++) {
    minimum[i] = (float)domain_minimum[i];
    scale[i] = (float)((double)(size - 1) / (domain_maximum[i] - domain_minimum[i]));
  }
}

static int32_t prepare_shaper(pk_shaper *shaper, const pk_look *look) {
  const size_t size = (size_t)look->shaper_size;
  float *tables = malloc(3 * (size + 1) * sizeof(float));
  if (tables == NULL) return -1;
  for (size_t channel = 0; channel < 3; channel++) {
    float *table = tables + channel * (size + 1);
    for (size_t i = 0; i < size; i++) table[i] = look->shaper[3 * i + channel];
    table[size] = table[size - 1];
    shaper->tables[channel] = table;
  }
  prepare_domain(shaper->minimum, shaper->scale, look->shaper_minimum, look->shaper_maximum, look->shaper_size);
  shaper->size = look->shaper_size;
  return 0;
}

static int32_t prepare_cube(pk_cube *cube, const pk_look *look) {
  const size_t size = (size_t)look->cube_size;
  const size_t count = size * size * size;
  void *memory = NULL;
  if (posix_memalign(&memory, 64, count * sizeof(pk_f4)) != 0) return -1;
  cube->nodes = memory;
  for (size_t i = 0; i < count; i++) {
    const float *row = look->cube + 3 * i;
    cube->nodes[i] = (pk_f4){row[0], row[1], row[2], 0.0f};
  }
  prepare_domain(cube->minimum, cube->scale, look->cube_minimum, look->cube_maximum, look->cube_size);
  cube->size = look->cube_size;
  return 0;
}

int32_t pk_grade_prepare(pk_grade *grade, const pk_decision *decision, const pk_look *look) {
  memset(grade, 0, sizeof *grade);
  if (decision != NULL) {
    grade->has_cdl = 1;
    prepare_cdl(&grade->cdl, decision);
  }
  if (look == NULL) return 0;
  const int32_t shaper_size = look->shaper_size, cube_size = look->cube_size;
  if (shaper_size != 0 && (shaper_size < 2 || shaper_size > 65536)) return -1;
  if (cube_size != 0 && (cube_size < 2 || cube_size > 256)) return -1;
  if (shaper_size != 0 && prepare_shaper(&grade->shaper, look) != 0) return -1;
  if (cube_size != 0 && prepare_cube(&grade->cube, look) != 0) {
    pk_grade_discard(grade);
    return -1;
  }
  return 0;
}

void pk_grade_discard(pk_grade *grade) {
  free(grade->shaper.tables[0]);
  free(grade->cube.nodes);
  memset(grade, 0, sizeof *grade);
}

void pk_grade_apply(const pk_grade *grade, const pk_rows *rows, float *r, float *g, float *b, size_t count) {
  if (grade->has_cdl) rows->grade(&grade->cdl, r, g, b, count);
  if (grade->shaper.size != 0) rows->shape(&grade->shaper, r, g, b, count);
  if (grade->cube.size != 0) rows->look_up(&grade->cube, r, g, b, count);
}
