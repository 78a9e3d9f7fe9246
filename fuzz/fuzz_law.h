/* SPDX-License-Identifier: MPL-2.0
 *
 * What the fuzz targets of room law share: facts made from bytes, and a pack for cases to speak of.
 */
#ifndef HABEAS_FUZZ_LAW_H
#define HABEAS_FUZZ_LAW_H

#include "fuzz.h"
#include "habeas/law.h"

/* Some facts known, some not; the same for the same seed. */
static inline void fuzz_facts(struct hbs_ctx *ctx, uint64_t seed, struct hbs_facts *facts)
{
    static const char *const words[] = {"", "o1", "Dallas", "a", "another", "2020-05"};
    struct hbs_rng rng;
    hbs_rng_seed(&rng, seed);
    hbs_facts_clear(facts);
    for (int f = 0; f < HBS_FACT_COUNT; f++) {
        const struct hbs_fact_info *info = hbs_fact_info((enum hbs_fact)f);
        uint32_t n = 0;
        if (hbs_rng_below(&rng, 3) == 0)
            continue;
        while (info->names && info->names[n])
            n++;
        enum hbs_err err;
        if (info->type == HBS_FACT_NAME)
            err = hbs_facts_set_string(ctx, facts, (enum hbs_fact)f, info->names[hbs_rng_below(&rng, n)]);
        else if (info->type == HBS_FACT_STRING)
            err = hbs_facts_set_string(ctx, facts, (enum hbs_fact)f, words[hbs_rng_below(&rng, 6)]);
        else if (info->type == HBS_FACT_DATE)
            err = hbs_facts_set_number(ctx, facts, (enum hbs_fact)f, 86400 * (int64_t)(18000 + hbs_rng_below(&rng, 400)));
        else
            err = hbs_facts_set_number(ctx, facts, (enum hbs_fact)f,
                                       hbs_rng_below(&rng, info->most > 120 ? 120 : (uint32_t)info->most + 1));
        FUZZ_PROMISE(err == HBS_OK);
    }
}

static const char fuzz_pack[] =
    "pack p version \"1\"\nprogramme g \"x\"\nevent e \"x\"\n"
    "rule a permit \"x\" cites \"x\" status final in force from 2020-01-01 acts collect, import, identify programmes g\n"
    " when subject.age >= 14 && subject.status != \"citizen\" obliges notice, authoriser if warrant\n"
    " keeps until e at most 12 hours threshold 6.5\n"
    "rule b forbid \"x\" cites \"x\" status proposed status final from 2020-06-01 in force from 2020-01-01 to 2020-12-31\n"
    " when place.city == \"Dallas\"\n"
    "order o \"x\" on 2020-03-01 suspends b lifted on 2020-04-01\n";

#endif
