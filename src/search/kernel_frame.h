/* SPDX-License-Identifier: MPL-2.0
 *
 * Room search: the frame of every stage-1 kernel: tiles, groups of lanes, and for each group the probe cylinders
 * that its directions may be compared with. A kernel file says how wide its lanes are and gives the
 * arithmetic; then it includes this file, which is why it has no guard:
 *
 *   LANES                       lanes of a group: 1, 4 or 8
 *   group_t, keys_t, sums_t     the words of a group, its smallest keys, one print's sums
 *   group_load(g, w0, rest, words)           group_weight(g, words)  -> keys_t: popcount >> 1, or the root of all bits
 *   key_start()                              no key yet
 *   key_best(k, g, r, words)                 every lane compared with cylinder r
 *   key_best_from(k, g, r, angles, words)    only lanes whose direction is at most r->most
 *   key_best_to(k, g, r, angles, words)      only lanes whose direction is at least r->least
 *   key_best_both(...)                       both tests
 *   angles_t, angles_load(p)
 *   sums_add(s, owners, keys, weight, bias, words)  adds what each lane is worth to its print:
 *                               max(0, weight + bias - key), or max(0, bias - key * weight) of all bits
 *   sums_start(s), sums_end(s, out)
 *   FULL_ENDS, FULL_STEP        of all bits: cylinders taken untested at the lower end (0 or 1), and steps of the middle
 *
 * Order within a group: cylinders reached by some lanes only (their directions rise with the lane),
 * by all, by some. In the middle there is no test. A group whose directions spread over more than
 * the gate has no middle and tests both ends.
 */
static inline __attribute__((always_inline)) void frame(const struct search_probe *probe,
                                                        const struct search_tiles *gallery,
                                                        uint32_t tile, uint32_t tiles,
                                                        uint16_t *scores, const int words)
{
    const struct search_reached *reached = probe->reached;
    /* Cylinders that are always taken at the lower end, and `step` at the upper; the middle goes by steps.
     * What is taken in vain costs less than a branch that nobody can foresee, the more so the cheaper a pair is. */
    const int ends = words == HBS_SEARCH_WORDS ? FULL_ENDS : 2, step = words == HBS_SEARCH_WORDS ? FULL_STEP : 4;
    const size_t rest_words = (size_t)(gallery->words - 1) * SEARCH_LANES;
    for (uint32_t t = tile; t < tile + tiles; t++) {
        sums_t sums;
        sums_start(&sums);
        for (size_t b = gallery->first[t]; b < gallery->first[t + 1]; b++) {
            const uint8_t *angle = gallery->angle + b * SEARCH_LANES;
            for (int w = 0; w < words; w++) /* some blocks ahead; at the end of the file nowhere */
                __builtin_prefetch(words == 1 ? (const void *)(gallery->word0 + (b + 8) * SEARCH_LANES)
                                              : gallery->rest + (b + 8) * rest_words + w * SEARCH_LANES);
            for (int l = 0; l < SEARCH_LANES; l += LANES) {
                group_t g;
                const uint64_t *rest = gallery->rest + b * rest_words + l;
                group_load(&g, words == HBS_SEARCH_WORDS ? rest : gallery->word0 + b * SEARCH_LANES + l,
                           words == HBS_SEARCH_WORDS ? rest + SEARCH_LANES : rest, words);
                keys_t k = key_start();
                unsigned low = angle[l], high = angle[l + LANES - 1];
                const struct search_reached *r = reached + probe->from[low];
                const struct search_reached *middle = reached + probe->from[high];
                const struct search_reached *after = reached + probe->to[low];
                const struct search_reached *end = reached + probe->to[high];
                if (LANES == 1) {
                    for (; r < end; r++)
                        k = key_best(k, &g, r, words);
                } else if (__builtin_expect(middle <= after, 1)) {
                    angles_t a = angles_load(angle + l);
                    const struct search_reached *q = middle;
                    const struct search_reached *top = middle + ((after - middle) & ~(ptrdiff_t)(step - 1));
                    if (ends)
                        k = key_best_from(k, &g, middle - 1, a, words);
                    if (ends == 2)
                        k = key_best_from(k, &g, middle - 2, a, words);
                    for (int i = 0; i < step; i++) /* the odd ones of the middle, and the upper end */
                        k = key_best_to(k, &g, top + i, a, words);
                    for (; q < top; q += step)
                        for (int i = 0; i < step; i++)
                            k = key_best(k, &g, q + i, words);
                    for (; r < middle - ends; r++)
                        k = key_best_from(k, &g, r, a, words);
                    for (r = top + step; r < end; r++)
                        k = key_best_to(k, &g, r, a, words);
                } else {
                    angles_t a = angles_load(angle + l);
                    for (; r < end; r++)
                        k = key_best_both(k, &g, r, a, words);
                }
                sums_add(&sums, gallery->owner + b * SEARCH_TILE, l, k, group_weight(&g, words),
                         probe->bias, words);
            }
        }
        uint32_t total[SEARCH_TILE];
        sums_end(&sums, total);
        uint32_t print = t * SEARCH_TILE;
        uint32_t many = gallery->prints - print < SEARCH_TILE ? gallery->prints - print : SEARCH_TILE;
        for (uint32_t i = 0; i < many; i++)
            scores[(size_t)(t - tile) * SEARCH_TILE + i] =
                search_score(total[i], gallery->count[print + i]);
    }
}

static void sketch(const struct search_probe *probe, const struct search_tiles *gallery,
                   uint32_t tile, uint32_t tiles, uint16_t *scores)
{
    frame(probe, gallery, tile, tiles, scores, 1);
}
static void compact(const struct search_probe *probe, const struct search_tiles *gallery,
                    uint32_t tile, uint32_t tiles, uint16_t *scores)
{
    frame(probe, gallery, tile, tiles, scores, 2);
}
static void full(const struct search_probe *probe, const struct search_tiles *gallery,
                 uint32_t tile, uint32_t tiles, uint16_t *scores)
{
    frame(probe, gallery, tile, tiles, scores, 5);
}
