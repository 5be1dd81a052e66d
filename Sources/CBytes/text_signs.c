#include "cbytes.h"

#include <stdbool.h>
#include <string.h>

#ifdef __x86_64__
#include <immintrin.h>
#endif

/* Control characters that texts do not have, of the two rows of the table that have such: all but HT, LF, FF and CR, and all but
   ESC. */
enum { FIRST_CONTROLS = 0x01, SECOND_CONTROLS = 0x02, CONTROLS = FIRST_CONTROLS | SECOND_CONTROLS };

_Static_assert((CONTROLS & CBYTES_TEXT_SIGNS) == 0, "a bit for each");

/* Signs by the low and by the high half of an octet: it is the sign whose bit both have. */
static const uint8_t low_half[16] = {
    [0x0 ... 0x4] = CONTROLS, [0x5] = CONTROLS | CBYTES_PERCENT, [0x6] = CONTROLS | CBYTES_AMPERSAND, [0x7] = CONTROLS,
    [0x8] = CONTROLS | CBYTES_PARENTHESIS, [0x9 ... 0xA] = SECOND_CONTROLS, [0xB] = FIRST_CONTROLS | CBYTES_BRACKET,
    [0xC] = SECOND_CONTROLS | CBYTES_BACKSLASH | CBYTES_BAR, [0xD] = SECOND_CONTROLS, [0xE ... 0xF] = CONTROLS,
};
static const uint8_t high_half[16] = {
    [0x0] = FIRST_CONTROLS, [0x1] = SECOND_CONTROLS, [0x2] = CBYTES_PERCENT | CBYTES_AMPERSAND | CBYTES_PARENTHESIS,
    [0x5] = CBYTES_BRACKET | CBYTES_BACKSLASH, [0x7] = CBYTES_BAR,
};

#ifdef __x86_64__
#define OR(left, right) _mm256_or_si256((left), (right))
#define AND(left, right) _mm256_and_si256((left), (right))
#define LOAD(at) _mm256_loadu_si256((const __m256i *)(at))

/* What was found in octets so far. */
typedef struct {
    __m256i octets, labels;
} found;

/* Of five hyphens in a row, four stand at a place that two divide. */
__attribute__((target("avx2"), always_inline))
static inline __m256i labels_in(__m256i here, __m256i behind_two) {
    const __m256i hyphens = _mm256_set1_epi8('-');
    return OR(_mm256_cmpeq_epi32(here, hyphens), _mm256_cmpeq_epi32(behind_two, hyphens));
}

/* Looks at thirty-two octets, behind which two more stand. */
__attribute__((target("avx2"), always_inline))
static inline void look(const uint8_t *at, __m256i low, __m256i high, found *found) {
    const __m256i here = LOAD(at), behind_two = LOAD(at + 2);
    /* An octet that is not ASCII has no sign in its low half, by its highest bit. */
    const __m256i lower = _mm256_shuffle_epi8(low, here);
    const __m256i upper = _mm256_shuffle_epi8(high, AND(_mm256_srli_epi16(here, 4), _mm256_set1_epi8(0x0F)));
    found->octets = OR(found->octets, AND(lower, upper));
    found->labels = OR(found->labels, labels_in(here, behind_two));
}

enum { WIDTH = 32, BEHIND = 2, PER_LOOK = 8 * WIDTH };

/* Whether there is a label in octets of which nothing else is to be known, at least thirty-four. */
__attribute__((target("avx2")))
static bool has_label(const uint8_t *bytes, size_t length) {
    for (size_t at = 0; at < length - BEHIND;) {
        __m256i labels = _mm256_setzero_si256();
        for (const size_t end = at + PER_LOOK; at < end && at < length - BEHIND; at += WIDTH) {
            /* The last block may begin in what was passed. */
            if (at > length - (WIDTH + BEHIND)) at = length - (WIDTH + BEHIND);
            labels = OR(labels, labels_in(LOAD(bytes + at), LOAD(bytes + at + BEHIND)));
        }
        if (!_mm256_testz_si256(labels, labels)) return true;
    }
    return false;
}

/* The signs of all but the last two octets, of at least thirty-four. */
__attribute__((target("avx2")))
static uint32_t signs_of_blocks(const uint8_t *bytes, size_t length) {
    const __m256i low = _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)low_half));
    const __m256i high = _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)high_half));
    const __m256i controls = _mm256_set1_epi8(CONTROLS);
    found found = {_mm256_setzero_si256(), _mm256_setzero_si256()};
    size_t at = 0;
    for (; length >= PER_LOOK + BEHIND && at <= length - (PER_LOOK + BEHIND); at += PER_LOOK) {
        for (size_t block = 0; block < PER_LOOK; block += WIDTH) look(bytes + at + block, low, high, &found);
        if (!_mm256_testz_si256(found.octets, controls)) return CONTROLS | (has_label(bytes, length) ? CBYTES_LABEL : 0);
    }
    /* The last block may begin in what was passed. */
    for (; at < length - BEHIND; at += WIDTH) {
        if (at > length - (WIDTH + BEHIND)) at = length - (WIDTH + BEHIND);
        look(bytes + at, low, high, &found);
    }
    uint8_t all[WIDTH];
    _mm256_storeu_si256((__m256i *)all, found.octets);
    uint32_t signs = 0;
    for (size_t index = 0; index < WIDTH; index++) signs |= all[index];
    if (!_mm256_testz_si256(found.labels, found.labels)) signs |= CBYTES_LABEL;
    return signs;
}
#endif

uint32_t cbytes_text_signs(const uint8_t *bytes, size_t length) {
    uint32_t signs = 0;
    size_t at = 0;
#ifdef __x86_64__
    if (length >= WIDTH + BEHIND && __builtin_cpu_supports("avx2")) {
        signs = signs_of_blocks(bytes, length);
        at = length - BEHIND;
    }
#endif
    for (; at < length; at++) {
        const uint8_t octet = bytes[at];
        signs |= low_half[octet & 0x0F] & high_half[octet >> 4];
        if (octet == '-' && length - at >= 4 && memcmp(bytes + at, "----", 4) == 0) signs |= CBYTES_LABEL;
    }
    return (signs & CONTROLS) != 0 ? CBYTES_FOREIGN_CONTROL | (signs & CBYTES_LABEL) : signs;
}
