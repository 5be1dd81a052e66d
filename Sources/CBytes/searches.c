#include "cbytes.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* Thirty-two octets, and a flag for each of them: clang makes one or two instructions of what is done to all of them, on
   x86-64 and on ARM. */
typedef uint8_t octets __attribute__((ext_vector_type(32)));
typedef bool flags __attribute__((ext_vector_type(32)));
/* What comparing two of them makes: all bits of an octet, or none. */
typedef __typeof__((octets){0} == (octets){0}) matches;
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

/* How common an octet is, roughly: control characters and UTF-8 least, then signs, letters that words have least of, capital
   letters, digits, the signs of markup and letters that words have less of, other letters, blanks and NUL. */
static const uint8_t commonness[256] = {
    [0x00] = 6, ['\n'] = 5, ['\r'] = 5, [' '] = 6,
    ['!'] = 1, ['"'] = 4, ['#' ... '+'] = 1, [',' ... '/'] = 4, ['0' ... '9'] = 4, [':'] = 4, [';'] = 1, ['<' ... '>'] = 4,
    ['?' ... '@'] = 1, ['A' ... 'Z'] = 3, ['[' ... '`'] = 1,
    ['a'] = 5, ['b'] = 4, ['c' ... 'e'] = 5, ['f' ... 'g'] = 4, ['h' ... 'i'] = 5, ['j'] = 2, ['k'] = 4, ['l' ... 'o'] = 5,
    ['p'] = 4, ['q'] = 2, ['r' ... 'u'] = 5, ['v' ... 'w'] = 4, ['x'] = 2, ['y'] = 4, ['z'] = 2, ['{' ... '~'] = 1,
};

/* The place of the octet that mail, documents and programs have least of, other than the one at `taken`; that one where there
   is no other. */
static size_t rarest(const uint8_t *sequence, size_t length, size_t taken) {
    size_t best = taken == 0 && length > 1 ? 1 : 0;
    uint8_t least = UINT8_MAX;
    for (size_t at = best; at < length && least > 0; at++) {
        const uint8_t here = commonness[sequence[at]];
        if (at != taken && here < least) {
            least = here;
            best = at;
        }
    }
    return best;
}

/* Where one octet and another stand, each with some bits set. */
#define PAIR(at, octet, set, other_at, other, other_set) \
    (((LOAD(at) | (set)) == (octet)) & ((LOAD(other_at) | (other_set)) == (other)))

/* Looks for two octets of the sequence, each with some bits set, and only where both stand for the whole. */
#define FIND_BY_TWO(fits, first, first_set, second, second_set) \
    for (; at + 2 * BLOCK <= places; at += 2 * BLOCK) { \
        const uint8_t *here = haystack + at + rare, *there = haystack + at + other; \
        const matches a = PAIR(here, first, first_set, there, second, second_set); \
        const matches b = PAIR(here + WIDTH, first, first_set, there + WIDTH, second, second_set); \
        const matches c = PAIR(here + BLOCK, first, first_set, there + BLOCK, second, second_set); \
        const matches d = \
            PAIR(here + BLOCK + WIDTH, first, first_set, there + BLOCK + WIDTH, second, second_set); \
        if (BITS(a | b | c | d) == 0) continue; \
        for (size_t part = 0; part < 2 * BLOCK; part += BLOCK) { \
            uint64_t hits = part == 0 ? BITS(a) | BITS(b) << WIDTH : BITS(c) | BITS(d) << WIDTH; \
            for (; hits != 0; hits &= hits - 1) { \
                const uint8_t *place = haystack + at + part + __builtin_ctzll(hits); \
                if (fits(place, needle, needle_length)) return place; \
            } \
        } \
    }

PART bool is_sequence(const uint8_t *place, const uint8_t *needle, size_t length) {
    /* Most places that are none end otherwise. */
    return place[length - 1] == needle[length - 1] && memcmp(place, needle, length) == 0;
}

