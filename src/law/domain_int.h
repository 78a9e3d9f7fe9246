/* SPDX-License-Identifier: MPL-2.0
 *
 * Room law, private: the values that a fact can be told apart by. A solver cannot be given every
 * string; it is given those that conditions name, and for all others as many stand-ins as could be
 * told apart (domain.c). It knows no solver.
 */
#ifndef HABEAS_LAW_DOMAIN_INT_H
#define HABEAS_LAW_DOMAIN_INT_H

#include "law_int.h"

/* The values of one string fact, in the order in which an example prefers them. */
struct law_domain {
    const char **value;
    uint32_t count;
};

/* What a set of conditions reads, and the values of the string facts among it. */
struct law_domains {
    struct hbs_ctx *ctx;
    uint64_t used;                          /* facts that some condition reads */
    struct law_domain of[HBS_FACT_COUNT];
    uint8_t group[HBS_FACT_COUNT];          /* facts compared with each other: the root of each */
    bool ordered[HBS_FACT_COUNT];           /* by root: some comparison is < <= > >= */
    struct law_named_value *named;          /* fact, constant: compared in one condition */
    uint32_t named_count, named_capacity;
    char **word;                            /* stand-ins, owned */
    uint32_t word_count, word_capacity;
};
struct law_named_value {
    enum hbs_fact fact;
    const char *text;
};

void law_domains_open(struct hbs_ctx *ctx, struct law_domains *out);
void law_domains_close(struct law_domains *domains);
/* Takes a condition in (NULL: nothing). Before law_domains_make. */
enum hbs_err law_domains_read(struct law_domains *domains, const struct law_expr *expr);
/* All conditions of a law, obligations' too. */
enum hbs_err law_domains_read_law(struct law_domains *domains, const struct hbs_law *law);
/* Those of the built-in articles. */
enum hbs_err law_domains_read_articles(struct law_domains *domains);
/* A value that a fact has: it becomes one of the fact's values. */
enum hbs_err law_domains_name(struct law_domains *domains, enum hbs_fact fact, const char *text);
/* The values of every string fact in `used`. HBS_ERR_LIMIT beyond HBS_LAW_VALUES_MAX of one. */
enum hbs_err law_domains_make(struct law_domains *domains);
/* Where `text` stands among the fact's values, or -1: the fact cannot have that value. */
int law_domain_find(const struct law_domains *domains, enum hbs_fact fact, const char *text);

static inline bool law_fact_is_text(enum hbs_fact fact)
{
    enum hbs_fact_type t = hbs_fact_info(fact)->type;
    return t == HBS_FACT_STRING || t == HBS_FACT_NAME;
}

#endif
