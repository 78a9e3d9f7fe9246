/* SPDX-License-Identifier: MPL-2.0
 *
 * Room law: the articles of the charter, compiled in: their words, and what of them facts can show as
 * conditions that refuse, in the language of packs. They are asked before every pack and no pack can
 * loosen them. Touches nothing; the conditions are read once a process.
 *
 * The ceiling of a "small" gallery of faces (article 5) is 10,000: a large airport's departures of a
 * day stay below it, a register of residents does not. Packs can be stricter.
 */
#include "base/base_int.h"
#include "law_text.h"

#include <pthread.h>
#include <sodium.h>
#include <stdio.h>

/* Acts that end or correct a record, or show people what is held about them. */
#define ENDING "act in [\"dispose\", \"correct\", \"report\"] || act == \"view\" && purpose == \"access-request\""

static const struct hbs_law_article articles[] = {
    {1, "No ruling, no row",
     "Every act is a request with an actor, a purpose, a legal basis and a subject category. It is ruled on before a "
     "byte of the sample is decoded, and again on what the decoded sample turned out to be. The ruling is in the ledger "
     "before the answer leaves. Silence refuses.",
     "!(has(act) && has(purpose) && has(actor.id) && actor.id != \"\")\n"
     "|| act in [\"collect\", \"enrol\", \"verify\", \"identify\", \"search-kin\", \"compare-lineage\", \"view\", "
     "\"share\", \"import\"] && !has(modality)",
     NULL},
    {2, "No assessment, no processing",
     "A purpose is live only while an unexpired, signed impact assessment covers its categories, modalities and "
     "partners. Acts that only end or correct a record, or show people what is held about them, name an assessment "
     "that may have expired.",
     "!(has(assessment.id) && assessment.id != \"\") || !(" ENDING ") && !(assessment.until >= on)",
     NULL},
    {3, "A score is a lead",
     "Nothing goes from a score to \"the same person\", nor from a failed verification to any adverse step: a machine "
     "may say that a sample supports a claim, which can only help the person. Two people decide, who see neither each "
     "other's answer nor, before their own first answer is sealed, the machine's evidence. A conflict goes to a third.",
     NULL, NULL},
    {4, "The system sets the threshold",
     "A caller can make it stricter only. Each answer says the gallery size, what share of it was searched, and how "
     "many false candidates to expect.",
     NULL, NULL},
    {5, "A face is searched in small, declared galleries only",
     "A manifest, a case, one site's duplicates, each with an owner, a maximum size and an end. In a larger search a face "
     "only re-scores candidates that another modality found. No open-gallery face search, no crowds, no video, no "
     "tracking of a person over places.",
     "act == \"identify\" && modality == \"face\"\n"
     "  && !(gallery.kind in [\"crossing\", \"case\", \"site-duplicates\"] && gallery.size >= 1 && gallery.size <= 10000)\n"
     "|| modality == \"location\" && act in [\"identify\", \"search-kin\", \"compare-lineage\"]",
     NULL},
    {6, "Identity only",
     "No inference of ancestry, ethnicity, nationality, health, kin beyond the question asked, or appearance, from any "
     "modality, and none of these is a key to search or list by. Kin search needs its own authority, and the lineage "
     "question can be answered without keeping either profile.",
     "act in [\"search-kin\", \"compare-lineage\"] && modality != \"dna\"\n"
     "|| act == \"search-kin\" && !(has(authoriser.id) && authoriser.id != \"\" && authoriser.id != actor.id\n"
     "                            && purpose in [\"missing-person\", \"investigation\"])",
     NULL},
    {7, "Foreign data is unverified",
     "Until someone here has checked it, and it can support no adverse act until then.", NULL,
     "every permission to import obliges to a check of the foreign data, whatever the pack says"},
    {8, "Everything ends",
     "Every record has an end date and an event that ends it sooner. There is no \"for ever\". Overdue disposals stop "
     "new enrolment for the same purpose. A probe that finds nothing is gone when the answer is sent.", NULL,
     "a rule that permits without saying how long a record is kept, or that keeps it for more than 100 years, is not read"},
    {9, "Children and the unsure", "An unknown age is a child's. An unknown status is the most protected one.", NULL,
     "an unknown age is read as 0; with an unknown status an act is allowed only if it is with every status"},
    {10, "The person can see, contest, correct",
     "Alone or through a representative, and gets a receipt that anyone can check against the public log.", NULL, NULL},
    {11, "No default credentials, no service account without a named human, no bulk read",
     "Every human signs with a key of their own; after the first, it takes two to make another. Reasons are chosen from "
     "a list, not written freely.",
     "!(has(actor.role) && actor.role != \"\")\n"
     "|| has(authoriser.id) && authoriser.id != \"\" && authoriser.id == actor.id",
     NULL},
};

