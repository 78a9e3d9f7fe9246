/* SPDX-License-Identifier: MPL-2.0
 *
 * Room law: the text of packs, cases and conditions -> words, numbers, dates, strings and marks; the
 * list of mistakes; the small steps that the readers share. Text is UTF-8; control characters and the
 * marks that change the direction of writing are mistakes, because with them a pack does not say what
 * it shows (Boucher and Anderson, "Trojan Source", 2021). Touches the reader and its arena alone.
 */
#include "base/base_int.h"
#include "law_text.h"

#include <stdio.h>
#include <stdlib.h>

static const char *const marks[] = {"==", "!=", "<=", ">=", "&&", "||", "(", ")", "[", "]", ",", "=", "<", ">", "!",
                                    "+", "-"};

static bool is_digit(char c) { return c >= '0' && c <= '9'; }
static bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }

/* ---- UTF-8 --------------------------------------------------------------------------------------- */

/* Length of the character at p, 0 when it is not UTF-8 (RFC 3629: shortest form, no surrogates). */
static size_t character(const char *p, size_t left, uint32_t *code)
{
    unsigned char a = (unsigned char)p[0];
    size_t n = a < 0x80 ? 1 : a >= 0xc2 && a < 0xe0 ? 2 : a >= 0xe0 && a < 0xf0 ? 3 : a >= 0xf0 && a < 0xf5 ? 4 : 0;
    if (!n || n > left)
        return 0;
    uint32_t c = n == 1 ? a : a & (0x7fu >> n);
    for (size_t i = 1; i < n; i++) {
        if (((unsigned char)p[i] & 0xc0) != 0x80)
            return 0;
        c = c << 6 | ((unsigned char)p[i] & 0x3f);
    }
    if ((n == 3 && c < 0x800) || (n == 4 && c < 0x10000) || (c >= 0xd800 && c < 0xe000) || c > 0x10ffff)
        return 0;
    *code = c;
    return n;
}

static bool is_hidden(uint32_t c)
{
    return (c < 32 && c != '\n' && c != '\r' && c != '\t') || (c >= 127 && c < 160) || (c >= 0x202a && c <= 0x202e) ||
           (c >= 0x2066 && c <= 0x2069) || c == 0x200e || c == 0x200f || c == 0x061c || c == 0xfeff;
}

void law_clean(char *text)
{
    char *to = text;
    for (size_t left = strlen(text); left;) {
        uint32_t code = 0;
        size_t n = character(text, left, &code), step = n ? n : 1;
        if (n && (is_hidden(code) || code < 32))
            *to++ = '?';
        else if (n)
            memmove(to, text, n), to += n;
        text += step;
        left -= step;
    }
    *to = 0;
}

/* ---- Mistakes ---------------------------------------------------------------------------------- */

/* From here on the text looks as if it ended. */
static void stop(struct law_reader *r)
{
    r->at = r->size;
    r->token.kind = LAW_T_END;
    r->token.from = r->token.to = r->size;
}

static void add_mistake(struct law_reader *r, uint32_t line, uint32_t column, const char *format, va_list ap)
{
    if (r->full || r->no_memory)
        return;
    for (uint32_t i = 0; i < r->mistake_count; i++)
        if (r->mistakes[i].line == line && r->mistakes[i].column == column)
            return; /* one place, one mistake: the first says most */
    struct hbs_law_mistake *m = &r->mistakes[r->mistake_count++];
    m->line = line;
    m->column = column;
    vsnprintf(m->what, sizeof m->what, format, ap);
    law_clean(m->what);
    if (r->mistake_count == HBS_LAW_MISTAKES_MAX) {
        r->full = true;
        stop(r);
    }
}

void law_mistake_at(struct law_reader *r, uint32_t line, uint32_t column, const char *format, ...)
{
    va_list ap;
    va_start(ap, format);
    add_mistake(r, line, column, format, ap);
    va_end(ap);
}

void law_mistake(struct law_reader *r, const struct law_token *at, const char *format, ...)
{
    if (at->broken)
        return; /* said already */
    va_list ap;
    va_start(ap, format);
    add_mistake(r, at->line, at->column, format, ap);
    va_end(ap);
}

/* Every byte is looked at once before anything else; the first that will not do ends the reading. */
static bool check_text(struct law_reader *r)
{
    uint32_t line = 1, column = 1;
    for (uint32_t i = 0; i < r->size;) {
        uint32_t code = 0;
        size_t n = character(r->text + i, r->size - i, &code);
        if (!n)
            law_mistake_at(r, line, column, "this is not UTF-8; save the text as UTF-8");
        else if (is_hidden(code))
            law_mistake_at(r, line, column, "an invisible character (U+%04X); leave it out", (unsigned)code);
        if (!n || is_hidden(code))
            return false;
        i += (uint32_t)n;
        column++;
        if (code == '\n') {
            line++;
            column = 1;
        }
    }
    return true;
}

