#include "cbytes.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* Sixteen octets, and a flag for each of them: clang makes one instruction of what is done to all of them, on x86-64 and
   on ARM. */
typedef uint8_t octets __attribute__((ext_vector_type(16)));
typedef bool flags __attribute__((ext_vector_type(16)));
enum { WIDTH = 16 };

static inline octets load(const uint8_t *at) {
    octets loaded;
    memcpy(&loaded, at, sizeof loaded);
    return loaded;
}

/* A comparison of octets as a number: the flag of the first octet is its lowest bit. */
#define BITS(comparison) bits(__builtin_convertvector((comparison), flags))

static inline uint64_t bits(flags set) {
    uint16_t number;
    memcpy(&number, &set, sizeof number);
    return number;
}

const uint8_t *cbytes_find(const uint8_t *haystack, size_t length, const uint8_t *needle, size_t needle_length,
                           size_t rare, size_t second) {
    if (needle_length == 0 || length < needle_length) return NULL;
    const size_t places = length - needle_length + 1;
    const uint8_t first = needle[rare], other = needle[second];
    size_t at = 0;
    for (; at + WIDTH <= places; at += WIDTH) {
        uint64_t hits = BITS((load(haystack + at + rare) == first) & (load(haystack + at + second) == other));
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

/* From `+` to `z`, without those from `:` to `@`. */
static inline bool may_be_base64(uint8_t octet) {
    return octet >= 0x2B && octet <= 0x7A && (octet < 0x3A || octet > 0x40);
}

static inline uint64_t base64_bits(const uint8_t *at) {
    const octets loaded = load(at);
    return BITS(((loaded - 0x2B) <= (0x7A - 0x2B)) & ((loaded - 0x3A) > (0x40 - 0x3A)));
}

size_t cbytes_base64_run(const uint8_t *bytes, size_t length, size_t start) {
    enum { RUN = CBYTES_BASE64_RUN, BLOCK = 4 * WIDTH };
    size_t at = start;
    /* Runs that begin in the last octets of a block are those of the next one. */
    for (; length >= BLOCK && at <= length - BLOCK; at += BLOCK - RUN + 1) {
        const uint8_t *block = bytes + at;
        uint64_t run = base64_bits(block) | base64_bits(block + WIDTH) << WIDTH
            | base64_bits(block + 2 * WIDTH) << (2 * WIDTH) | base64_bits(block + 3 * WIDTH) << (3 * WIDTH);
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

static inline uint64_t bits_of(const uint8_t *block, uint8_t octet) {
    return BITS(load(block) == octet) | BITS(load(block + WIDTH) == octet) << WIDTH
        | BITS(load(block + 2 * WIDTH) == octet) << (2 * WIDTH) | BITS(load(block + 3 * WIDTH) == octet) << (3 * WIDTH);
}

size_t cbytes_long_tag(const uint8_t *bytes, size_t length, size_t start) {
    /* The last octets of a block are looked at in the next one, where it is known what stands behind them. */
    enum { BLOCK = 4 * WIDTH, BEHIND = 5 };
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

/* HT, LF, FF, CR and ESC stand in texts. */
static inline bool is_foreign(uint8_t octet) {
    return octet < 0x20 && octet != 0x09 && octet != 0x0A && octet != 0x0C && octet != 0x0D && octet != 0x1B;
}

size_t cbytes_foreign_control(const uint8_t *bytes, size_t length) {
    size_t at = 0;
    for (; length >= WIDTH && at <= length - WIDTH; at += WIDTH) {
        const octets loaded = load(bytes + at);
        uint64_t hits = BITS(loaded < 0x20);
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
