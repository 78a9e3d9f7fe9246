/* SPDX-License-Identifier: MPL-2.0
 *
 * Room synth, included by each growth_ISA.c after it has defined
 *   INLINE int32_t dot_coarse(const int16_t *f, const int16_t *at, size_t stride)
 *   INLINE void four_coarse(const int16_t *const f[4], const int16_t *at, size_t stride, int32_t sum[4])
 *   INLINE void dot_fine(const int16_t *f, const int16_t *at, size_t stride, int32_t sum[4])
 * the sum of products of one filter with one neighbourhood; those of four neighbours in a row, each with
 * its own filter; and those of the four pixels of a two by two block, which share one. Here is the loop over a row, which is the same for all.
 */
static void coarse_row(const int16_t *bank, const uint16_t *choice, size_t n, const int16_t *from, int16_t *to,
                       size_t stride)
{
    for (size_t i = 0; i < n;) {
        const uint16_t *c = choice + i;
        if (i + 4 <= n && c[0] != GROW_NONE && c[1] != GROW_NONE && c[2] != GROW_NONE && c[3] != GROW_NONE) {
            const int16_t *f[4] = {bank + (size_t)c[0] * GROW_COARSE, bank + (size_t)c[1] * GROW_COARSE,
                                   bank + (size_t)c[2] * GROW_COARSE, bank + (size_t)c[3] * GROW_COARSE};
            int32_t sum[4];
            four_coarse(f, from + i, stride, sum);
            for (size_t k = 0; k < 4; k++)
                to[i + k] = syn_grow_clip(sum[k]);
            i += 4;
            continue;
        }
        if (*c != GROW_NONE)
            to[i] = syn_grow_clip(dot_coarse(bank + (size_t)*c * GROW_COARSE, from + i, stride));
        i++;
    }
}

static void fine_row(const int16_t *bank, const uint16_t *choice, size_t n, const int16_t *from, int16_t *to,
                     size_t stride)
{
    for (size_t i = 0; i < n; i++) {
        int32_t sum[4];
        if (choice[i] == GROW_NONE)
            continue;
        dot_fine(bank + (size_t)choice[i] * GROW_FINE, from + 2 * i, stride, sum);
        to[2 * i] = syn_grow_clip(sum[0]);
        to[2 * i + 1] = syn_grow_clip(sum[1]);
        to[stride + 2 * i] = syn_grow_clip(sum[2]);
        to[stride + 2 * i + 1] = syn_grow_clip(sum[3]);
    }
}
