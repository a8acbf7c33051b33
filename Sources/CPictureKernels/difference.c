// How far codes lie apart: what verification of encoded pictures asks.

#include "CPictureKernels.h"
#include "dispatch.h"

uint64_t pk_squared_differences(
  int32_t path, const void *a, const void *b, int32_t bit_depth, int32_t shift, int32_t swaps, size_t count) {
  const pk_rows *rows = pk_rows_of(path);
  if (rows == NULL) return UINT64_MAX;
  if (bit_depth == 8) return rows->difference8(a, b, count);
  if (bit_depth <= 12 && !swaps) return rows->difference12(a, b, shift, count);
  return rows->difference16(a, b, shift, swaps, count);
}
