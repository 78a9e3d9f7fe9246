/* SPDX-License-Identifier: MPL-2.0
 *
 * Room search: stage 1 with AVX-512 VPOPCNTDQ. Eight pairs of 312 bits are 5 x (XOR, VPOPCNTQ), four ADD, a
 * multiplication and a minimum; the rest is kernel_512.h.
 */
#include "search_int.h"

#include <immintrin.h>

#define INLINE static inline __attribute__((always_inline))

INLINE __m512i bits(const __m512i *w, int words)
{
    __m512i n = _mm512_popcnt_epi64(w[0]);
    for (int i = 1; i < words; i++)
        n = _mm512_add_epi64(n, _mm512_popcnt_epi64(w[i]));
    return n;
}

#define FULL_ENDS 1
#define FULL_STEP 2
#include "kernel_512.h"

search_kernel *const search_kernels_vpopcnt[SEARCH_DEPTHS] = {sketch, compact, full};
