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

/* The groups of which the first two octets stand there. */
#define PAIR_AT(at) _mm256_and_si256(groups_of((at), low0, high0), groups_of((at) + 1, low1, high1))

#define PLACES(groups) (~(uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8((groups), _mm256_setzero_si256())))

/* The first place of a block that has one; the first one that no whole block is left for when none has. */
__attribute__((target("avx2")))
static size_t pass_blocks(const uint8_t *bytes, size_t length, size_t start, const cbytes_signs *signs) {
    size_t at = start;
    enum { WIDTH = 32, BEHIND = CBYTES_SIGN - 1 };
    const __m256i low0 = table(signs->low[0]), low1 = table(signs->low[1]), low2 = table(signs->low[2]);
    const __m256i high0 = table(signs->high[0]), high1 = table(signs->high[1]), high2 = table(signs->high[2]);
    for (; length >= 2 * WIDTH + BEHIND && at <= length - (2 * WIDTH + BEHIND); at += 2 * WIDTH) {
        const __m256i first = PAIR_AT(bytes + at), second = PAIR_AT(bytes + at + WIDTH);
        if (_mm256_testz_si256(_mm256_or_si256(first, second), _mm256_set1_epi8(-1))) continue;
        const uint32_t near = PLACES(_mm256_and_si256(first, groups_of(bytes + at + 2, low2, high2)));
        if (near != 0) return at + (size_t)__builtin_ctz(near);
        const uint32_t far = PLACES(_mm256_and_si256(second, groups_of(bytes + at + WIDTH + 2, low2, high2)));
        if (far != 0) return at + WIDTH + (size_t)__builtin_ctz(far);
    }
    /* The last block may begin in what was passed. */
    while (length >= WIDTH + BEHIND && start <= length - (WIDTH + BEHIND) && at < length - BEHIND) {
        if (at > length - (WIDTH + BEHIND)) at = length - (WIDTH + BEHIND);
        const uint32_t hits = PLACES(_mm256_and_si256(PAIR_AT(bytes + at), groups_of(bytes + at + 2, low2, high2)));
        if (hits != 0) return at + (size_t)__builtin_ctz(hits);
        at += WIDTH;
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
