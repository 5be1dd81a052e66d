#include "checksum.h"

#include <libdeflate.h>
#include <zlib.h>
