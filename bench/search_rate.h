/* SPDX-License-Identifier: MPL-2.0
 *
 * The operation rates that the stage-1 kernels are held against, measured on this core out of
 * registers: XOR, popcount and ADD of 64-bit words the way each instruction set does them, and the
 * bare popcount (VPOPCNTQ, or the VPSHUFB of the table method).
 */
#ifndef HABEAS_SEARCH_RATE_H
#define HABEAS_SEARCH_RATE_H

#include "habeas/base.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

enum { RATE_TURNS = 200000 };
#define RATE_KEEP(v) __asm__ volatile("" : "+v"(v))
/* Eight chains by name: an array would not stay in registers. */
#define RATE_EIGHT(DO) DO(0) DO(1) DO(2) DO(3) DO(4) DO(5) DO(6) DO(7)

#if defined(__x86_64__)
#define RATE_512 "avx512f,avx512bw,avx512vl,avx512dq,avx2"
static __attribute__((target(RATE_512 ",avx512vpopcntdq"))) double rate_vpopcnt(bool bare)
{
    __m512i b = _mm512_set1_epi64(0x123456789ABCDEF);
#define RATE_MAKE(k) __m512i s##k = _mm512_set1_epi64(k);
#define RATE_PAIR(k)                                                                               \
    s##k = _mm512_add_epi64(s##k, _mm512_popcnt_epi64(_mm512_xor_si512(s##k, b)));                  \
    RATE_KEEP(s##k);
#define RATE_BARE(k)                                                                               \
    s##k = _mm512_popcnt_epi64(s##k);                                                              \
    RATE_KEEP(s##k);
    RATE_EIGHT(RATE_MAKE)
    double t = hbs_clock_cpu();
    if (bare)
        for (int i = 0; i < RATE_TURNS; i++) {
            RATE_EIGHT(RATE_BARE)
        }
    else
        for (int i = 0; i < RATE_TURNS; i++) {
            RATE_EIGHT(RATE_PAIR)
        }
    return RATE_TURNS * 64.0 / (hbs_clock_cpu() - t);
#undef RATE_MAKE
#undef RATE_PAIR
#undef RATE_BARE
}

static inline __attribute__((target(RATE_512), always_inline)) __m512i
rate_nibbles_512(__m512i v, __m512i table)
{
    const __m512i low = _mm512_set1_epi8(15);
    return _mm512_add_epi8(_mm512_shuffle_epi8(table, _mm512_and_si512(v, low)),
                           _mm512_shuffle_epi8(table, _mm512_and_si512(_mm512_srli_epi16(v, 4), low)));
}

static inline __attribute__((target(RATE_512), always_inline)) __m512i rate_five_512(__m512i s,
                                                                                    __m512i b)
{
    const __m512i once = _mm512_set1_epi8(1), twice = _mm512_set1_epi8(2);
    __m512i x0 = _mm512_xor_si512(s, b), x1 = x0, x2 = x0, x3 = x0, x4 = x0;
    x1 = _mm512_xor_si512(x1, b); /* five XORs in all, none of which can be left out */
    RATE_KEEP(x1);
    x2 = _mm512_xor_si512(x2, b);
    RATE_KEEP(x2);
    x3 = _mm512_xor_si512(x3, b);
    RATE_KEEP(x3);
    x4 = _mm512_xor_si512(x4, b);
    RATE_KEEP(x4);
    __m512i c = _mm512_ternarylogic_epi64(x0, x1, x2, 0xE8), p = _mm512_ternarylogic_epi64(x0, x1, x2, 0x96);
    __m512i d = _mm512_ternarylogic_epi64(p, x3, x4, 0xE8);
    p = _mm512_ternarylogic_epi64(p, x3, x4, 0x96);
    __m512i n = _mm512_add_epi8(rate_nibbles_512(p, once),
                                _mm512_add_epi8(rate_nibbles_512(c, twice), rate_nibbles_512(d, twice)));
    return _mm512_add_epi64(s, _mm512_sad_epu8(n, _mm512_setzero_si512()));
}

static __attribute__((target(RATE_512))) double rate_avx512(bool bare)
{
    __m512i b = _mm512_set1_epi64(0x123456789ABCDEF);
#define RATE_MAKE(k) __m512i s##k = _mm512_set1_epi64(k);
#define RATE_PAIR(k)                                                                               \
    s##k = rate_five_512(s##k, b);                                                                 \
    RATE_KEEP(s##k);
#define RATE_BARE(k)                                                                               \
    s##k = _mm512_shuffle_epi8(b, s##k);                                                           \
    RATE_KEEP(s##k);
    RATE_EIGHT(RATE_MAKE)
    double t = hbs_clock_cpu();
    if (bare) { /* six shuffles are five words, after the carry-save tree */
        for (int i = 0; i < RATE_TURNS; i++) {
            RATE_EIGHT(RATE_BARE)
        }
        return RATE_TURNS * 64.0 * 5 / 6 / (hbs_clock_cpu() - t);
    }
    for (int i = 0; i < RATE_TURNS / 5; i++) {
        RATE_EIGHT(RATE_PAIR)
    }
    return (double)(RATE_TURNS / 5) * 64.0 * 5 / (hbs_clock_cpu() - t);
#undef RATE_MAKE
#undef RATE_PAIR
#undef RATE_BARE
}

static inline __attribute__((target("avx2"), always_inline)) __m256i rate_five_256(__m256i s, __m256i b)
{
    const __m256i low = _mm256_set1_epi8(15), table = _mm256_set1_epi8(1);
    __m256i n = _mm256_setzero_si256();
#pragma GCC unroll 5
    for (int j = 0; j < 5; j++) {
        __m256i x = _mm256_xor_si256(s, b);
        RATE_KEEP(x);
        x = _mm256_add_epi8(_mm256_shuffle_epi8(table, _mm256_and_si256(x, low)),
                            _mm256_shuffle_epi8(table, _mm256_and_si256(_mm256_srli_epi16(x, 4), low)));
        n = j ? _mm256_add_epi8(n, x) : x;
    }
    return _mm256_add_epi64(s, _mm256_sad_epu8(n, _mm256_setzero_si256()));
}

static __attribute__((target("avx2"))) double rate_avx2(bool bare)
{
    __m256i b = _mm256_set1_epi64x(0x123456789ABCDEF);
#define RATE_MAKE(k) __m256i s##k = _mm256_set1_epi64x(k);
#define RATE_PAIR(k)                                                                               \
    s##k = rate_five_256(s##k, b);                                                                 \
    RATE_KEEP(s##k);
#define RATE_BARE(k)                                                                               \
    s##k = _mm256_shuffle_epi8(b, s##k);                                                           \
    RATE_KEEP(s##k);
    RATE_EIGHT(RATE_MAKE)
    double t = hbs_clock_cpu();
    if (bare) { /* ten shuffles are five words */
        for (int i = 0; i < RATE_TURNS; i++) {
            RATE_EIGHT(RATE_BARE)
        }
        return RATE_TURNS * 32.0 / 2 / (hbs_clock_cpu() - t);
    }
    for (int i = 0; i < RATE_TURNS / 5; i++) {
        RATE_EIGHT(RATE_PAIR)
    }
    return (double)(RATE_TURNS / 5) * 32.0 * 5 / (hbs_clock_cpu() - t);
#undef RATE_MAKE
#undef RATE_PAIR
#undef RATE_BARE
}
#endif

static double rate_portable(void)
{
    uint64_t s[4] = {1, 2, 3, 4};
    double t = hbs_clock_cpu();
    for (int i = 0; i < RATE_TURNS / 20; i++)
        for (int k = 0; k < 4; k++) {
            uint64_t w[5];
            for (int j = 0; j < 5; j++) {
                w[j] = s[k] ^ 0x123456789ABCDEF;
                __asm__ volatile("" : "+r"(w[j]));
            }
            uint64_t x = w[0] ^ w[1], p = x ^ w[2], c = (w[0] & w[1]) | (x & w[2]);
            uint64_t y = p ^ w[3], d = (p & w[3]) | (y & w[4]), v[3] = {y ^ w[4], c, d};
            for (int j = 0; j < 3; j++) {
                v[j] -= v[j] >> 1 & 0x5555555555555555u;
                v[j] = (v[j] & 0x3333333333333333u) + (v[j] >> 2 & 0x3333333333333333u);
            }
            v[1] += v[2];
            for (int j = 0; j < 2; j++) {
                v[j] = (v[j] & 0x0F0F0F0F0F0F0F0Fu) + (v[j] >> 4 & 0x0F0F0F0F0F0F0F0Fu);
                v[j] = (v[j] & 0x00FF00FF00FF00FFu) + (v[j] >> 8 & 0x00FF00FF00FF00FFu);
                v[j] = v[j] * 0x0001000100010001u >> 48;
            }
            s[k] += v[0] + 2 * v[1];
        }
    t = hbs_clock_cpu() - t;
    __asm__ volatile("" ::"r"(s[0] + s[1] + s[2] + s[3]));
    return (double)(RATE_TURNS / 20) * 5.0 * 4 / t;
}

/* Words a second: of pairs (XOR, popcount, ADD), or bare popcounts. */
static double rate_once(enum hbs_isa isa, bool bare)
{
#if defined(__x86_64__)
    if (isa == HBS_ISA_VPOPCNT)
        return rate_vpopcnt(bare);
    if (isa == HBS_ISA_AVX512)
        return rate_avx512(bare);
    if (isa == HBS_ISA_AVX2)
        return rate_avx2(bare);
#endif
    return rate_portable();
}

#endif
