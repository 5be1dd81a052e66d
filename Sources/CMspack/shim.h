#include <mspack.h>

// The library writes its warnings through a variadic function, which Swift cannot supply.
static void cmspack_say_nothing(struct mspack_file *file, const char *format, ...)
{
    (void)file;
    (void)format;
}

static inline void cmspack_silence(struct mspack_system *system)
{
    system->message = cmspack_say_nothing;
}