/* ---- Tokens ---------------------------------------------------------------------------------------- */

/* Column in characters of a byte of the present line; bytes come in rising order. */
static uint32_t column_of(struct law_reader *r, uint32_t at)
{
    for (; r->counted < at; r->counted++)
        if (((unsigned char)r->text[r->counted] & 0xc0) != 0x80)
            r->column++;
    return r->column;
}

static void new_line(struct law_reader *r)
{
    r->line++;
    r->line_at = r->counted = r->at;
    r->column = 1;
}

static void skip_blanks(struct law_reader *r, bool *first)
{
    for (; r->at < r->size; r->at++) {
        char c = r->text[r->at];
        if (c == '#') {
            while (r->at < r->size && r->text[r->at] != '\n')
                r->at++;
            if (r->at == r->size)
                return;
            c = '\n';
        }
        if (c == '\n') {
            r->at++;
            new_line(r);
            r->at--;
            *first = true;
        } else if (c != ' ' && c != '\t' && c != '\r') {
            return;
        }
    }
}

/* A date is four digits, '-', one or two digits, '-', one or two digits: also a wrong one. */
static uint32_t date_size(const char *p, uint32_t left)
{
    uint32_t n = 0, part = 0, digits = 0;
    for (; n < left && part < 3; n++) {
        if (is_digit(p[n]))
            digits++;
        else if (p[n] == '-' && part < 2 && (part ? digits == 1 || digits == 2 : digits == 4))
            part++, digits = 0;
        else
            break;
    }
    return part == 2 && (digits == 1 || digits == 2) && !(n < left && is_letter(p[n])) ? n : 0;
}

static void scan_string(struct law_reader *r, struct law_token *t)
{
    char quote = r->text[r->at++];
    for (; r->at < r->size && r->text[r->at] != '\n'; r->at++) {
        if (r->text[r->at] == '\\' && r->at + 1 < r->size && r->text[r->at + 1] != '\n') {
            r->at++;
        } else if (r->text[r->at] == quote) {
            r->at++;
            return;
        }
    }
    law_mistake(r, t, "a string that does not end on its line; close it with %c", quote);
    t->broken = true;
}

static struct law_token scan(struct law_reader *r)
{
    struct law_token t = {.first = r->at == 0};
    for (;;) {
        skip_blanks(r, &t.first);
        t.from = r->at;
        t.line = r->line;
        t.column = column_of(r, r->at);
        if (r->at >= r->size) {
            t.kind = LAW_T_END;
            break;
        }
        const char *p = r->text + r->at;
        uint32_t left = r->size - r->at, n = 1;
        if (is_letter(*p)) {
            while (n < left && (is_letter(p[n]) || is_digit(p[n]) || p[n] == '-' || p[n] == '.'))
                n++;
            while (n > 1 && (p[n - 1] == '-' || p[n - 1] == '.'))
                n--;
            t.kind = LAW_T_WORD;
            r->at += n;
        } else if (is_digit(*p)) {
            if ((n = date_size(p, left))) {
                t.kind = LAW_T_DATE;
            } else {
                for (n = 1; n < left && is_digit(p[n]);)
                    n++;
                t.kind = LAW_T_INTEGER;
                if (n + 1 < left && p[n] == '.' && is_digit(p[n + 1])) {
                    for (n += 2; n < left && is_digit(p[n]);)
                        n++;
                    t.kind = LAW_T_DECIMAL;
                }
            }
            r->at += n;
            if (n < left && is_letter(p[n])) {
                while (n < left && (is_letter(p[n]) || is_digit(p[n])))
                    n++;
                r->at = (uint32_t)(p - r->text) + n;
                law_mistake(r, &t, "'%.*s' is neither a number nor a name", (int)(n < 40 ? n : 40), p);
                t.broken = true;
            }
        } else if (*p == '"' || *p == '\'') {
            t.kind = LAW_T_STRING;
            scan_string(r, &t);
        } else {
            size_t i = 0;
            while (i < HBS_COUNT(marks) && (strlen(marks[i]) > left || memcmp(p, marks[i], strlen(marks[i]))))
                i++;
            if (i == HBS_COUNT(marks)) {
                uint32_t code = 0;
                n = (uint32_t)character(p, left, &code);
                r->at += n ? n : 1;
                law_mistake(r, &t, "'%.*s' has no meaning here%s", (int)n, p,
                            *p == '&' ? ", did you mean '&&'?" : *p == '|' ? ", did you mean '||'?" : "");
                continue;
            }
            t.kind = LAW_T_MARK;
            r->at += (uint32_t)strlen(marks[i]);
        }
        break;
    }
    t.to = r->at;
    return t;
}

