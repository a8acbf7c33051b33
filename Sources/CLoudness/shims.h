// libebur128 as it is: its interface needs no shims.
#pragma once

#include <ebur128.h>
