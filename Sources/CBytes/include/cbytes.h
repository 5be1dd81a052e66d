#ifndef CBYTES_H
#define CBYTES_H

#include <stddef.h>

/* memmem(3) is a GNU extension that Swift's Glibc module hides. */
const void *cbytes_memmem(const void *haystack, size_t haystack_length,
                          const void *needle, size_t needle_length);

#endif
