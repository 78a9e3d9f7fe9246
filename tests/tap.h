/* SPDX-License-Identifier: MPL-2.0
 *
 * Tests in the TAP protocol: a hundred lines and no framework. A test program is one main():
 *
 *     int main(void) {
 *         tap_begin();
 *         ok(1 + 1 == 2, "sums");
 *         is_int(f(), 3, "f");
 *         property("halves", 1000, gen, holds, shrink, sizeof(struct input));
 *         return tap_end();
 *     }
 *
 * Random tests print their seed; HABEAS_SEED=N repeats them.
 */
#ifndef HABEAS_TAP_H
#define HABEAS_TAP_H

#include "habeas/base.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int tap_count, tap_failed;
static uint64_t tap_seed;

static inline void tap_begin(void)
{
    setvbuf(stdout, NULL, _IOLBF, 0);
    const char *s = getenv("HABEAS_SEED");
    tap_seed = s ? strtoull(s, NULL, 10) : (uint64_t)(hbs_clock_wall() * 1e6);
    printf("# seed %llu\n", (unsigned long long)tap_seed);
}

static inline int tap_ok(int good, const char *file, int line, const char *format, ...)
    HBS_PRINTF(4, 5);
static inline int tap_ok(int good, const char *file, int line, const char *format, ...)
{
    va_list ap;
    va_start(ap, format);
    printf("%sok %d - ", good ? "" : "not ", ++tap_count);
    vprintf(format, ap);
    putchar('\n');
    va_end(ap);
    if (!good) {
        tap_failed++;
        printf("# failed at %s:%d\n", file, line);
    }
    return good;
}

#define ok(good, ...) tap_ok(!!(good), __FILE__, __LINE__, __VA_ARGS__)
#define is_int(got, want, ...)                                                                     \
    do {                                                                                           \
        long long tap_g = (long long)(got), tap_w = (long long)(want);                             \
        if (!ok(tap_g == tap_w, __VA_ARGS__))                                                      \
            printf("# got %lld, want %lld\n", tap_g, tap_w);                                       \
    } while (0)
#define is_text(got, want, ...)                                                                    \
    do {                                                                                           \
        const char *tap_g = (got), *tap_w = (want);                                                \
        if (!ok(!strcmp(tap_g, tap_w), __VA_ARGS__))                                               \
            printf("# got '%s', want '%s'\n", tap_g, tap_w);                                       \
    } while (0)
#define is_near(got, want, within, ...)                                                            \
    do {                                                                                           \
        double tap_g = (got), tap_w = (want);                                                      \
        if (!ok(tap_g >= tap_w - (within) && tap_g <= tap_w + (within), __VA_ARGS__))              \
            printf("# got %.17g, want %.17g\n", tap_g, tap_w);                                     \
    } while (0)

static inline void tap_skip(const char *why) { printf("ok %d # SKIP %s\n", ++tap_count, why); }

/* Checks `holds` on `times` inputs of `size` bytes made by `make`. On a failure `shrink` (may be
 * NULL) proposes its step-th smaller input in place and returns false when it has no more; the
 * smallest that still fails is kept and `holds` is called on it once more with verbose = true. */
static inline void property(const char *name, int times, void (*make)(struct hbs_rng *, void *),
                            bool (*holds)(const void *, bool verbose),
                            bool (*shrink)(void *, int step), size_t size)
{
    struct hbs_rng rng;
    hbs_rng_seed(&rng, tap_seed);
    void *input = calloc(1, size), *smaller = calloc(1, size);
    bool good = input && smaller;
    for (int i = 0; good && i < times; i++) {
        make(&rng, input);
        if (holds(input, false))
            continue;
        good = false;
        for (int step = 0; shrink; step++) {
            memcpy(smaller, input, size);
            if (!shrink(smaller, step))
                break;
            if (!holds(smaller, false)) {
                memcpy(input, smaller, size);
                step = -1;
            }
        }
        printf("# input %d fails; smallest found:\n", i);
        holds(input, true);
    }
    free(input);
    free(smaller);
    ok(good, "%s (%d inputs)", name, times);
}

static inline int tap_end(void)
{
    printf("1..%d\n", tap_count);
    return tap_failed ? 1 : 0;
}

#endif
