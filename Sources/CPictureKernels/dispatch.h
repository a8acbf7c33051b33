#pragma once

#include "rows.h"

/// The row operations of a path; NULL when this build or CPU lacks it.
const pk_rows *pk_rows_of(int32_t path);
