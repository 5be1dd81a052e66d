#ifndef MAILREEVE_CHECKSUM_H
#define MAILREEVE_CHECKSUM_H

#include <libdeflate.h>
#include <stddef.h>
#include <stdint.h>

/* CRC-32 by multiplication of two or four lanes at a time (VPCLMULQDQ), as libdeflate has it from 1.20 on: its older versions take
   two and four times as long. Octets are folded into a few that have the same checksum (V. Gopal et al., "Fast CRC Computation for
   Generic Polynomials Using PCLMULQDQ Instruction", Intel 2009); of these and of the rest libdeflate makes it. */

#ifdef __x86_64__
#include <immintrin.h>

/* Powers of x modulo the polynomial that move a lane by as many bits: x^(bits + 32) and x^(bits - 32), the lowest power first and
   one place up. */
#define MAILREEVE_BY_256 0x15A546366, 0x0F1DA05AA
#define MAILREEVE_BY_512 0x1C6E41596, 0x154442BD4
#define MAILREEVE_BY_1024 0x14A7FE880, 0x1E88EF372
#define MAILREEVE_BY_2048 0x1322D1430, 0x11542778A

/* Two lanes. */
#define MAILREEVE_FOLDING static inline __attribute__((target("avx2,pclmul,vpclmulqdq")))

/* Multiplies by x to the power of as many bits as lie between `sum` and `next`, and adds that. */
MAILREEVE_FOLDING __m256i mailreeve_fold_two(__m256i sum, __m256i powers, __m256i next) {
    const __m256i low = _mm256_clmulepi64_epi128(sum, powers, 0x00), high = _mm256_clmulepi64_epi128(sum, powers, 0x11);
    return _mm256_xor_si256(_mm256_xor_si256(low, high), next);
}

/* Octets that one step folds. */
enum { MAILREEVE_TWO_LANES = 4 * sizeof(__m256i) };

/* The checksum of octets that are at least MAILREEVE_TWO_LANES. */
MAILREEVE_FOLDING uint32_t mailreeve_crc32_of_two(uint32_t seed, const uint8_t *bytes, size_t length) {
    const __m256i step = _mm256_broadcastsi128_si256(_mm_set_epi64x(MAILREEVE_BY_1024));
    const __m256i next = _mm256_broadcastsi128_si256(_mm_set_epi64x(MAILREEVE_BY_256));
    __m256i sums[4];
    for (int part = 0; part < 4; part++) sums[part] = _mm256_loadu_si256((const __m256i *)bytes + part);
    sums[0] = _mm256_xor_si256(sums[0], _mm256_zextsi128_si256(_mm_cvtsi32_si128((int)~seed)));
    size_t at = MAILREEVE_TWO_LANES;
    for (; length - at >= MAILREEVE_TWO_LANES; at += MAILREEVE_TWO_LANES) {
        for (int part = 0; part < 4; part++) {
            const __m256i octets = _mm256_loadu_si256((const __m256i *)(bytes + at) + part);
            sums[part] = mailreeve_fold_two(sums[part], step, octets);
        }
    }
    for (int part = 1; part < 4; part++) sums[part] = mailreeve_fold_two(sums[part - 1], next, sums[part]);
    uint8_t folded[sizeof(__m256i)];
    _mm256_storeu_si256((__m256i *)folded, sums[3]);
    return libdeflate_crc32(libdeflate_crc32(UINT32_MAX, folded, sizeof folded), bytes + at, length - at);
}

/* Four lanes. */
#define MAILREEVE_WIDE_FOLDING static inline __attribute__((target("avx512f,pclmul,vpclmulqdq")))

MAILREEVE_WIDE_FOLDING __m512i mailreeve_fold_four(__m512i sum, __m512i powers, __m512i next) {
    const __m512i low = _mm512_clmulepi64_epi128(sum, powers, 0x00), high = _mm512_clmulepi64_epi128(sum, powers, 0x11);
    return _mm512_xor_si512(_mm512_xor_si512(low, high), next);
}

enum { MAILREEVE_FOUR_LANES = 4 * sizeof(__m512i) };

/* The checksum of octets that are at least MAILREEVE_FOUR_LANES. */
MAILREEVE_WIDE_FOLDING uint32_t mailreeve_crc32_of_four(uint32_t seed, const uint8_t *bytes, size_t length) {
    const __m512i step = _mm512_broadcast_i32x4(_mm_set_epi64x(MAILREEVE_BY_2048));
    const __m512i next = _mm512_broadcast_i32x4(_mm_set_epi64x(MAILREEVE_BY_512));
    __m512i sums[4];
    for (int part = 0; part < 4; part++) sums[part] = _mm512_loadu_si512((const __m512i *)bytes + part);
    sums[0] = _mm512_xor_si512(sums[0], _mm512_zextsi128_si512(_mm_cvtsi32_si128((int)~seed)));
    size_t at = MAILREEVE_FOUR_LANES;
    for (; length - at >= MAILREEVE_FOUR_LANES; at += MAILREEVE_FOUR_LANES) {
        for (int part = 0; part < 4; part++) {
            const __m512i octets = _mm512_loadu_si512((const __m512i *)(bytes + at) + part);
            sums[part] = mailreeve_fold_four(sums[part], step, octets);
        }
    }
    for (int part = 1; part < 4; part++) sums[part] = mailreeve_fold_four(sums[part - 1], next, sums[part]);
    uint8_t folded[sizeof(__m512i)];
    _mm512_storeu_si512(folded, sums[3]);
    return libdeflate_crc32(libdeflate_crc32(UINT32_MAX, folded, sizeof folded), bytes + at, length - at);
}
#endif

/* CRC-32 of ISO 3309, behind octets whose checksum is `seed`. */
static inline uint32_t mailreeve_crc32(uint32_t seed, const uint8_t *bytes, size_t length) {
#ifdef __x86_64__
    if (length >= MAILREEVE_TWO_LANES && __builtin_cpu_supports("vpclmulqdq")) {
        if (length >= MAILREEVE_FOUR_LANES && __builtin_cpu_supports("avx512f")) {
            return mailreeve_crc32_of_four(seed, bytes, length);
        }
        if (__builtin_cpu_supports("avx2")) return mailreeve_crc32_of_two(seed, bytes, length);
    }
#endif
    return libdeflate_crc32(seed, bytes, length);
}

#endif
