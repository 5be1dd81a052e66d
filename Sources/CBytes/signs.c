#include "cbytes.h"

#ifdef __x86_64__
#include <immintrin.h>
#endif

/* Any of several sequences, as Teddy of Hyperscan finds them: tables of sixteen say for each half of an octet which groups of
   sequences may have it, and AVX2 looks thirty-two halves up at a time. */

void cbytes_add_sign(cbytes_signs *signs, const uint8_t *sequence, size_t length, unsigned group, bool either_case) {
    const uint8_t bit = (uint8_t)(1u << group);
    for (size_t index = 0; index < CBYTES_SIGN; index++) {
        if (index >= length) {
            for (size_t half = 0; half < 16; half++) {
                signs->low[index][half] |= bit;
                signs->high[index][half] |= bit;
            }
            continue;
        }
        const uint8_t octet = sequence[index];
        signs->low[index][octet & 0x0F] |= bit;
        signs->high[index][octet >> 4] |= bit;
        if (either_case && octet >= 'a' && octet <= 'z') signs->high[index][(octet ^ 0x20) >> 4] |= bit;
    }
}

/* The groups of which a sequence may begin at a place. What would stand behind the end may be anything. */
static uint8_t groups_at(const uint8_t *bytes, size_t length, size_t at, const cbytes_signs *signs) {
    uint8_t groups = 0xFF;
    for (size_t index = 0; index < CBYTES_SIGN && index < length - at; index++) {
        const uint8_t octet = bytes[at + index];
        groups &= signs->low[index][octet & 0x0F] & signs->high[index][octet >> 4];
    }
    return groups;
}

#ifdef __x86_64__
__attribute__((target("avx2")))
static inline __m256i table(const uint8_t *halves) {
    return _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)halves));
}

__attribute__((target("avx2")))
static inline __m256i groups_of(const uint8_t *at, __m256i low, __m256i high) {
    const __m256i octets = _mm256_loadu_si256((const __m256i *)at), half = _mm256_set1_epi8(0x0F);
    return _mm256_and_si256(
        _mm256_shuffle_epi8(low, _mm256_and_si256(octets, half)),
        _mm256_shuffle_epi8(high, _mm256_and_si256(_mm256_srli_epi16(octets, 4), half)));
}

/* The first place of a block that has one; the first one that no whole block is left for when none has. */
__attribute__((target("avx2")))
static size_t pass_blocks(const uint8_t *bytes, size_t length, size_t at, const cbytes_signs *signs) {
    enum { WIDTH = 32 };
    const __m256i low0 = table(signs->low[0]), low1 = table(signs->low[1]), low2 = table(signs->low[2]);
    const __m256i high0 = table(signs->high[0]), high1 = table(signs->high[1]), high2 = table(signs->high[2]);
    for (; length >= WIDTH + CBYTES_SIGN - 1 && at <= length - (WIDTH + CBYTES_SIGN - 1); at += WIDTH) {
        const __m256i first = groups_of(bytes + at, low0, high0), second = groups_of(bytes + at + 1, low1, high1);
        const __m256i groups = _mm256_and_si256(_mm256_and_si256(first, second), groups_of(bytes + at + 2, low2, high2));
        const __m256i none = _mm256_cmpeq_epi8(groups, _mm256_setzero_si256());
        const uint32_t hits = ~(uint32_t)_mm256_movemask_epi8(none);
        if (hits != 0) return at + (size_t)__builtin_ctz(hits);
    }
    return at;
}
#endif

size_t cbytes_sign(const uint8_t *bytes, size_t length, size_t start, const cbytes_signs *signs, uint8_t *groups) {
    size_t at = start;
#ifdef __x86_64__
    if (__builtin_cpu_supports("avx2")) at = pass_blocks(bytes, length, at, signs);
#endif
    for (; at < length; at++) {
        *groups = groups_at(bytes, length, at, signs);
        if (*groups != 0) return at;
    }
    return length;
}
