#include <locale.h>
#include <regex.h>

// Macros that Swift does not import.
static inline locale_t cregex_c_locale(void) { return newlocale(LC_ALL_MASK, "C", (locale_t)0); }
static const int cregex_no_match = REG_NOMATCH;
static const int cregex_out_of_memory = REG_ESPACE;