size_t hbs_law_articles(const struct hbs_law_article **out)
{
    *out = articles;
    return HBS_COUNT(articles);
}

static void add(crypto_hash_sha256_state *state, const char *text)
{
    if (text)
        crypto_hash_sha256_update(state, (const unsigned char *)text, strlen(text));
    crypto_hash_sha256_update(state, (const unsigned char *)"\n", 1);
}

void hbs_law_articles_sha256(char out[65])
{
    crypto_hash_sha256_state state;
    unsigned char hash[crypto_hash_sha256_BYTES];
    crypto_hash_sha256_init(&state);
    for (size_t i = 0; i < HBS_COUNT(articles); i++) {
        char number[12];
        snprintf(number, sizeof number, "%u", (unsigned)articles[i].number);
        add(&state, number);
        add(&state, articles[i].title);
        add(&state, articles[i].text);
        add(&state, articles[i].forbids);
        add(&state, articles[i].upheld);
    }
    crypto_hash_sha256_final(&state, hash);
    sodium_bin2hex(out, 65, hash, sizeof hash);
}

/* ---- As rules ---------------------------------------------------------------------------------- */

static struct hbs_law law;
static struct law_rule rules[HBS_COUNT(articles)];
static char names[HBS_COUNT(articles)][16];
static uint8_t numbers[HBS_COUNT(articles)];
static void *owners[HBS_COUNT(articles)]; /* of the conditions; they stay as long as the process */
static bool made;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void make(void)
{
    static struct law_status_from final = {.status = HBS_LAW_FINAL};
    struct hbs_ctx *ctx = NULL;
    if (hbs_ctx_open(NULL, &ctx))
        return;
    law = (struct hbs_law){.ctx = ctx, .name = "articles", .version = "1", .rules = rules};
    hbs_law_articles_sha256(law.sha256);
    for (size_t i = 0; i < HBS_COUNT(articles); i++) {
        if (!articles[i].forbids)
            continue;
        struct law_expr *e = NULL;
        enum hbs_err err = law_parse_condition(ctx, NULL, "articles", articles[i].forbids, strlen(articles[i].forbids), NULL,
                                               NULL, &e, &owners[i]);
        if (err == HBS_ERR_NO_MEMORY || NEVER(err))
            return;
        char *name = names[law.rule_count];
        snprintf(name, sizeof names[0], "article-%u", (unsigned)articles[i].number);
        numbers[law.rule_count] = (uint8_t)articles[i].number;
        rules[law.rule_count++] = (struct law_rule){.id = name, .words = articles[i].title, .forbids = true,
            .status = &final, .statuses = 1, .from = INT64_MIN, .to = INT64_MAX, .when = e, .all = e,
            .needs = law_reads(e)};
    }
    made = true;
}

const struct hbs_law *law_articles(void)
{
    pthread_once(&once, make);
    return made ? &law : NULL;
}

uint8_t law_article_number(uint32_t rule) { return numbers[rule]; }
