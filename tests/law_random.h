/* SPDX-License-Identifier: MPL-2.0
 *
 * Random law packs and random acts for tests: the room law from the outside. A pack is text in the
 * language of docs/formats/law-pack.md, so that reader, evaluator and prover all work on it. Constants are
 * few and near each other, so that rules meet, dates touch and sums overflow.
 */
#ifndef HABEAS_LAW_RANDOM_H
#define HABEAS_LAW_RANDOM_H

#include "habeas/law.h"
#include "tap.h"

struct random_law {
    struct hbs_rng rng;
    char text[65536];
    size_t size;
    bool ordered;       /* some strings are compared with < */
    bool dates_move;    /* sums of dates */
};

static const char *const random_strings[] = {"", "a", "b", "ab", "a ", "x", "o1", "Dallas", "a  b", "z", "self"};
static const enum hbs_fact random_open[] = {HBS_FACT_ACTOR_ID, HBS_FACT_AUTHORISER_ID, HBS_FACT_PLACE_CITY,
                                            HBS_FACT_CONSENT_BY, HBS_FACT_ACTOR_AGENCY};
static const enum hbs_fact random_closed[] = {HBS_FACT_ACT, HBS_FACT_MODALITY, HBS_FACT_PURPOSE, HBS_FACT_SUBJECT_STATUS,
                                              HBS_FACT_SUBJECT_STATUS, HBS_FACT_PLACE_KIND, HBS_FACT_PLACE_PORT_KIND};
static const enum hbs_fact random_flags[] = {HBS_FACT_SUBJECT_ARRESTED, HBS_FACT_CONSENT_GIVEN, HBS_FACT_WARRANT};
static const enum hbs_fact random_numbers[] = {HBS_FACT_SUBJECT_AGE, HBS_FACT_SUBJECT_AGE, HBS_FACT_FACILITY_CAPACITY,
                                               HBS_FACT_FACILITY_OCCUPANCY, HBS_FACT_GALLERY_SIZE};
static const int64_t random_integers[] = {0, 1, 13, 14, 15, 18, 79, 80, 100, INT64_MAX, INT64_MAX - 14, -INT64_MAX, -1};
static const char *const random_dates[] = {"1900-01-01", "2004-01-05", "2019-12-31", "2020-01-06", "2020-02-29", "2020-04-04",
                                           "2020-05-01", "2020-07-01", "2025-12-26", "2199-12-31"};

#define PICK(r, list) ((list)[hbs_rng_below(&(r)->rng, (uint32_t)(sizeof(list) / sizeof *(list)))])

static inline uint32_t below(struct random_law *r, uint32_t n) { return hbs_rng_below(&r->rng, n); }
static inline bool chance(struct random_law *r, uint32_t percent) { return below(r, 100) < percent; }

static inline void put(struct random_law *r, const char *format, ...) HBS_PRINTF(2, 3);
static inline void put(struct random_law *r, const char *format, ...)
{
    va_list ap;
    va_start(ap, format);
    int n = vsnprintf(r->text + r->size, sizeof r->text - r->size, format, ap);
    va_end(ap);
    if (n > 0 && r->size + (size_t)n < sizeof r->text)
        r->size += (size_t)n;
}

static inline const char *closed_name(struct random_law *r, enum hbs_fact f)
{
    uint32_t n = 0;
    const char *const *names = hbs_fact_info(f)->names;
    while (names[n])
        n++;
    return names[below(r, n < 4 || chance(r, 30) ? n : 4)]; /* the first few more often */
}

static inline void put_number(struct random_law *r)
{
    for (uint32_t i = 0, n = chance(r, 40) ? 1 + below(r, 3) : 0; i <= n; i++) {
        if (i)
            put(r, chance(r, 50) ? " + " : " - ");
        if (chance(r, 50))
            put(r, "%s", hbs_fact_info(PICK(r, random_numbers))->name);
        else
            put(r, "%lld", (long long)PICK(r, random_integers));
    }
}

static inline void put_date(struct random_law *r)
{
    if (chance(r, 30))
        put(r, "on");
    else if (chance(r, 40))
        put(r, "assessment.until");
    else if (chance(r, 20))
        put(r, "timestamp(\"2020-05-01T12:00:00Z\")");
    else
        put(r, "date(\"%s\")", PICK(r, random_dates));
    if (r->dates_move && chance(r, 40))
        put(r, " %s duration(\"%s\")", chance(r, 50) ? "+" : "-",
            PICK(r, ((const char *const[]){"1d", "36h", "30d", "1s", "100000000000000d", "-1d", "106751991167300d"})));
}

static inline void put_condition(struct random_law *r, uint32_t depth);

static inline void put_open(struct random_law *r)
{
    put(r, "%s", hbs_fact_info(PICK(r, random_open))->name);
}

