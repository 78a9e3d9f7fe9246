/* SPDX-License-Identifier: MPL-2.0
 *
 * Room score: calibration tables: looking a raw score up, the text form, the C form. Looking up is
 * four basic operations on doubles, so it gives the same bits on every machine.
 */
#include "score_int.h"

#include <math.h>

/* ---- Looking up ------------------------------------------------------------------------------ */

/* How many knots are at or below the score. */
static uint32_t knots_below(const struct hbs_score_table *t, double raw)
{
    uint32_t low = 0, high = t->count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (t->knots[middle].raw <= raw)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

double hbs_score_llr(const struct hbs_score_table *t, double raw)
{
    if (!t->count || isnan(raw))
        return 0;
    uint32_t n = knots_below(t, raw);
    if (n == 0)
        return t->knots[0].llr;
    const struct hbs_score_knot *a = &t->knots[n - 1], *b = a + 1;
    if (n == t->count)
        return a->llr;
    double llr = a->llr + (raw - a->raw) / (b->raw - a->raw) * (b->llr - a->llr);
    return llr < b->llr ? llr : b->llr; /* rounding must not pass the next knot */
}

double hbs_score_fmr(const struct hbs_score_table *t, double raw)
{
    uint32_t n = isnan(raw) ? 0 : knots_below(t, raw);
    return n ? t->knots[n - 1].fmr : 1;
}

bool hbs_score_fmr_is_bound(const struct hbs_score_table *t, double raw)
{
    return raw > t->impostor_most;
}

enum hbs_err hbs_score_table_check(struct hbs_ctx *ctx, const struct hbs_score_table *t)
{
    const char *bad = NULL;
    uint32_t i = 0;
    size_t name = strnlen(t->name, sizeof t->name);
    for (size_t k = 0; k < name; k++) {
        char c = t->name[k];
        if (!(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') && !(c >= '0' && c <= '9') && c != '.' &&
            c != '_' && c != '-')
            bad = "its name has a character that is no letter, digit, '.', '_' or '-'";
    }
    if (!name || name > HBS_SCORE_NAME_MAX)
        bad = "its name is empty or too long";
    else if (!t->genuine || !t->impostor || t->genuine > HBS_SCORE_SAMPLES_MAX ||
             t->impostor > HBS_SCORE_SAMPLES_MAX)
        bad = "its numbers of pairs make no sense";
    else if (!(t->genuine_units > 0 && t->genuine_units <= (double)t->genuine &&
               t->impostor_units > 0 && t->impostor_units <= (double)t->impostor))
        bad = "its units are not between 0 and the numbers of pairs";
    else if (!isfinite(t->impostor_most))
        bad = "its highest impostor score is not finite";
    else if (t->count < 1 || t->count > HBS_SCORE_KNOTS_MAX || !t->knots)
        bad = "it has no knots or too many";
    if (bad)
        return hbs_fail(ctx, HBS_ERR_FORMAT, "", "make the table again", "a score table is broken: %s", bad);
    double most = log10(t->impostor_units + 1), least = -log10(t->genuine_units + 1);
    for (; !bad && i < t->count; i++) {
        const struct hbs_score_knot *k = &t->knots[i];
        if (!isfinite(k->raw) || !isfinite(k->llr) || !(k->fmr > 0 && k->fmr <= 1))
            bad = "a value is not finite, or an FMR not in (0, 1]";
        else if (k->llr > most + 1e-9 || k->llr < least - 1e-9)
            bad = "an LLR is beyond what the units support";
        else if (k->fmr < (1 - 1e-9) / ((double)t->impostor + 1))
            bad = "an FMR is below what the pairs support";
        else if (i && (k->raw <= k[-1].raw || k->llr < k[-1].llr || k->fmr > k[-1].fmr))
            bad = "the knots are not in order";
    }
    if (!bad && !isfinite(t->knots[t->count - 1].raw - t->knots[0].raw))
        bad = "the scores span too much";
    return bad ? hbs_fail(ctx, HBS_ERR_FORMAT, "", "make the table again",
                          "a score table is broken at knot %u: %s", i, bad)
               : HBS_OK;
}

void hbs_score_table_close(struct hbs_ctx *ctx, struct hbs_score_table *t)
{
    hbs_free(ctx, (void *)(uintptr_t)t->knots);
    *t = (struct hbs_score_table){0};
}

/* ---- Text ------------------------------------------------------------------------------------ */

static enum hbs_err put_knots(const struct hbs_score_table *t, struct hbs_buf *out, const char *format)
{
    enum hbs_err err = HBS_OK;
    for (uint32_t i = 0; !err && i < t->count; i++) {
        char raw[32], llr[32], fmr[32];
        hbs_number_print(t->knots[i].raw, raw, sizeof raw);
        hbs_number_print(t->knots[i].llr, llr, sizeof llr);
        hbs_number_print(t->knots[i].fmr, fmr, sizeof fmr);
        err = hbs_buf_put(out, format, strcspn(format, "@"));
        if (!err)
            err = hbs_buf_printf(out, "%s%s%s%s%s%s", raw, *format == ' ' ? ", " : " ", llr,
                                 *format == ' ' ? ", " : " ", fmr, strchr(format, '@') + 1);
    }
    return err;
}

enum hbs_err hbs_score_table_write(const struct hbs_score_table *t, struct hbs_buf *out)
{
    char g[32], i[32], most[32];
    hbs_number_print(t->genuine_units, g, sizeof g);
    hbs_number_print(t->impostor_units, i, sizeof i);
    hbs_number_print(t->impostor_most, most, sizeof most);
    enum hbs_err err = hbs_buf_printf(out,
        "habeas-score 1\nname %s\npairs %llu %llu\nunits %s %s\nimpostor-most %s\nknots %u\n", t->name,
        (unsigned long long)t->genuine, (unsigned long long)t->impostor, g, i, most, t->count);
    if (!err)
        err = put_knots(t, out, "@\n");
    return err ? err : hbs_buf_printf(out, "end\n");
}

enum hbs_err hbs_score_table_write_c(const struct hbs_score_table *t, const char *symbol,
                                     struct hbs_buf *out)
{
    size_t size = strlen(symbol);
    bool good = size && size <= HBS_SCORE_NAME_MAX && !(symbol[0] >= '0' && symbol[0] <= '9');
    for (size_t k = 0; k < size; k++)
        good &= (symbol[k] >= 'a' && symbol[k] <= 'z') || (symbol[k] >= 'A' && symbol[k] <= 'Z') ||
                (symbol[k] >= '0' && symbol[k] <= '9') || symbol[k] == '_';
    if (!good)
        return hbs_fail(out->ctx, HBS_ERR_USAGE, symbol, "use letters, digits and _", "not a C name");
    char g[32], i[32], most[32];
    hbs_number_print(t->genuine_units, g, sizeof g);
    hbs_number_print(t->impostor_units, i, sizeof i);
    hbs_number_print(t->impostor_most, most, sizeof most);
    enum hbs_err err = hbs_buf_printf(out,
        "/* SPDX-License-Identifier: MPL-2.0\n *\n * Calibration \"%s\": %llu genuine and %llu impostor "
        "pairs. Made by `habeas eval calibrate` or bench/tune_finger; do not edit.\n */\n#include \"habeas/score.h\"\n\n"
        "extern const struct hbs_score_table %s;\n\n"
        "static const struct hbs_score_knot knots[] = {\n    /* raw, llr, fmr */\n",
        t->name, (unsigned long long)t->genuine, (unsigned long long)t->impostor, symbol);
    if (!err)
        err = put_knots(t, out, "    {@},\n");
    return err ? err : hbs_buf_printf(out,
        "};\n\nconst struct hbs_score_table %s = {\n    .name = \"%s\",\n    .genuine = %llu,\n"
        "    .impostor = %llu,\n    .genuine_units = %s,\n    .impostor_units = %s,\n"
        "    .impostor_most = %s,\n    .count = %u,\n    .knots = knots,\n};\n", symbol, t->name,
        (unsigned long long)t->genuine, (unsigned long long)t->impostor, g, i, most, t->count);
}

/* A reader over untrusted text: lines of words parted by single blanks. */
struct reader {
    struct hbs_ctx *ctx;
    const char *at, *end;
    size_t line;
    enum hbs_err err;
};

static void refuse(struct reader *r, const char *what)
{
    char where[32] = "line ";
    hbs_number_print((double)r->line, where + 5, sizeof where - 5);
    if (!r->err)
        r->err = hbs_fail(r->ctx, HBS_ERR_FORMAT, where, "give a table that habeas wrote", "%s", what);
}

/* The next word up to the separator, which is eaten. */
static bool word(struct reader *r, char separator, const char **at, size_t *size)
{
    if (r->err)
        return false;
    const char *p = r->at;
    while (p < r->end && *p != ' ' && *p != '\n')
        p++;
    if (p == r->end || *p != separator || p == r->at) {
        refuse(r, "not a line of a score table");
        return false;
    }
    *at = r->at;
    *size = (size_t)(p - r->at);
    r->at = p + 1;
    r->line += separator == '\n';
    return true;
}

static void keyword(struct reader *r, const char *want, char separator)
{
    const char *at;
    size_t size;
    if (word(r, separator, &at, &size) && (size != strlen(want) || memcmp(at, want, size)))
        refuse(r, "not the line of a score table that belongs here");
}

static double number(struct reader *r, char separator)
{
    const char *at;
    size_t size;
    double v = 0;
    if (word(r, separator, &at, &size) && !hbs_number_parse(at, size, &v))
        refuse(r, "not a number");
    return v;
}

static uint64_t whole(struct reader *r, char separator, uint64_t most)
{
    double v = number(r, separator);
    if (!(v >= 0 && v <= (double)most && v == floor(v))) {
        refuse(r, "not a whole number in range");
        return 0;
    }
    return (uint64_t)v;
}

enum hbs_err hbs_score_table_read(struct hbs_ctx *ctx, const void *data, size_t size,
                                  struct hbs_score_table *out)
{
    if (size > HBS_SCORE_TABLE_BYTES_MAX)
        return hbs_fail(ctx, HBS_ERR_LIMIT, "", "give a table that habeas wrote",
                        "%zu bytes, more than %u", size, HBS_SCORE_TABLE_BYTES_MAX);
    struct reader r = {ctx, data, (const char *)data + size, 1, HBS_OK};
    struct hbs_score_table t = {0};
    const char *name;
    size_t length;
    keyword(&r, "habeas-score", ' ');
    keyword(&r, "1", '\n');
    keyword(&r, "name", ' ');
    if (word(&r, '\n', &name, &length)) {
        if (length > HBS_SCORE_NAME_MAX)
            refuse(&r, "the name is too long");
        else
            memcpy(t.name, name, length);
    }
    keyword(&r, "pairs", ' ');
    t.genuine = whole(&r, ' ', HBS_SCORE_SAMPLES_MAX);
    t.impostor = whole(&r, '\n', HBS_SCORE_SAMPLES_MAX);
    keyword(&r, "units", ' ');
    t.genuine_units = number(&r, ' ');
    t.impostor_units = number(&r, '\n');
    keyword(&r, "impostor-most", ' ');
    t.impostor_most = number(&r, '\n');
    keyword(&r, "knots", ' ');
    t.count = (uint32_t)whole(&r, '\n', HBS_SCORE_KNOTS_MAX);
    if (r.err)
        return r.err;
    struct hbs_score_knot *knots = hbs_alloc(ctx, t.count, sizeof *knots);
    if (!knots)
        return hbs_fail_memory(ctx, t.count * sizeof *knots);
    for (uint32_t i = 0; !r.err && i < t.count; i++) {
        knots[i].raw = number(&r, ' ');
        knots[i].llr = number(&r, ' ');
        knots[i].fmr = number(&r, '\n');
    }
    keyword(&r, "end", '\n');
    if (!r.err && r.at != r.end)
        refuse(&r, "something follows the end");
    t.knots = knots;
    if (!r.err)
        r.err = hbs_score_table_check(ctx, &t);
    if (r.err)
        hbs_free(ctx, knots);
    else
        *out = t;
    return r.err;
}
