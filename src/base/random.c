/* SPDX-License-Identifier: MPL-2.0
 *
 * Room base: xoshiro256** 1.0 (Blackman and Vigna, "Scrambled linear pseudorandom number
 * generators", ACM TOMS 47:4, 2021), seeded with splitmix64 as its authors advise.
 */
#include "base_int.h"

#include <math.h>

void hbs_rng_seed(struct hbs_rng *rng, uint64_t seed)
{
    for (int i = 0; i < 4; i++) {
        uint64_t z = (seed += 0x9E3779B97F4A7C15u);
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
        rng->s[i] = z ^ (z >> 31);
    }
}

static inline uint64_t rotl(uint64_t x, int k) { return x << k | x >> (64 - k); }

uint64_t hbs_rng_u64(struct hbs_rng *rng)
{
    uint64_t *s = rng->s, result = rotl(s[1] * 5, 7) * 9, t = s[1] << 17;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = rotl(s[3], 45);
    return result;
}

uint32_t hbs_rng_below(struct hbs_rng *rng, uint32_t bound)
{
    if (!bound)
        return 0;
    uint32_t reject = (uint32_t)(-bound) % bound; /* values below it would be favoured */
    for (;;) {
        uint32_t v = (uint32_t)(hbs_rng_u64(rng) >> 32);
        if (v >= reject)
            return v % bound;
    }
}

double hbs_rng_unit(struct hbs_rng *rng) { return (double)(hbs_rng_u64(rng) >> 11) * 0x1p-53; }

double hbs_rng_normal(struct hbs_rng *rng)
{
    /* Box and Muller, Ann. Math. Statist. 29 (1958); 1-u keeps the logarithm finite. */
    double u = 1.0 - hbs_rng_unit(rng), v = hbs_rng_unit(rng);
    return sqrt(-2.0 * log(u)) * cos(6.283185307179586 * v);
}