void law_next(struct law_reader *r)
{
    r->last_to = r->token.to;
    r->token = scan(r);
    if (r->full || r->no_memory)
        stop(r);
}

struct law_token law_peek(const struct law_reader *r)
{
    static struct hbs_law_mistake nowhere;
    struct law_reader copy = *r; /* what it finds wrong will be found again */
    copy.full = true;
    copy.mistakes = &nowhere;
    return scan(&copy);
}

void law_cut_word(struct law_reader *r)
{
    struct law_token *t = &r->token;
    const char *minus = t->kind == LAW_T_WORD ? memchr(r->text + t->from, '-', t->to - t->from) : NULL;
    if (minus) {
        t->to = (uint32_t)(minus - r->text);
        r->at = t->to;
    }
}

/* ---- Steps ----------------------------------------------------------------------------------------- */

bool law_token_is(const struct law_reader *r, const struct law_token *t, const char *word)
{
    size_t n = strlen(word);
    return (t->kind == LAW_T_WORD || t->kind == LAW_T_MARK) && t->to - t->from == n &&
           !memcmp(r->text + t->from, word, n);
}

bool law_is(const struct law_reader *r, const char *word) { return law_token_is(r, &r->token, word); }

bool law_take(struct law_reader *r, const char *word)
{
    if (!law_is(r, word))
        return false;
    law_next(r);
    return true;
}

const char *law_token_words(const struct law_reader *r, const struct law_token *t, char out[64])
{
    if (t->kind == LAW_T_END) {
        snprintf(out, 64, "the end");
        return out;
    }
    uint32_t n = t->to - t->from, code;
    if (n > 40) { /* cut between characters */
        uint32_t k = 0;
        while (k < 40)
            k += (uint32_t)character(r->text + t->from + k, n - k, &code);
        snprintf(out, 64, "'%.*s...'", (int)k, r->text + t->from);
    } else {
        snprintf(out, 64, t->kind == LAW_T_STRING ? "%.*s" : "'%.*s'", (int)n, r->text + t->from);
    }
    return out;
}

bool law_expected(struct law_reader *r, const char *what)
{
    char words[64];
    law_mistake(r, &r->token, "%s where %s is expected", law_token_words(r, &r->token, words), what);
    return false;
}

static char *take(struct law_reader *r, const char *text, size_t size)
{
    char *p = law_arena_text(r->arena, text, size);
    if (!p) {
        r->no_memory = true;
        stop(r);
    }
    return p;
}

const char *law_word(struct law_reader *r)
{
    const char *p = take(r, r->text + r->token.from, r->token.to - r->token.from);
    if (p)
        law_next(r);
    return p;
}

const char *law_string(struct law_reader *r, const char *what)
{
    if (r->token.kind != LAW_T_STRING) {
        law_expected(r, what);
        return NULL;
    }
    /* a copy as long as what is written, quotes and all, is long enough */
    size_t most = 0, n = 0;
    struct law_reader look = *r;
    struct hbs_law_mistake nowhere[1];
    look.mistakes = nowhere;
    look.full = true;
    for (struct law_token t = r->token; t.kind == LAW_T_STRING; t = scan(&look))
        most += t.to - t.from;
    char *out = law_arena_take(r->arena, most + 1, 1);
    if (!out) {
        r->no_memory = true;
        stop(r);
        return NULL;
    }
    bool good = true;
    for (; r->token.kind == LAW_T_STRING; law_next(r)) {
        good &= !r->token.broken;
        uint32_t end = r->token.to - !r->token.broken;
        for (uint32_t i = r->token.from + 1; i < end; i++) {
            char c = r->text[i];
            if (c == '\\') {
                c = ++i < end ? r->text[i] : 0;
                if (c == 'n') {
                    c = '\n';
                } else if (c != '"' && c != '\'' && c != '\\') {
                    struct law_token at = r->token;
                    for (uint32_t k = at.from; k < i - 1; k++)
                        at.column += ((unsigned char)r->text[k] & 0xc0) != 0x80;
                    law_mistake(r, &at, "in a string '\\' is followed by \", ', \\ or n");
                    good = false;
                    if (r->full)
                        return NULL;
                    c = ' ';
                }
            }
            out[n++] = c;
        }
    }
    return good ? out : NULL;
}

