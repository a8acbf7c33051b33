// The row loops with the instructions every CPU of the architecture has (SSE2 on x86-64).
#define PK_ROWS pk_rows_baseline
#include "rows.inc.h"
