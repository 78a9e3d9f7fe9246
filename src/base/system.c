/* SPDX-License-Identifier: MPL-2.0
 *
 * Room base: the machine: clocks, CPU features, processors, and a loop over threads.
 */
#include "base_int.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

static double seconds(clockid_t id)
{
    struct timespec t;
    clock_gettime(id, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

double hbs_clock_cpu(void) { return seconds(CLOCK_THREAD_CPUTIME_ID); }
double hbs_clock_wall(void) { return seconds(CLOCK_MONOTONIC); }

static const char *const isa_names[] = {"portable", "avx2", "avx512", "vpopcnt"};

const char *hbs_isa_name(enum hbs_isa isa)
{
    return (unsigned)isa < HBS_COUNT(isa_names) ? isa_names[isa] : "unknown";
}

static enum hbs_isa isa_detect(void)
{
    enum hbs_isa isa = HBS_ISA_PORTABLE;
#if defined(__x86_64__)
    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("popcnt") &&
        __builtin_cpu_supports("bmi") && __builtin_cpu_supports("bmi2")) {
        isa = HBS_ISA_AVX2;
        if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
            __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq")) {
            isa = HBS_ISA_AVX512;
            if (__builtin_cpu_supports("avx512vpopcntdq"))
                isa = HBS_ISA_VPOPCNT;
        }
    }
#endif
    const char *wish = getenv("HABEAS_ISA");
    for (int i = 0; wish && i < (int)isa; i++)
        if (!strcmp(wish, isa_names[i]))
            isa = (enum hbs_isa)i;
    return isa;
}

static enum hbs_isa isa_found;
static pthread_once_t isa_once = PTHREAD_ONCE_INIT;
static void isa_init(void) { isa_found = isa_detect(); }

enum hbs_isa hbs_cpu_isa(void)
{
    pthread_once(&isa_once, isa_init);
    return isa_found;
}

unsigned hbs_cpu_count(void)
{
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) == 0 && CPU_COUNT(&set) > 0)
        return (unsigned)CPU_COUNT(&set);
    return 1;
}

struct loop {
    size_t count;
    _Atomic size_t next;
    void (*work)(void *arg, size_t index, unsigned thread);
    void *arg;
};

struct runner {
    struct loop *loop;
    unsigned thread;
};

static void *run(void *p)
{
    const struct runner *r = p;
    for (;;) {
        size_t i = atomic_fetch_add_explicit(&r->loop->next, 1, memory_order_relaxed);
        if (i >= r->loop->count)
            return NULL;
        r->loop->work(r->loop->arg, i, r->thread);
    }
}

void hbs_parallel(unsigned threads, size_t count,
                  void (*work)(void *arg, size_t index, unsigned thread), void *arg)
{
    enum { MOST = 256 };
    if (!threads)
        threads = hbs_cpu_count();
    if (threads > MOST)
        threads = MOST;
    if (threads > count)
        threads = count ? (unsigned)count : 1;
    struct loop loop = {.count = count, .work = work, .arg = arg};
    pthread_t ids[MOST];
    struct runner runners[MOST];
    unsigned started = 0;
    for (unsigned t = 0; t < threads; t++)
        runners[t] = (struct runner){&loop, t};
    for (unsigned t = 1; t < threads; t++, started++)
        if (pthread_create(&ids[started], NULL, run, &runners[t]))
            break;
    run(&runners[0]);
    for (unsigned t = 0; t < started; t++)
        pthread_join(ids[t], NULL);
}
