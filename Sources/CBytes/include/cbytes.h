#ifndef CBYTES_H
#define CBYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Searches that compare thirty-two octets at a time. */

/* The first `needle` in `haystack`, or NULL: by its rarest octet, which memchr(3) finds faster than anything finds a sequence; and
   where that octet turns out to be common, by the two rarest. */
const uint8_t *cbytes_find(const uint8_t *haystack, size_t length, const uint8_t *needle, size_t needle_length);

/* The first `needle`, which is in lower case, in `haystack`, with ASCII letters of either case; or NULL. */
const uint8_t *cbytes_find_word(const uint8_t *haystack, size_t length, const uint8_t *needle, size_t needle_length);

/* Octets of a run that cbytes_base64_run looks for. */
#define CBYTES_BASE64_RUN 16

/* Where the first CBYTES_BASE64_RUN octets in a row begin, at `start` or behind it, of which each may be of base64: letters,
   digits and those of the signs from `+` to `z` that are not from `:` to `@`. `length` when there are none. */
size_t cbytes_base64_run(const uint8_t *bytes, size_t length, size_t start);

/* Where the first `<` stands, at `start` or behind it, that does not begin a tag which ends within four octets, or five when
   the first of them is `/`; `length` when there is none. Tags as short as that have no attributes, and names of no more
   than three octets. */
size_t cbytes_long_tag(const uint8_t *bytes, size_t length, size_t start);

/* The octets that stand behind a `<`, by their last five bits, which are the same for both cases of a letter: a bit for each. */
uint32_t cbytes_tag_letters(const uint8_t *bytes, size_t length);

/* Where the first control character stands that texts do not have; `length` when there is none. */
size_t cbytes_foreign_control(const uint8_t *bytes, size_t length);

/* What few texts have: octets, and five hyphens in a row. */
#define CBYTES_PERCENT 0x04
#define CBYTES_AMPERSAND 0x08
#define CBYTES_PARENTHESIS 0x10
#define CBYTES_BRACKET 0x20
#define CBYTES_BACKSLASH 0x40
#define CBYTES_BAR 0x80
#define CBYTES_LABEL 0x100
#define CBYTES_TEXT_SIGNS 0x1FC
/* A control character that texts do not have: nothing but the label is told then. */
#define CBYTES_FOREIGN_CONTROL 0x200

/* The signs that may stand in a text, in one pass over it. */
uint32_t cbytes_text_signs(const uint8_t *bytes, size_t length);

/* Octets of a sequence by which it is found among others. */
#define CBYTES_SIGN 3

/* Sequences that are looked for together: which low and which high half each of their first octets may have, with a bit for each
   of eight groups of sequences. All are zero at first. */
typedef struct {
    uint8_t low[CBYTES_SIGN][16];
    uint8_t high[CBYTES_SIGN][16];
} cbytes_signs;

/* Adds a sequence to a group, from 0 to 7; with `either_case` its letters, which are in lower case, stand for both. */
void cbytes_add_sign(cbytes_signs *signs, const uint8_t *sequence, size_t length, unsigned group, bool either_case);

/* The first place, at `start` or behind it, where a sequence may begin, and the bits of the groups that it may be of; `length`
   when there is none. */
size_t cbytes_sign(const uint8_t *bytes, size_t length, size_t start, const cbytes_signs *signs, uint8_t *groups);

#endif
