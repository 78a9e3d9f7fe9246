/* SPDX-License-Identifier: MPL-2.0
 *
 * Room base: decimal numbers in text, the same in every locale. A program that uses the library may
 * have called setlocale(); files must not then be read or written with decimal commas.
 */
#include "base_int.h"

#include <locale.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

static locale_t c_locale;
static pthread_once_t c_locale_once = PTHREAD_ONCE_INIT;
static void c_locale_make(void) { c_locale = newlocale(LC_ALL_MASK, "C", (locale_t)0); }

/* (locale_t)0 when there was no memory for it: uselocale() then leaves everything as it is. */
locale_t hbs_c_locale(void)
{
    pthread_once(&c_locale_once, c_locale_make);
    return c_locale;
}

bool hbs_number_parse(const char *text, size_t size, double *out)
{
    char copy[64]; /* the text need not end in a zero; longer numbers are nobody's */
    if (!size || size >= sizeof copy)
        return false;
    bool digit = false;
    for (size_t i = 0; i < size; i++) {
        char c = text[i];
        digit |= c >= '0' && c <= '9';
        /* refuses what strtod would take beyond decimals: blanks, nan, inf, hexadecimal */
        if (!(c >= '0' && c <= '9') && c != '.' && c != '-' && c != '+' && c != 'e' && c != 'E')
            return false;
    }
    if (!digit)
        return false;
    memcpy(copy, text, size);
    copy[size] = 0;
    char *end;
    locale_t c = hbs_c_locale();
    double v = c ? strtod_l(copy, &end, c) : strtod(copy, &end);
    if (end != copy + size || !isfinite(v))
        return false;
    *out = v;
    return true;
}

void hbs_number_print(double value, char *out, size_t size)
{
    locale_t before = uselocale(hbs_c_locale());
    for (int digits = 15; digits <= 17; digits++) { /* the shortest that reads back the same */
        snprintf(out, size, "%.*g", digits, value);
        if (strtod(out, NULL) == value)
            break;
    }
    uselocale(before);
}
