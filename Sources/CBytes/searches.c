#include "cbytes.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* Thirty-two octets, and a flag for each of them: clang makes one or two instructions of what is done to all of them, on
   x86-64 and on ARM. */
typedef uint8_t octets __attribute__((ext_vector_type(32)));
typedef bool flags __attribute__((ext_vector_type(32)));
enum { WIDTH = 32 };

/* Each search is there twice, and the loader takes the one that the processor has the instructions for. */
#ifdef __x86_64__
#define SEARCH __attribute__((target_clones("avx2", "default")))
#else
#define SEARCH
#endif
/* Part of the search it stands in. */
#define PART static inline __attribute__((always_inline))

/* Flags as a number: that of the first octet is its lowest bit. */
#define BITS(comparison) ({ \
    const flags compared = __builtin_convertvector((comparison), flags); \
    uint32_t number; \
    memcpy(&number, &compared, sizeof number); \
    (uint64_t)number; \
})

#define LOAD(at) ({ \
    octets loaded; \
    memcpy(&loaded, (at), sizeof loaded); \
    loaded; \
})

/* Octets whose flags fill a number. */
enum { BLOCK = 2 * WIDTH };

/* Where one octet and another stand, each with some bits set. */
PART uint64_t pair(const uint8_t *at, uint8_t octet, uint8_t set, const uint8_t *other_at, uint8_t other, uint8_t other_set) {
    const uint64_t low = BITS(((LOAD(at) | set) == octet) & ((LOAD(other_at) | other_set) == other));
    const uint64_t high =
        BITS(((LOAD(at + WIDTH) | set) == octet) & ((LOAD(other_at + WIDTH) | other_set) == other));
    return low | high << WIDTH;
}

SEARCH
const uint8_t *cbytes_find(const uint8_t *haystack, size_t length, const uint8_t *needle, size_t needle_length,
                           size_t rare, size_t second) {
    if (needle_length == 0 || length < needle_length) return NULL;
    const size_t places = length - needle_length + 1;
    const uint8_t first = needle[rare], other = needle[second];
    size_t at = 0;
    for (; at + BLOCK <= places; at += BLOCK) {
        uint64_t hits = pair(haystack + at + rare, first, 0, haystack + at + second, other, 0);
        for (; hits != 0; hits &= hits - 1) {
            const uint8_t *place = haystack + at + __builtin_ctzll(hits);
            if (memcmp(place, needle, needle_length) == 0) return place;
        }
    }
    for (; at < places; at++) {
        if (haystack[at + rare] == first && memcmp(haystack + at, needle, needle_length) == 0) return haystack + at;
    }
    return NULL;
}

static inline uint8_t small(uint8_t octet) { return octet >= 'A' && octet <= 'Z' ? octet | 0x20 : octet; }

PART bool is_word(const uint8_t *place, const uint8_t *word, size_t length) {
    for (size_t at = 0; at < length; at++) {
        if (small(place[at]) != word[at]) return false;
    }
    return true;
}

/* The bit in which letters of both cases differ; others are compared as they are. */
PART uint8_t either_case(uint8_t octet) { return octet >= 'a' && octet <= 'z' ? 0x20 : 0; }

SEARCH
const uint8_t *cbytes_find_word(const uint8_t *haystack, size_t length, const uint8_t *word, size_t word_length,
                                size_t rare, size_t second) {
    if (word_length == 0 || length < word_length) return NULL;
    const size_t places = length - word_length + 1;
    const uint8_t first = word[rare], other = word[second];
    const uint8_t first_case = either_case(first), other_case = either_case(other);
    size_t at = 0;
    for (; at + BLOCK <= places; at += BLOCK) {
        uint64_t hits = pair(haystack + at + rare, first, first_case, haystack + at + second, other, other_case);
        for (; hits != 0; hits &= hits - 1) {
            const uint8_t *place = haystack + at + __builtin_ctzll(hits);
            if (is_word(place, word, word_length)) return place;
        }
    }
    for (; at < places; at++) {
        if (is_word(haystack + at, word, word_length)) return haystack + at;
    }
    return NULL;
}

