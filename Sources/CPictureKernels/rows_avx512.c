// The row loops with AVX-512 (F, VL, BW, DQ).
#if defined(__x86_64__)
#include <string.h>

#include "rows.h"

#pragma clang attribute push(__attribute__((target("avx512f,avx512vl,avx512bw,avx512dq"))), apply_to = function)
#define PK_ROWS pk_rows_avx512
#include "rows.inc.h"
#pragma clang attribute pop
#endif
