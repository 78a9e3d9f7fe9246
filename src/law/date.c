/* SPDX-License-Identifier: MPL-2.0
 *
 * Room law: dates, instants and durations in text. Seconds since 1970-01-01 UTC of the proleptic
 * Gregorian calendar (ISO 8601); no leap seconds, no zones but UTC and stated offsets (RFC 3339).
 * Touches nothing but numbers. Days before a year: 365 a year and one for each fourth, less each
 * hundredth, and each four-hundredth again.
 */
#include "base/base_int.h"
#include "law_text.h"

#include <stdio.h>

enum { DAY = 86400, FIRST_YEAR = 1900, LAST_YEAR = 2199, EPOCH_DAYS = 719162 };

static bool is_leap(int64_t y) { return (y % 4 == 0 && y % 100 != 0) || y % 400 == 0; }

static int month_days(int64_t y, int m)
{
    static const uint8_t days[12] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    return days[m - 1] + (m == 2 && is_leap(y));
}

/* Days from 0001-01-01 to the first day of a year from 1 on. */
static int64_t days_before(int64_t y)
{
    y--;
    return 365 * y + y / 4 - y / 100 + y / 400;
}

int64_t law_date_of(int64_t year, int month, int day)
{
    int64_t days = days_before(year) - EPOCH_DAYS + day - 1;
    for (int m = 1; m < month; m++)
        days += month_days(year, m);
    return days * DAY;
}

void law_date_parts(int64_t seconds, int64_t *year, int *month, int *day)
{
    int64_t days = seconds / DAY - (seconds % DAY < 0) + EPOCH_DAYS; /* since 0001-01-01 */
    if (days < 0)
        days = 0; /* no date of ours lies before the year 1, nor after 9999 */
    if (days >= days_before(10000))
        days = days_before(10000) - 1;
    int64_t y = days / 366 + 1; /* not after the right one */
    while (days_before(y + 1) <= days)
        y++;
    int64_t rest = days - days_before(y);
    int m = 1;
    while (rest >= month_days(y, m))
        rest -= month_days(y, m++);
    *year = y;
    *month = m;
    *day = (int)rest + 1;
}

/* A number of exactly `digits` digits. */
static bool number(const char *p, int digits, int *out)
{
    int v = 0;
    for (int i = 0; i < digits; i++) {
        if (p[i] < '0' || p[i] > '9')
            return false;
        v = v * 10 + p[i] - '0';
    }
    *out = v;
    return true;
}

bool law_date_parse(const char *text, size_t size, int64_t *out)
{
    int y, m, d;
    if (size != 10 || text[4] != '-' || text[7] != '-' || !number(text, 4, &y) || !number(text + 5, 2, &m) ||
        !number(text + 8, 2, &d))
        return false;
    if (y < FIRST_YEAR || y > LAST_YEAR || m < 1 || m > 12 || d < 1 || d > month_days(y, m))
        return false;
    *out = law_date_of(y, m, d);
    return true;
}

bool law_timestamp_parse(const char *text, int64_t *out)
{
    size_t size = strlen(text);
    int64_t at;
    int h, m, s, zh = 0, zm = 0, sign = 0;
    if (size < 20 || !law_date_parse(text, 10, &at) || (text[10] != 'T' && text[10] != 't') || text[13] != ':' ||
        text[16] != ':' || !number(text + 11, 2, &h) || !number(text + 14, 2, &m) || !number(text + 17, 2, &s) ||
        h > 23 || m > 59 || s > 59)
        return false;
    if (size == 20 && (text[19] == 'Z' || text[19] == 'z'))
        sign = 0;
    else if (size == 25 && (text[19] == '+' || text[19] == '-') && text[22] == ':' && number(text + 20, 2, &zh) &&
             number(text + 23, 2, &zm) && zh <= 23 && zm <= 59)
        sign = text[19] == '+' ? -1 : 1;
    else
        return false;
    *out = at + h * 3600 + m * 60 + s + sign * (zh * 3600 + zm * 60);
    return true;
}

bool law_duration_parse(const char *text, int64_t *out, int64_t *unit)
{
    static const struct { char letter; int64_t seconds; } units[] = {{'d', DAY}, {'h', 3600}, {'m', 60}, {'s', 1}};
    bool minus = *text == '-';
    const char *p = text + minus;
    int64_t sum = 0, last = 0;
    do {
        int64_t v = 0;
        if (*p < '0' || *p > '9')
            return false;
        for (; *p >= '0' && *p <= '9'; p++)
            if (__builtin_mul_overflow(v, 10, &v) || __builtin_add_overflow(v, *p - '0', &v))
                return false;
        size_t i = 0;
        while (i < HBS_COUNT(units) && units[i].letter != *p)
            i++;
        if (i == HBS_COUNT(units) || (last && units[i].seconds >= last)) /* larger units first, each once */
            return false;
        last = units[i].seconds;
        p++;
        if (__builtin_mul_overflow(v, last, &v) || __builtin_add_overflow(sum, v, &sum))
            return false;
    } while (*p);
    *out = minus ? -sum : sum;
    *unit = last;
    return true;
}

enum hbs_err hbs_date_read(struct hbs_ctx *ctx, const char *text, int64_t *out)
{
    if (law_date_parse(text, strlen(text), out))
        return HBS_OK;
    char shown[41];
    snprintf(shown, sizeof shown, "%s", text);
    law_clean(shown);
    return hbs_fail(ctx, HBS_ERR_FORMAT, "", "write a date of the calendar as YYYY-MM-DD, from 1900 to 2199",
                    "'%s' is not a date", shown);
}

void hbs_date_write(int64_t seconds, char out[11])
{
    int64_t y;
    int m, d;
    law_date_parts(seconds, &y, &m, &d);
    char text[24];
    snprintf(text, sizeof text, "%04u-%02u-%02u", (unsigned)y % 10000, (unsigned)m % 100, (unsigned)d % 100);
    memcpy(out, text, 10);
    out[10] = 0;
}

int64_t law_span_end(int64_t on, struct law_span span)
{
    int64_t y;
    int m, d;
    switch (span.unit) {
    case LAW_HOURS: /* the act may be at any time of its day: the last day that they can be over on */
        return on + (span.count * 3600 + DAY - 1) / DAY * DAY;
    case LAW_DAYS:
        return on + span.count * DAY;
    default: {
        law_date_parts(on, &y, &m, &d);
        int64_t months = y * 12 + m - 1 + (span.unit == LAW_YEARS ? span.count * 12 : span.count);
        y = months / 12;
        m = (int)(months % 12) + 1;
        if (d > month_days(y, m))
            d = month_days(y, m);
        return law_date_of(y, m, d);
    }
    }
}