/* From `+` to `z`, without those from `:` to `@`. */
static inline bool may_be_base64(uint8_t octet) {
    return octet >= 0x2B && octet <= 0x7A && (octet < 0x3A || octet > 0x40);
}

PART uint64_t base64_bits(const uint8_t *at) {
    const octets loaded = LOAD(at);
    return BITS(((loaded - 0x2B) <= (0x7A - 0x2B)) & ((loaded - 0x3A) > (0x40 - 0x3A)));
}

SEARCH
size_t cbytes_base64_run(const uint8_t *bytes, size_t length, size_t start) {
    enum { RUN = CBYTES_BASE64_RUN };
    size_t at = start;
    /* Runs that begin in the last octets of a block are those of the next one. */
    for (; length >= BLOCK && at <= length - BLOCK; at += BLOCK - RUN + 1) {
        uint64_t run = base64_bits(bytes + at) | base64_bits(bytes + at + WIDTH) << WIDTH;
        /* A flag stays where the next 1, 3, 7 and 15 are set as well. */
        run &= run >> 1;
        run &= run >> 2;
        run &= run >> 4;
        run &= run >> 8;
        if (run != 0) return at + (size_t)__builtin_ctzll(run);
    }
    for (size_t count = 0; at < length; at++) {
        count = may_be_base64(bytes[at]) ? count + 1 : 0;
        if (count == RUN) return at + 1 - RUN;
    }
    return length;
}

PART uint64_t bits_of(const uint8_t *block, uint8_t octet) {
    return BITS(LOAD(block) == octet) | BITS(LOAD(block + WIDTH) == octet) << WIDTH;
}

SEARCH
size_t cbytes_long_tag(const uint8_t *bytes, size_t length, size_t start) {
    /* The last octets of a block are looked at in the next one, where it is known what stands behind them. */
    enum { BEHIND = 5 };
    size_t at = start;
    for (; length >= BLOCK && at <= length - BLOCK; at += BLOCK - BEHIND) {
        const uint64_t ends = bits_of(bytes + at, '>'), slashes = bits_of(bytes + at, '/');
        uint64_t begins = bits_of(bytes + at, '<') & (UINT64_MAX >> BEHIND);
        begins &= ~(ends >> 1 | ends >> 2 | ends >> 3 | ends >> 4 | (slashes >> 1 & ends >> 5));
        if (begins != 0) return at + (size_t)__builtin_ctzll(begins);
    }
    for (; at < length; at++) {
        if (bytes[at] == '<') return at;
    }
    return length;
}

SEARCH
size_t cbytes_tag(const uint8_t *bytes, size_t length, size_t start, uint32_t letters) {
    size_t at = start;
    /* Behind a block there is one octet more. */
    for (; length > BLOCK && at < length - BLOCK; at += BLOCK) {
        for (uint64_t begins = bits_of(bytes + at, '<'); begins != 0; begins &= begins - 1) {
            const size_t place = at + (size_t)__builtin_ctzll(begins);
            if (letters >> (bytes[place + 1] & 0x1F) & 1) return place;
        }
    }
    for (; at + 1 < length; at++) {
        if (bytes[at] == '<' && letters >> (bytes[at + 1] & 0x1F) & 1) return at;
    }
    return length;
}

/* HT, LF, FF, CR and ESC stand in texts. */
static inline bool is_foreign(uint8_t octet) {
    return octet < 0x20 && octet != 0x09 && octet != 0x0A && octet != 0x0C && octet != 0x0D && octet != 0x1B;
}

SEARCH
size_t cbytes_foreign_control(const uint8_t *bytes, size_t length) {
    size_t at = 0;
    for (; length >= WIDTH && at <= length - WIDTH; at += WIDTH) {
        uint64_t hits = BITS(LOAD(bytes + at) < 0x20);
        for (; hits != 0; hits &= hits - 1) {
            const size_t place = at + (size_t)__builtin_ctzll(hits);
            if (is_foreign(bytes[place])) return place;
        }
    }
    for (; at < length; at++) {
        if (is_foreign(bytes[at])) return at;
    }
    return length;
}
