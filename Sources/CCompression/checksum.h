#ifndef MAILREEVE_CHECKSUM_H
#define MAILREEVE_CHECKSUM_H

#include <libdeflate.h>
#include <stddef.h>
#include <stdint.h>

/* CRC-32 by multiplication of two lanes at a time (VPCLMULQDQ), as libdeflate has it from 1.20 on: its older versions take twice as
   long. Octets are folded into sixteen that have the same checksum (V. Gopal et al., "Fast CRC Computation for Generic Polynomials
   Using PCLMULQDQ Instruction", Intel 2009); of these and of the rest libdeflate makes it. */

#ifdef __x86_64__
#include <immintrin.h>

/* Octets that one step folds. */
enum { MAILREEVE_FOLDED = 128 };

#define MAILREEVE_FOLDING static inline __attribute__((target("avx2,pclmul,vpclmulqdq")))

/* Multiplies by x to the power of as many bits as lie between `sum` and `next`, and adds that. */
MAILREEVE_FOLDING __m256i mailreeve_fold(__m256i sum, __m256i powers, __m256i next) {
    const __m256i low = _mm256_clmulepi64_epi128(sum, powers, 0x00), high = _mm256_clmulepi64_epi128(sum, powers, 0x11);
    return _mm256_xor_si256(_mm256_xor_si256(low, high), next);
}

MAILREEVE_FOLDING __m256i mailreeve_octets(const uint8_t *at) { return _mm256_loadu_si256((const __m256i *)at); }

/* The checksum of octets that are at least MAILREEVE_FOLDED. */
MAILREEVE_FOLDING uint32_t mailreeve_folded_crc32(uint32_t seed, const uint8_t *bytes, size_t length) {
    /* x^(bits + 32) and x^(bits - 32) modulo the polynomial, lowest power first and one place up, for 1024, 256 and 128 bits. */
    const __m256i by1024 = _mm256_set_epi64x(0x14A7FE880, 0x1E88EF372, 0x14A7FE880, 0x1E88EF372);
    const __m256i by256 = _mm256_set_epi64x(0x15A546366, 0xF1DA05AA, 0x15A546366, 0xF1DA05AA);
    const __m256i by128 = _mm256_set_epi64x(0xCCAA009E, 0x1751997D0, 0xCCAA009E, 0x1751997D0);
    __m256i a = _mm256_xor_si256(mailreeve_octets(bytes), _mm256_set_epi32(0, 0, 0, 0, 0, 0, 0, (int)~seed));
    __m256i b = mailreeve_octets(bytes + 32), c = mailreeve_octets(bytes + 64), d = mailreeve_octets(bytes + 96);
    size_t at = MAILREEVE_FOLDED;
    for (; length - at >= MAILREEVE_FOLDED; at += MAILREEVE_FOLDED) {
        a = mailreeve_fold(a, by1024, mailreeve_octets(bytes + at));
        b = mailreeve_fold(b, by1024, mailreeve_octets(bytes + at + 32));
        c = mailreeve_fold(c, by1024, mailreeve_octets(bytes + at + 64));
        d = mailreeve_fold(d, by1024, mailreeve_octets(bytes + at + 96));
    }
    const __m256i all = mailreeve_fold(mailreeve_fold(mailreeve_fold(a, by256, b), by256, c), by256, d);
    /* The lower lane onto the upper one. */
    const __m256i lanes = mailreeve_fold(all, by128, _mm256_permute4x64_epi64(all, 0x0E));
    uint8_t folded[16];
    _mm_storeu_si128((__m128i *)folded, _mm256_castsi256_si128(lanes));
    return libdeflate_crc32(libdeflate_crc32(UINT32_MAX, folded, sizeof folded), bytes + at, length - at);
}
#endif

/* CRC-32 of ISO 3309, behind octets whose checksum is `seed`. */
static inline uint32_t mailreeve_crc32(uint32_t seed, const uint8_t *bytes, size_t length) {
#ifdef __x86_64__
    if (length >= MAILREEVE_FOLDED && __builtin_cpu_supports("vpclmulqdq") && __builtin_cpu_supports("avx2")) {
        return mailreeve_folded_crc32(seed, bytes, length);
    }
#endif
    return libdeflate_crc32(seed, bytes, length);
}

#endif
