#include <lmdb.h>

/* Asks the processor to fetch what will be read soon. Nothing is read, whatever the place is. */
static inline void clmdb_foresee(const void *place) { __builtin_prefetch(place); }
