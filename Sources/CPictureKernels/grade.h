#pragma once

#include "CPictureKernels.h"
#include "rows.h"

/// CDL, shaper and cube with their parameters as the row loops want them.
typedef struct {
  int32_t has_cdl;
  pk_cdl cdl;
  pk_shaper shaper;  // size 0: none
  pk_cube cube;      // size 0: none
} pk_grade;

/// Returns 0, or −1 when memory is short or a size is out of range; `grade` is then empty.
int32_t pk_grade_prepare(pk_grade *grade, const pk_decision *decision, const pk_look *look);
void pk_grade_discard(pk_grade *grade);

static inline int32_t pk_grade_is_empty(const pk_grade *grade) {
  return !grade->has_cdl && grade->shaper.size == 0 && grade->cube.size == 0;
}

void pk_grade_apply(const pk_grade *grade, const pk_rows *rows, float *r, float *g, float *b, size_t count);