static inline void put_leaf(struct random_law *r)
{
    static const char *const orders[] = {"==", "!=", "<", "<=", ">", ">="};
    enum hbs_fact f;
    switch (below(r, 10)) {
    case 0: put(r, "%s", hbs_fact_info(PICK(r, random_flags))->name); break;
    case 1:
        put(r, "has(%s)", hbs_fact_info(chance(r, 40)   ? PICK(r, random_closed)
                                        : chance(r, 50) ? PICK(r, random_numbers)
                                                        : PICK(r, random_open))->name);
        break;
    case 2:
    case 3:
        f = PICK(r, random_closed);
        if (chance(r, 50)) {
            put(r, "%s %s \"%s\"", hbs_fact_info(f)->name, chance(r, 70) ? "==" : "!=", closed_name(r, f));
        } else {
            put(r, "%s in [", hbs_fact_info(f)->name);
            for (uint32_t i = 0, n = below(r, 5); i < n; i++)
                put(r, "%s\"%s\"", i ? ", " : "", closed_name(r, f));
            put(r, "]");
        }
        break;
    case 4:
    case 5:
        put_open(r);
        put(r, " %s ", orders[r->ordered ? below(r, 6) : below(r, 2)]);
        if (chance(r, 40))
            put_open(r);
        else
            put(r, "\"%s\"", PICK(r, random_strings));
        break;
    case 6:
        if (chance(r, 70))
            put_open(r);
        else
            put(r, "\"%s\"", PICK(r, random_strings));
        put(r, " in [");
        for (uint32_t i = 0, n = below(r, 4); i < n; i++) {
            put(r, i ? ", " : "");
            if (chance(r, 30))
                put_open(r);
            else
                put(r, "\"%s\"", PICK(r, random_strings));
        }
        put(r, "]");
        break;
    case 7:
        put_number(r);
        if (chance(r, 80)) {
            put(r, " %s ", orders[below(r, 6)]);
            put_number(r);
        } else {
            put(r, " in [");
            put_number(r);
            put(r, ", 14, 0]");
        }
        break;
    case 8:
        if (chance(r, 80)) {
            put_date(r);
            put(r, " %s ", orders[below(r, 6)]);
            put_date(r);
        } else {
            put(r, "on - assessment.until %s duration(\"%s\")", orders[below(r, 6)],
                PICK(r, ((const char *const[]){"0s", "1d", "-1d", "36h", "-3000d"})));
        }
        break;
    default:
        put(r, "(");
        put_condition(r, 1);
        put(r, ") %s (", chance(r, 50) ? "==" : "!=");
        put_condition(r, 1);
        put(r, ")");
        break;
    }
}

static inline void put_condition(struct random_law *r, uint32_t depth)
{
    uint32_t kind = depth ? below(r, 10) : 9;
    if (kind < 3 || kind < 6) {
        put(r, "(");
        put_condition(r, depth - 1);
        put(r, kind < 3 ? " && " : " || ");
        put_condition(r, depth - 1);
        put(r, ")");
    } else if (kind < 7) {
        put(r, "!(");
        put_condition(r, depth - 1);
        put(r, ")");
    } else {
        put_leaf(r);
    }
}

static inline void put_names(struct random_law *r, const char *clause, enum hbs_fact f)
{
    uint32_t first = chance(r, 60) ? 0 : below(r, 6), n = 1 + below(r, 4);
    const char *const *names = hbs_fact_info(f)->names;
    put(r, "  %s", clause);
    for (uint32_t i = 0; i < n && names[first + i]; i++)
        put(r, "%s%s", i ? ", " : " ", names[first + i]);
    put(r, "\n");
}

static inline void put_rule(struct random_law *r, uint32_t i)
{
    static const char *const statuses[] = {"final", "final", "final", "interim final", "proposed", "suspended by a court",
                                           "withdrawn", "under review", "struck down"};
    bool permit = i == 0 || chance(r, 65);
    uint32_t from = below(r, 5);
    put(r, "rule r%u %s \"words\"\n  cites \"c\"\n", i, permit ? "permit" : "forbid");
    put(r, "  status %s\n", statuses[chance(r, 75) ? 0 : below(r, 9)]);
    for (uint32_t k = from; k + 1 < 10 && chance(r, 25); k++)
        put(r, "  status %s from %s\n", statuses[below(r, 9)], random_dates[k + 1]);
    put(r, "  in force from %s", random_dates[chance(r, 50) ? 0 : from]);
    if (chance(r, 30))
        put(r, " to %s", random_dates[from + below(r, 10 - from)]);
    put(r, "\n");
    if (permit || chance(r, 70))
        put_names(r, "acts", HBS_FACT_ACT);
    if (chance(r, 40))
        put_names(r, "modalities", HBS_FACT_MODALITY);
    if (chance(r, 30))
        put_names(r, "purposes", HBS_FACT_PURPOSE);
    if (chance(r, 20))
        put(r, "  programmes %s\n", chance(r, 50) ? "p-one" : "p-one, p-two");
    if (chance(r, permit ? 65 : 95)) {
        put(r, "  when ");
        put_condition(r, permit ? 2 : 3);
        put(r, "\n");
    }
    if (permit && chance(r, 50)) {
        put(r, "  obliges %s", PICK(r, ((const char *const[]){"notice", "case", "authoriser", "foreign-data-check"})));
        if (chance(r, 50)) {
            put(r, " if ");
            put_condition(r, 1);
        }
        put(r, "\n");
    }
    if (permit)
        put(r, chance(r, 70) ? "  keeps for %u %s\n" : "  keeps until e-one at most %u %s\n", 1 + below(r, 40),
            PICK(r, ((const char *const[]){"hours", "days", "months", "years"})));
}

