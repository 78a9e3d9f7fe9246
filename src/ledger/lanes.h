/* SPDX-License-Identifier: MPL-2.0
 *
 * Room ledger: the node hash of LANES pairs at once, written once with the compiler's vectors and
 * included by one file an instruction set, which sets LANES and LANES_NAME. SHA-256 is FIPS 180-4;
 * the message is the 65 bytes 0x01, left, right: two blocks, the second holding the last byte, the
 * end mark and the length. Which lanes there are changes speed, no answer: lanes.c's tests compare
 * each with libsodium.
 */
#include "ledger_int.h"

typedef uint32_t lanes __attribute__((vector_size(LANES * 4)));

static const uint32_t round_constant[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};
static const uint32_t initial[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                    0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};

#define ROTATE(x, n) ((x) >> (n) | (x) << (32 - (n)))

static inline void compress(lanes state[8], lanes w[16])
{
    lanes a = state[0], b = state[1], c = state[2], d = state[3];
    lanes e = state[4], f = state[5], g = state[6], h = state[7];
    for (int i = 0; i < 64; i++) {
        lanes m = w[i & 15];
        if (i >= 16) {
            lanes x = w[(i + 1) & 15], y = w[(i + 14) & 15];
            m += (ROTATE(x, 7) ^ ROTATE(x, 18) ^ x >> 3) + w[(i + 9) & 15] + (ROTATE(y, 17) ^ ROTATE(y, 19) ^ y >> 10);
            w[i & 15] = m;
        }
        lanes t1 = h + (ROTATE(e, 6) ^ ROTATE(e, 11) ^ ROTATE(e, 25)) + (g ^ (e & (f ^ g))) + round_constant[i] + m;
        lanes t2 = (ROTATE(a, 2) ^ ROTATE(a, 13) ^ ROTATE(a, 22)) + ((a & b) | (c & (a | b)));
        h = g;
        g = f;
        f = e;
        e = d + t1;
        d = c;
        c = b;
        b = a;
        a = t1 + t2;
    }
    state[0] += a;
    state[1] += b;
    state[2] += c;
    state[3] += d;
    state[4] += e;
    state[5] += f;
    state[6] += g;
    state[7] += h;
}

/* LANES pairs: child is 2 * LANES hashes. */
static void hash_lanes(const uint8_t (*child)[HBS_LEDGER_HASH], uint8_t (*parent)[HBS_LEDGER_HASH])
{
    lanes state[8], w[16], last = {0};
    for (int k = 0; k < 8; k++)
        state[k] = initial[k] + (lanes){0};
    for (int l = 0; l < LANES; l++) {
        const uint8_t *m = &child[2 * l][0]; /* 64 bytes, one behind the message's first */
        w[0][l] = 1u << 24 | (uint32_t)m[0] << 16 | (uint32_t)m[1] << 8 | m[2];
        for (int k = 1; k < 16; k++)
            w[k][l] = hbs_be32(m + 4 * k - 1);
    }
    for (int l = 0; l < LANES; l++)
        last[l] = (uint32_t)child[2 * l + 1][31] << 24 | 0x800000u;
    compress(state, w);
    w[0] = last;
    for (int k = 1; k < 15; k++)
        w[k] = (lanes){0};
    w[15] = 65 * 8 + (lanes){0};
    compress(state, w);
    for (int k = 0; k < 8; k++)
        for (int l = 0; l < LANES; l++)
            hbs_put_be32(parent[l] + 4 * k, state[k][l]);
}

/* As many whole groups of LANES as there are; returns how many pairs were done. */
size_t LANES_NAME(const uint8_t (*child)[HBS_LEDGER_HASH], size_t count, uint8_t (*parent)[HBS_LEDGER_HASH]);
size_t LANES_NAME(const uint8_t (*child)[HBS_LEDGER_HASH], size_t count, uint8_t (*parent)[HBS_LEDGER_HASH])
{
    size_t i = 0;
    for (; i + LANES <= count; i += LANES)
        hash_lanes(child + 2 * i, parent + i);
    return i;
}