bool law_date(struct law_reader *r, int64_t *out)
{
    if (r->token.kind != LAW_T_DATE)
        return law_expected(r, "a date YYYY-MM-DD");
    if (!law_date_parse(r->text + r->token.from, r->token.to - r->token.from, out)) {
        char words[64];
        law_mistake(r, &r->token, "%s is no date of the calendar from 1900-01-01 to 2199-12-31",
                    law_token_words(r, &r->token, words));
        *out = 0;
    }
    law_next(r);
    return true;
}

bool law_integer(struct law_reader *r, int64_t *out)
{
    if (r->token.kind != LAW_T_INTEGER)
        return law_expected(r, "a whole number");
    int64_t v = 0;
    bool over = false;
    for (uint32_t i = r->token.from; i < r->token.to && is_digit(r->text[i]); i++)
        over |= __builtin_mul_overflow(v, 10, &v) || __builtin_add_overflow(v, r->text[i] - '0', &v);
    if (over)
        law_mistake(r, &r->token, "a number too large for 64 bits");
    *out = over ? 0 : v;
    law_next(r);
    return true;
}

bool law_decimal(struct law_reader *r, int32_t *thousandths)
{
    if (r->token.kind != LAW_T_DECIMAL && r->token.kind != LAW_T_INTEGER)
        return law_expected(r, "a number such as 6 or 6.5");
    int64_t v = 0;
    int places = -1;
    for (uint32_t i = r->token.from; i < r->token.to && places < 4 && v < 100000000; i++) {
        char c = r->text[i];
        if (c == '.') {
            places = 0;
        } else if (is_digit(c)) {
            v = v * 10 + c - '0';
            places += places >= 0;
        }
    }
    if (places > 3)
        law_mistake(r, &r->token, "at most three places after the point");
    for (int i = places < 0 ? 0 : places; i < 3; i++)
        v *= 10;
    if (places <= 3 && v > 1000000)
        law_mistake(r, &r->token, "a log10 likelihood ratio of more than 1000");
    *thousandths = v > 1000000 ? 0 : (int32_t)v;
    law_next(r);
    return true;
}

const char *law_name(struct law_reader *r, const char *what)
{
    if (r->token.kind != LAW_T_WORD) {
        law_expected(r, what);
        return NULL;
    }
    for (uint32_t i = r->token.from; i < r->token.to; i++) {
        char c = r->text[i];
        if (!(c >= 'a' && c <= 'z') && !(i > r->token.from && (is_digit(c) || c == '-'))) {
            law_mistake(r, &r->token, "a name is a letter a-z, then letters a-z, digits and '-'");
            law_next(r);
            return NULL;
        }
    }
    return law_word(r);
}

void law_mention(struct law_reader *r, int of, const char *name, const struct law_token *at)
{
    struct law_mention *m = law_arena_grow(r->arena, r->mentions, r->mention_count, sizeof *m);
    if (!m) {
        r->no_memory = true;
        stop(r);
        return;
    }
    r->mentions = m;
    m[r->mention_count].of = of;
    m[r->mention_count].name = name;
    m[r->mention_count].line = at->line;
    m[r->mention_count++].column = at->column;
}

/* ---- Nearest names ----------------------------------------------------------------------------------- */

/* Insertions, deletions, changes and swaps of neighbours (Damerau 1964, restricted). */
static uint32_t distance_of(const char *a, const char *b)
{
    enum { MOST = 48 };
    size_t n = strlen(a), m = strlen(b);
    if (n > MOST || m > MOST)
        return MOST;
    uint32_t row[3][MOST + 1];
    for (size_t j = 0; j <= m; j++)
        row[0][j] = (uint32_t)j;
    for (size_t i = 1; i <= n; i++) {
        uint32_t *now = row[i % 3], *before = row[(i + 2) % 3], *older = row[(i + 1) % 3];
        now[0] = (uint32_t)i;
        for (size_t j = 1; j <= m; j++) {
            uint32_t d = before[j - 1] + (a[i - 1] != b[j - 1]);
            d = before[j] + 1 < d ? before[j] + 1 : d;
            d = now[j - 1] + 1 < d ? now[j - 1] + 1 : d;
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] && older[j - 2] + 1 < d)
                d = older[j - 2] + 1;
            now[j] = d;
        }
    }
    return row[n % 3][m];
}

uint32_t law_near_enough(const char *name) { return 2 + (uint32_t)strnlen(name, 48) / 4; }

void law_nearer(const char *name, const char *candidate, const char **best, uint32_t *distance)
{
    uint32_t d = distance_of(name, candidate);
    if (d < *distance) {
        *distance = d;
        *best = candidate;
    }
}