/* A whole pack from a seed. */
static inline void random_pack(struct random_law *r, uint64_t seed)
{
    hbs_rng_seed(&r->rng, seed);
    r->size = 0;
    r->ordered = chance(r, 25);
    r->dates_move = chance(r, 40);
    put(r, "pack p version \"1\"\nprogramme p-one \"1\"\nprogramme p-two \"2\"\nevent e-one \"1\"\n");
    uint32_t rules = 1 + below(r, 7);
    for (uint32_t i = 0; i < rules; i++)
        put_rule(r, i);
    for (uint32_t i = 0; chance(r, 30) && i < 2; i++) {
        uint32_t on = below(r, 8);
        put(r, "order o%u \"words\" on %s suspends r%u\n", i, random_dates[on], below(r, rules));
        if (chance(r, 50))
            put(r, "  lifted on %s\n", random_dates[on + 1]);
    }
}

/* A condition alone, NUL-terminated behind the pack's text; NULL when there is no room. */
static inline const char *random_condition(struct random_law *r, uint32_t depth)
{
    size_t at = ++r->size;
    put_condition(r, depth);
    return at < r->size ? r->text + at : NULL;
}

/* An act near the constants. `likely` is how often the articles are content, in percent. */
static inline int64_t random_act(struct random_law *r, struct hbs_ctx *ctx, uint32_t likely, struct hbs_facts *out)
{
    enum hbs_err err = HBS_OK;
    int64_t on = 0, date;
    hbs_facts_clear(out);
    err |= hbs_date_read(ctx, PICK(r, random_dates), &on);
    on += 86400 * ((int64_t)below(r, 3) - 1);
    if (chance(r, 10))
        on = 86400 * ((int64_t)below(r, 109573) - 25567);
    on = on < -25567 * INT64_C(86400) ? -25567 * INT64_C(86400) : on > 84005 * INT64_C(86400) ? 84005 * INT64_C(86400) : on;
    for (uint32_t f = 0; f < HBS_FACT_COUNT; f++) {
        const struct hbs_fact_info *info = hbs_fact_info(f);
        bool article = f == HBS_FACT_ACT || f == HBS_FACT_MODALITY || f == HBS_FACT_PURPOSE || f == HBS_FACT_ACTOR_ID ||
                       f == HBS_FACT_ACTOR_ROLE || f == HBS_FACT_ASSESSMENT_ID || f == HBS_FACT_ASSESSMENT_UNTIL;
        if (!chance(r, article ? likely : 70))
            continue;
        switch (info->type) {
        case HBS_FACT_NAME: err |= hbs_facts_set_string(ctx, out, f, closed_name(r, f)); break;
        case HBS_FACT_STRING:
            if (f == HBS_FACT_PROGRAMME)
                err |= hbs_facts_set_string(ctx, out, f, PICK(r, ((const char *const[]){"", "p-one", "p-two"})));
            else if (article && chance(r, likely))
                err |= hbs_facts_set_string(ctx, out, f, f == HBS_FACT_ACTOR_ID ? "o1" : "q");
            else
                err |= hbs_facts_set_string(ctx, out, f, chance(r, 85) ? PICK(r, random_strings)
                                                         : chance(r, 50) ? "quite other" : "another");
            break;
        case HBS_FACT_INTEGER:
            date = chance(r, 80) ? random_integers[below(r, 9)] : (int64_t)below(r, 150);
            date = date < info->least ? info->least : date > info->most ? info->most : date;
            err |= hbs_facts_set_number(ctx, out, f, date);
            break;
        case HBS_FACT_BOOLEAN: err |= hbs_facts_set_number(ctx, out, f, below(r, 2)); break;
        default:
            date = on;
            if (chance(r, 50))
                err |= hbs_date_read(ctx, chance(r, 60) ? "2199-12-31" : PICK(r, random_dates), &date);
            err |= hbs_facts_set_number(ctx, out, f, date);
        }
    }
    if (err)
        printf("# a random act could not be made: %s\n", hbs_ctx_what(ctx));
    return on;
}

#endif
