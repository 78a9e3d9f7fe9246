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

struct search_rate {
    double words;     /* of a pair, per second: XOR, popcount, ADD */
    double popcounts; /* of words, per second: popcount alone */
};

enum { RATE_TURNS = 2000000, RATE_CHAINS = 8 };
#define RATE_KEEP(v) __asm__ volatile("" : "+v"(v))
#define RATE_EACH(k) for (int k = 0; k < RATE_CHAINS; k++)

#if defined(__x86_64__)
#define RATE_512 "avx512f,avx512bw,avx512vl,avx512dq,avx2"
static __attribute__((target(RATE_512 ",avx512vpopcntdq"))) double rate_vpopcnt(bool bare)
{
    __m512i s[RATE_CHAINS], b = _mm512_set1_epi64(0x123456789ABCDEF);
    RATE_EACH(k) s[k] = _mm512_set1_epi64(k);
    double t = hbs_clock_cpu();
    for (int i = 0; i < RATE_TURNS; i++) {
#pragma GCC unroll 8
        RATE_EACH(k)
        {
            __m512i x = bare ? s[k] : _mm512_xor_si512(s[k], b);
            x = _mm512_popcnt_epi64(x);
            s[k] = bare ? x : _mm512_add_epi64(s[k], x);
            RATE_KEEP(s[k]);
        }
    }
    return RATE_TURNS * 8.0 * RATE_CHAINS / (hbs_clock_cpu() - t);
}

static __attribute__((target(RATE_512))) __m512i rate_nibbles_512(__m512i v, __m512i table)
{
    const __m512i low = _mm512_set1_epi8(15);
    return _mm512_add_epi8(_mm512_shuffle_epi8(table, _mm512_and_si512(v, low)),
                           _mm512_shuffle_epi8(table, _mm512_and_si512(_mm512_srli_epi16(v, 4), low)));
}

static __attribute__((target(RATE_512))) double rate_avx512(bool bare)
{
    enum { CHAINS = 4 };
    __m512i s[CHAINS], b = _mm512_set1_epi64(0x123456789ABCDEF), t1 = _mm512_set1_epi8(1);
    for (int k = 0; k < CHAINS; k++)
        s[k] = _mm512_set1_epi64(k);
    double t = hbs_clock_cpu();
    for (int i = 0; i < RATE_TURNS; i++) {
#pragma GCC unroll 4
        for (int k = 0; k < CHAINS; k++) {
            if (bare) { /* six shuffles are five words after the carry-save tree */
                for (int j = 0; j < 6; j++) {
                    s[k] = _mm512_shuffle_epi8(t1, s[k]);
                    RATE_KEEP(s[k]);
                }
                continue;
            }
            __m512i x[5];
            for (int j = 0; j < 5; j++) {
                x[j] = _mm512_xor_si512(s[k], b);
                RATE_KEEP(x[j]);
            }
            __m512i c = _mm512_ternarylogic_epi64(x[0], x[1], x[2], 0xE8);
            __m512i p = _mm512_ternarylogic_epi64(x[0], x[1], x[2], 0x96);
            __m512i d = _mm512_ternarylogic_epi64(p, x[3], x[4], 0xE8);
            p = _mm512_ternarylogic_epi64(p, x[3], x[4], 0x96);
            __m512i n = _mm512_add_epi8(rate_nibbles_512(p, t1), _mm512_add_epi8(rate_nibbles_512(c, b),
                                                                               rate_nibbles_512(d, b)));
            s[k] = _mm512_add_epi64(s[k], _mm512_sad_epu8(n, _mm512_setzero_si512()));
            RATE_KEEP(s[k]);
        }
    }
    return RATE_TURNS * 8.0 * 5 * CHAINS / (hbs_clock_cpu() - t);
}

static __attribute__((target("avx2"))) double rate_avx2(bool bare)
{
    enum { CHAINS = 4 };
    __m256i s[CHAINS], b = _mm256_set1_epi64x(0x123456789ABCDEF), table = _mm256_set1_epi8(1);
    const __m256i low = _mm256_set1_epi8(15);
    for (int k = 0; k < CHAINS; k++)
        s[k] = _mm256_set1_epi64x(k);
    double t = hbs_clock_cpu();
    for (int i = 0; i < RATE_TURNS; i++) {
#pragma GCC unroll 4
        for (int k = 0; k < CHAINS; k++) {
            __m256i n = _mm256_setzero_si256();
            if (bare) { /* ten shuffles are five words */
                for (int j = 0; j < 10; j++) {
                    s[k] = _mm256_shuffle_epi8(table, s[k]);
                    RATE_KEEP(s[k]);
                }
                continue;
            }
            for (int j = 0; j < 5; j++) {
                __m256i x = _mm256_xor_si256(s[k], b);
                RATE_KEEP(x);
                x = _mm256_add_epi8(_mm256_shuffle_epi8(table, _mm256_and_si256(x, low)),
                                    _mm256_shuffle_epi8(table, _mm256_and_si256(_mm256_srli_epi16(x, 4), low)));
                n = j ? _mm256_add_epi8(n, x) : x;
            }
            s[k] = _mm256_add_epi64(s[k], _mm256_sad_epu8(n, _mm256_setzero_si256()));
            RATE_KEEP(s[k]);
        }
    }
    return RATE_TURNS * 4.0 * 5 * CHAINS / (hbs_clock_cpu() - t);
}
#endif

static double rate_portable(void)
{
    uint64_t s[4] = {1, 2, 3, 4};
    double t = hbs_clock_cpu();
    for (int i = 0; i < RATE_TURNS; i++)
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
    return RATE_TURNS * 5.0 * 4 / t;
}

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

/* The best of five: what else runs on the machine only ever slows it down. */
static struct search_rate search_arithmetic_rate(enum hbs_isa isa)
{
    struct search_rate r = {0, 0};
    for (int i = 0; i < 5; i++) {
        double words = rate_once(isa, false), bare = rate_once(isa, true);
        r.words = words > r.words ? words : r.words;
        r.popcounts = bare > r.popcounts ? bare : r.popcounts;
    }
    return r;
}

#endif
