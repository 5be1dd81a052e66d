#include <clamav.h>
#include <iconv.h>
