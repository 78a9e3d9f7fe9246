/* SPDX-License-Identifier: MPL-2.0
 *
 * Room search: which stage-1 kernel runs here. The table is filled once, from hbs_cpu_isa().
 */
#include "search_int.h"

#include <pthread.h>

search_kernel *search_kernel_of(enum hbs_isa isa, enum search_depth depth)
{
    switch (isa) {
#if defined(__x86_64__)
    case HBS_ISA_VPOPCNT:
        return search_kernels_vpopcnt[depth];
    case HBS_ISA_AVX512:
        return search_kernels_avx512[depth];
    case HBS_ISA_AVX2:
        return search_kernels_avx2[depth];
#endif
    default:
        return search_kernels_portable[depth];
    }
}

static search_kernel *here[SEARCH_DEPTHS];
static pthread_once_t here_once = PTHREAD_ONCE_INIT;

static void here_fill(void)
{
    for (int d = 0; d < SEARCH_DEPTHS; d++)
        here[d] = search_kernel_of(hbs_cpu_isa(), (enum search_depth)d);
}

search_kernel *search_kernel_here(enum search_depth depth)
{
    pthread_once(&here_once, here_fill);
    return here[depth];
}