const char *law_nearest(const char *name, const char *const *list)
{
    const char *best = NULL;
    uint32_t distance = law_near_enough(name);
    for (; *list; list++)
        if (**list)
            law_nearer(name, *list, &best, &distance);
    return best;
}

const char *law_did_you_mean(const char *near, char out[96])
{
    out[0] = 0;
    if (near)
        snprintf(out, 96, ", did you mean '%.60s'?", near);
    return out;
}

/* ---- Begin and end ------------------------------------------------------------------------------------- */

enum hbs_err law_reader_open(struct hbs_ctx *ctx, const char *where, const char *text, size_t size,
                             struct law_reader *r)
{
    *r = (struct law_reader){.ctx = ctx, .text = text, .line = 1, .column = 1};
    if (size > HBS_LAW_TEXT_MAX)
        return hbs_fail(ctx, HBS_ERR_LIMIT, where, "split it", "a text of more than %u bytes", HBS_LAW_TEXT_MAX);
    r->size = (uint32_t)size;
    r->arena = law_arena_open(ctx);
    r->mistakes = hbs_alloc(ctx, HBS_LAW_MISTAKES_MAX, sizeof *r->mistakes);
    if (!r->arena || !r->mistakes) {
        law_reader_close(r);
        return hbs_fail_memory(ctx, HBS_LAW_MISTAKES_MAX * sizeof *r->mistakes);
    }
    if (!check_text(r)) {
        r->full = true;
        stop(r);
    } else {
        law_next(r);
    }
    return HBS_OK;
}

void law_reader_close(struct law_reader *r)
{
    hbs_free(r->ctx, r->mistakes);
    law_arena_close(r->ctx, r->arena);
    r->mistakes = NULL;
    r->arena = NULL;
}

static int by_place(const void *a, const void *b)
{
    const struct hbs_law_mistake *x = a, *y = b;
    if (x->line != y->line)
        return x->line < y->line ? -1 : 1;
    return x->column < y->column ? -1 : x->column > y->column;
}

enum hbs_err law_reader_result(struct law_reader *r, const char *where, struct hbs_law_mistake *mistakes,
                               size_t *count)
{
    if (r->no_memory)
        return hbs_fail_memory(r->ctx, 0);
    qsort(r->mistakes, r->mistake_count, sizeof *r->mistakes, by_place);
    if (mistakes)
        memcpy(mistakes, r->mistakes, r->mistake_count * sizeof *mistakes);
    if (count)
        *count = r->mistake_count;
    if (!r->mistake_count)
        return HBS_OK;
    char place[192];
    const struct hbs_law_mistake *m = r->mistakes;
    snprintf(place, sizeof place, "%s:%u:%u", where, m->line, m->column);
    return hbs_fail(r->ctx, HBS_ERR_FORMAT, place,
                    r->mistake_count > 1 ? "correct it, and the mistakes after it" : "correct it", "%s", m->what);
}

enum hbs_err hbs_law_mistake_print(const char *where, const char *text, size_t size,
                                   const struct hbs_law_mistake *mistake, struct hbs_buf *out)
{
    size_t from = 0, to;
    for (uint32_t line = 1; line < mistake->line && from < size; from++)
        line += text[from] == '\n';
    for (to = from; to < size && text[to] != '\n' && text[to] != '\r';)
        to++;
    enum hbs_err err = hbs_buf_printf(out, "%s:%u:%u: %s\n", where, mistake->line, mistake->column, mistake->what);
    /* Of a very long line a part; bytes that are not to be shown become '?'. */
    enum { WIDTH = 160 };
    uint32_t column = 1, skip = mistake->column > WIDTH - 40 ? mistake->column - (WIDTH - 40) : 0;
    uint32_t shown = 0;
    bool caret = false;
    char under[WIDTH + 8];
    for (size_t i = from; i < to && !err && shown < WIDTH; column++) {
        uint32_t code = 0;
        size_t n = character(text + i, to - i, &code);
        bool show = n && (!is_hidden(code) || code == '\t');
        if (column > skip) {
            err = code == '\t' ? hbs_buf_put(out, "\t", 1) : show ? hbs_buf_put(out, text + i, n) : hbs_buf_put(out, "?", 1);
            caret |= column == mistake->column;
            if (!caret)
                under[shown] = code == '\t' ? '\t' : ' ';
            shown += caret ? 0 : 1;
            if (caret && column >= mistake->column + 60)
                break;
        }
        i += n ? n : 1;
    }
    if (!err)
        err = hbs_buf_printf(out, "\n%.*s^\n", (int)(shown < WIDTH ? shown : WIDTH), under);
    return err;
}
