#ifndef CBYTES_H
#define CBYTES_H

#include <stddef.h>
#include <stdint.h>

/* Searches that compare thirty-two octets at a time. */

/* The first `needle` in `haystack`, or NULL. `rare` and `second` are places in it of two octets that the haystack has few
   of; only where both stand is the whole compared. They may be the same. */
const uint8_t *cbytes_find(const uint8_t *haystack, size_t length, const uint8_t *needle, size_t needle_length,
                           size_t rare, size_t second);

/* The first `word`, which is in lower case, in `haystack`, with ASCII letters of either case; or NULL. */
const uint8_t *cbytes_find_word(const uint8_t *haystack, size_t length, const uint8_t *word, size_t word_length,
                                size_t rare, size_t second);

/* Octets of a run that cbytes_base64_run looks for. */
#define CBYTES_BASE64_RUN 16

/* Where the first CBYTES_BASE64_RUN octets in a row begin, at `start` or behind it, of which each may be of base64: letters,
   digits and those of the signs from `+` to `z` that are not from `:` to `@`. `length` when there are none. */
size_t cbytes_base64_run(const uint8_t *bytes, size_t length, size_t start);

/* Where the first `<` stands, at `start` or behind it, that does not begin a tag which ends within four octets, or five when
   the first of them is `/`; `length` when there is none. Tags as short as that have no attributes, and names of no more
   than three octets. */
size_t cbytes_long_tag(const uint8_t *bytes, size_t length, size_t start);

/* Where the first `<` stands, at `start` or behind it, behind which there is an octet whose last five bits are the number of
   a bit in `letters`: that many letters, in both cases, and few signs. `length` when there is none. */
size_t cbytes_tag(const uint8_t *bytes, size_t length, size_t start, uint32_t letters);

/* Where the first control character stands that texts do not have; `length` when there is none. */
size_t cbytes_foreign_control(const uint8_t *bytes, size_t length);

#endif
