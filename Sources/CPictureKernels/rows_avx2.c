// The row loops with AVX2, without FMA.
#if defined(__x86_64__)
#include <string.h>

#include "rows.h"

#pragma clang attribute push(__attribute__((target("avx2"))), apply_to = function)
#define PK_ROWS pk_rows_avx2
#include "rows.inc.h"
#pragma clang attribute pop
#endif