SEARCH
static const uint8_t *find_by_two(const uint8_t *haystack, size_t length, const uint8_t *needle, size_t needle_length,
                                  size_t rare) {
    const size_t places = length - needle_length + 1, other = rarest(needle, needle_length, rare);
    const uint8_t first = needle[rare], second = needle[other];
    size_t at = 0;
    FIND_BY_TWO(is_sequence, first, 0, second, 0)
    for (; at < places; at++) {
        if (haystack[at + rare] == first && is_sequence(haystack + at, needle, needle_length)) return haystack + at;
    }
    return NULL;
}

/* Misses that say nothing of how common an octet is, and octets for each miss below which looking for two is faster. */
enum { FEW_MISSES = 8, OCTETS_PER_MISS = 512 };

const uint8_t *cbytes_find(const uint8_t *haystack, size_t length, const uint8_t *needle, size_t needle_length) {
    if (needle_length == 0 || length < needle_length) return NULL;
    const size_t rare = rarest(needle, needle_length, needle_length);
    /* The octet at the other end spares most comparisons. */
    const size_t far = rare == 0 ? needle_length - 1 : 0;
    const uint8_t *const end = haystack + length - needle_length + 1;
    size_t misses = 0;
    for (const uint8_t *at = haystack; at < end; at++) {
        const uint8_t *hit = memchr(at + rare, needle[rare], (size_t)(end - at));
        if (hit == NULL) return NULL;
        at = hit - rare;
        if (at[far] == needle[far] && is_sequence(at, needle, needle_length)) return at;
        misses++;
        if (misses > FEW_MISSES && misses > (size_t)(at - haystack) / OCTETS_PER_MISS) {
            return find_by_two(at + 1, (size_t)(haystack + length - at - 1), needle, needle_length, rare);
        }
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
const uint8_t *cbytes_find_word(const uint8_t *haystack, size_t length, const uint8_t *needle, size_t needle_length) {
    if (needle_length == 0 || length < needle_length) return NULL;
    const size_t places = length - needle_length + 1;
    const size_t rare = rarest(needle, needle_length, needle_length), other = rarest(needle, needle_length, rare);
    const uint8_t first = needle[rare], second = needle[other];
    const uint8_t first_case = either_case(first), second_case = either_case(second);
    size_t at = 0;
    FIND_BY_TWO(is_word, first, first_case, second, second_case)
    for (; at < places; at++) {
        if (is_word(haystack + at, needle, needle_length)) return haystack + at;
    }
    return NULL;
}

/* From `+` to `z`, without those from `:` to `@`. */
static inline bool may_be_base64(uint8_t octet) {
    return octet >= 0x2B && octet <= 0x7A && (octet < 0x3A || octet > 0x40);
}

#define BASE64(at) (((LOAD(at) - 0x2B) <= (0x7A - 0x2B)) & ((LOAD(at) - 0x3A) > (0x40 - 0x3A)))

/* Octets at a time of which a run has three whole ones, wherever it begins. */
typedef int32_t fours __attribute__((ext_vector_type(8)));
typedef bool flags_of_fours __attribute__((ext_vector_type(8)));

#define WHOLE_FOURS(comparison) ({ \
    fours compared; \
    memcpy(&compared, &(comparison), sizeof compared); \
    const flags_of_fours all = __builtin_convertvector(compared == -1, flags_of_fours); \
    uint8_t number; \
    memcpy(&number, &all, sizeof number); \
    (uint64_t)number; \
})

SEARCH
size_t cbytes_base64_run(const uint8_t *bytes, size_t length, size_t start) {
    enum { RUN = CBYTES_BASE64_RUN };
    size_t at = start;
    /* Octets in front of the block that a run may begin with; none where no run is near. */
    size_t before = 0;
    /* Of the block, behind the last two of the one in front. */
    uint64_t whole = 0;
    for (; length >= BLOCK && at <= length - BLOCK; at += BLOCK) {
        const matches low = BASE64(bytes + at), high = BASE64(bytes + at + WIDTH);
        whole = whole >> 16 | WHOLE_FOURS(low) << 2 | WHOLE_FOURS(high) << 10;
        if (before == 0) {
            if ((whole & whole >> 1 & whole >> 2) == 0) continue;
            while (before < RUN && at - before > start && may_be_base64(bytes[at - before - 1])) before++;
        }
        const uint64_t bits = BITS(low) | BITS(high) << WIDTH;
        if (bits == UINT64_MAX || before + (size_t)__builtin_ctzll(~bits) >= RUN) return at - before;
        /* A flag stays where the next 1, 3, 7 and 15 are set as well. */
        uint64_t run = bits & bits >> 1;
        run &= run >> 2;
        run &= run >> 4;
        run &= run >> 8;
        if (run != 0) return at + (size_t)__builtin_ctzll(run);
        before = (size_t)__builtin_clzll(~bits);
    }
    while (before < RUN && at - before > start && may_be_base64(bytes[at - before - 1])) before++;
    for (size_t count = before; at < length; at++) {
        count = may_be_base64(bytes[at]) ? count + 1 : 0;
        if (count == RUN) return at + 1 - RUN;
    }
    return length;
}

