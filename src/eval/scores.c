/* SPDX-License-Identifier: MPL-2.0
 *
 * Room eval: score files, lines `G|I a b score` (the form is told in habeas/eval.h). The text is
 * untrusted: nothing is believed about its length, its line ends or what stands in a line, and
 * memory grows with what was read, never with what was announced.
 */
#include "eval_int.h"

#include <stdio.h>

struct field {
    const char *at;
    size_t size;
};

enum { FIELDS = 4 };

static bool is_blank(char c) { return c == ' ' || c == '\t'; }
static bool is_control(char c) { return (unsigned char)c < 0x20 || c == 0x7f; }

/* Splits a line into at most FIELDS + 1 fields (one more than good, to notice too many). */
static int split(const char *line, size_t size, struct field out[FIELDS + 1])
{
    int n = 0;
    for (size_t i = 0; i < size && n <= FIELDS;) {
        if (is_blank(line[i])) {
            i++;
            continue;
        }
        if (line[i] == '#')
            break;
        size_t begin = i;
        while (i < size && !is_blank(line[i]))
            i++;
        out[n++] = (struct field){line + begin, i - begin};
    }
    return n;
}

/* "file:12" as the error's place; the words stay. */
static enum hbs_err at_line(struct hbs_eval_set *set, const char *file, size_t line, enum hbs_err err)
{
    char where[192], number[24];
    int tail = snprintf(number, sizeof number, ":%zu", line);
    /* a long file name loses its end, never the line number */
    snprintf(where, sizeof where, "%.*s%s", (int)sizeof where - 1 - tail, file, number);
    hbs_ctx_set_where(set->ctx, where);
    return err;
}

static enum hbs_err bad(struct hbs_eval_set *set, const char *what)
{
    return hbs_fail(set->ctx, HBS_ERR_FORMAT, "", "write lines 'G|I a b score'", "%s", what);
}

static enum hbs_err read_line(struct hbs_eval_set *set, const char *line, size_t size)
{
    struct field f[FIELDS + 1];
    int n = split(line, size, f);
    if (!n)
        return HBS_OK;
    if (f[0].size != 1 || (f[0].at[0] != 'G' && f[0].at[0] != 'I'))
        return bad(set, "the line begins with neither G nor I");
    if (n != FIELDS)
        return bad(set, n < FIELDS ? "the line has too few fields" : "the line has too many fields");
    for (int i = 1; i <= 2; i++)
        for (size_t j = 0; j < f[i].size; j++)
            if (is_control(f[i].at[j]))
                return bad(set, "a name has a control character");
    double score;
    if (!hbs_number_parse(f[3].at, f[3].size, &score))
        return bad(set, "the score is not a finite decimal number");
    uint32_t a, b;
    enum hbs_err err;
    if ((err = hbs_eval_set_print(set, f[1].at, f[1].size, &a)) ||
        (err = hbs_eval_set_print(set, f[2].at, f[2].size, &b)))
        return err;
    return hbs_eval_set_add(set, f[0].at[0] == 'G', a, b, score);
}

enum hbs_err hbs_eval_set_read(struct hbs_eval_set *set, const char *file, const void *data,
                               size_t size)
{
    const char *p = data, *end = p + size;
    for (size_t line = 1; p < end; line++) {
        const char *stop = memchr(p, '\n', (size_t)(end - p));
        const char *next = stop ? stop + 1 : end;
        if (!stop)
            stop = end;
        if (stop > p && stop[-1] == '\r')
            stop--;
        enum hbs_err err = read_line(set, p, (size_t)(stop - p));
        if (err)
            return at_line(set, file, line, err);
        p = next;
    }
    return HBS_OK;
}

static enum hbs_err write_name(const struct hbs_eval_set *set, uint32_t print, struct hbs_buf *out)
{
    static const char hex[] = "0123456789ABCDEF";
    const struct eval_name *n = &set->prints.names[print];
    const uint8_t *name = set->text.data + n->offset;
    enum hbs_err err = hbs_buf_put(out, " ", 1);
    for (uint32_t i = 0; !err && i < n->size; i++) {
        char c = (char)name[i], escape[3] = {'%', hex[name[i] >> 4], hex[name[i] & 15]};
        bool plain = !is_blank(c) && !is_control(c) && c != '%' && (c != '#' || i);
        err = hbs_buf_put(out, plain ? &c : escape, plain ? 1 : 3);
    }
    return err;
}

enum hbs_err hbs_eval_set_write(const struct hbs_eval_set *set, struct hbs_buf *out)
{
    enum hbs_err err = HBS_OK;
    for (int genuine = 1; genuine >= 0; genuine--) {
        const struct eval_pairs *p = &set->pairs[genuine];
        for (size_t i = 0; !err && i < p->count; i++) {
            char number[32];
            hbs_number_print(p->at[i].score, number, sizeof number);
            if (!(err = hbs_buf_put(out, genuine ? "G" : "I", 1)) &&
                !(err = write_name(set, p->at[i].a, out)) &&
                !(err = write_name(set, p->at[i].b, out)))
                err = hbs_buf_printf(out, " %s\n", number);
        }
    }
    return err;
}
