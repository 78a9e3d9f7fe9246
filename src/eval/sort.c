/* SPDX-License-Identifier: MPL-2.0
 *
 * Room eval: sorting millions of 16-byte items by a 64-bit key: radix sort from the lowest byte
 * (Knuth, The Art of Computer Programming 3, 5.2.5). Stable, no comparisons, its time depends on the
 * count alone; a byte that is the same in all keys costs nothing.
 */
#include "eval_int.h"

void eval_sort(struct eval_keyed *items, struct eval_keyed *spare, size_t count)
{
    struct eval_keyed *from = items, *to = spare;
    for (int shift = 0; shift < 64; shift += 8) {
        size_t place[256] = {0};
        for (size_t i = 0; i < count; i++)
            place[from[i].key >> shift & 255]++;
        if (count && place[from[0].key >> shift & 255] == count)
            continue;
        for (size_t i = 0, sum = 0; i < 256; i++) {
            size_t n = place[i];
            place[i] = sum;
            sum += n;
        }
        for (size_t i = 0; i < count; i++)
            to[place[from[i].key >> shift & 255]++] = from[i];
        struct eval_keyed *swap = from;
        from = to;
        to = swap;
    }
    if (from != items && count)
        memcpy(items, from, count * sizeof *items);
}