/* A tag whose `<` stands in front of at least five octets ends within four of them, or five when the first is `/`. */
PART bool is_short_tag(const uint8_t *tag) {
    return tag[4] == '>' || tag[3] == '>' || tag[2] == '>' || tag[1] == '>' || (tag[1] == '/' && tag[5] == '>');
}

/* Where a tag begins that has neither three octets, nor four behind `/`, as most short ones have in documents: a letter, a colon,
   a letter. */
#define NO_USUAL_TAG(at) \
    ((LOAD(at) == '<') & ~((LOAD((at) + 4) == '>') | ((LOAD((at) + 1) == '/') & (LOAD((at) + 5) == '>'))))

SEARCH
size_t cbytes_long_tag(const uint8_t *bytes, size_t length, size_t start) {
    enum { BEHIND = 5 };
    size_t at = start;
    for (; length >= BLOCK + BEHIND && at <= length - (BLOCK + BEHIND); at += BLOCK) {
        const matches low = NO_USUAL_TAG(bytes + at), high = NO_USUAL_TAG(bytes + at + WIDTH);
        if (BITS(low | high) == 0) continue;
        for (uint64_t hits = BITS(low) | BITS(high) << WIDTH; hits != 0; hits &= hits - 1) {
            const size_t place = at + (size_t)__builtin_ctzll(hits);
            if (!is_short_tag(bytes + place)) return place;
        }
    }
    for (; at < length; at++) {
        if (bytes[at] == '<' && (length - at <= BEHIND || !is_short_tag(bytes + at))) return at;
    }
    return length;
}

PART uint64_t bits_of(const uint8_t *block, uint8_t octet) {
    return BITS(LOAD(block) == octet) | BITS(LOAD(block + WIDTH) == octet) << WIDTH;
}

SEARCH
uint32_t cbytes_tag_letters(const uint8_t *bytes, size_t length) {
    uint32_t letters = 0;
    size_t at = 0;
    /* Behind a block there is one octet more. */
    for (; length > BLOCK && at < length - BLOCK; at += BLOCK) {
        for (uint64_t begins = bits_of(bytes + at, '<'); begins != 0; begins &= begins - 1) {
            letters |= 1u << (bytes[at + (size_t)__builtin_ctzll(begins) + 1] & 0x1F);
        }
    }
    for (; at + 1 < length; at++) {
        if (bytes[at] == '<') letters |= 1u << (bytes[at + 1] & 0x1F);
    }
    return letters;
}

/* HT, LF, FF, CR and ESC stand in texts. */
#define FOREIGN(octet) \
    (((octet) < 0x20) & ((octet) != 0x09) & ((octet) != 0x0A) & ((octet) != 0x0C) & ((octet) != 0x0D) & ((octet) != 0x1B))

SEARCH
size_t cbytes_foreign_control(const uint8_t *bytes, size_t length) {
    size_t at = 0;
    for (; length >= BLOCK && at <= length - BLOCK; at += BLOCK) {
        const octets low = LOAD(bytes + at), high = LOAD(bytes + at + WIDTH);
        if (BITS(__builtin_elementwise_min(low, high) < 0x20) == 0) continue;
        const uint64_t hits = BITS(FOREIGN(low)) | BITS(FOREIGN(high)) << WIDTH;
        if (hits != 0) return at + (size_t)__builtin_ctzll(hits);
    }
    for (; at < length; at++) {
        if (FOREIGN(bytes[at])) return at;
    }
    return length;
}
