/* SPDX-License-Identifier: MPL-2.0
 *
 * Room law: facts, dates, conditions, packs with all their mistakes, rulings, orders, cases, mutants,
 * explanations, the register, and refused memory everywhere.
 */
#include "habeas/law.h"
#include "law/law_text.h"
#include "tap.h"

static struct hbs_ctx *ctx;

static int64_t day(const char *text)
{
    int64_t t = 0;
    if (hbs_date_read(ctx, text, &t))
        printf("# not a date: %s\n", text);
    return t;
}

/* ---- Facts -------------------------------------------------------------------------------------- */

static enum hbs_err read_facts(const char *json, struct hbs_facts *f) { return hbs_facts_read(ctx, json, strlen(json), f); }

static void test_facts(void)
{
    struct hbs_facts f = {0}, g;
    is_int(HBS_FACT_COUNT, 42, "as many facts as the contract has");
    bool good = true;
    for (int i = 0; i < HBS_FACT_COUNT; i++)
        good &= hbs_fact_find(hbs_fact_info((enum hbs_fact)i)->name) == (enum hbs_fact)i && *hbs_fact_info((enum hbs_fact)i)->words;
    ok(good && hbs_fact_find("subject.aeg") == HBS_FACT_COUNT, "each is found by its name");
    ok(!hbs_facts_set_string(ctx, &f, HBS_FACT_ACT, "collect") && !strcmp(hbs_facts_string(&f, HBS_FACT_ACT), "collect"), "a name");
    is_int(hbs_facts_set_string(ctx, &f, HBS_FACT_ACT, "colect"), HBS_ERR_USAGE, "a wrong name is refused");
    ok(strstr(hbs_ctx_do(ctx), "'collect'") != NULL, "with the nearest");
    is_int(hbs_facts_set_string(ctx, &f, HBS_FACT_ACT, ""), HBS_ERR_USAGE, "an act is not empty");
    ok(!hbs_facts_set_string(ctx, &f, HBS_FACT_PLACE_DIRECTION, ""), "a direction may be");
    is_int(hbs_facts_set_string(ctx, &f, HBS_FACT_PLACE_CITY, "a\nb"), HBS_ERR_USAGE, "no control characters");
    is_int(hbs_facts_set_string(ctx, &f, HBS_FACT_SUBJECT_AGE, "3"), HBS_ERR_USAGE, "an age is no string");
    is_int(hbs_facts_set_number(ctx, &f, HBS_FACT_PLACE_CITY, 3), HBS_ERR_USAGE, "a city is no number");
    is_int(hbs_facts_set_number(ctx, &f, HBS_FACT_SUBJECT_AGE, -1), HBS_ERR_USAGE, "nor an age below 0");
    is_int(hbs_facts_set_number(ctx, &f, HBS_FACT_SUBJECT_AGE, 151), HBS_ERR_USAGE, "or above 150");
    is_int(hbs_facts_set_number(ctx, &f, HBS_FACT_ASSESSMENT_UNTIL, 1), HBS_ERR_USAGE, "a date is a midnight");
    char longest[HBS_FACT_STRING_MAX + 2];
    memset(longest, 'x', sizeof longest);
    longest[sizeof longest - 1] = 0;
    is_int(hbs_facts_set_string(ctx, &f, HBS_FACT_CASE_ID, longest), HBS_ERR_USAGE, "a string that is too long");
    longest[sizeof longest - 2] = 0;
    for (int i = 0; i < 100; i++) {
        longest[0] = (char)('a' + i % 26);
        good &= !hbs_facts_set_string(ctx, &f, HBS_FACT_CASE_ID, longest);
    }
    ok(good && !strcmp(hbs_facts_string(&f, HBS_FACT_CASE_ID), longest) && !strcmp(hbs_facts_string(&f, HBS_FACT_ACT), "collect"),
       "a hundred replacements fit, the others stay");
    enum hbs_err full = HBS_OK;
    for (int i = 0; i < HBS_FACT_COUNT && !full; i++)
        if (hbs_fact_info((enum hbs_fact)i)->type == HBS_FACT_STRING)
            full = hbs_facts_set_string(ctx, &f, (enum hbs_fact)i, longest);
    is_int(full, HBS_ERR_LIMIT, "all strings at their longest do not");
    hbs_facts_clear(&f);
    ok(!hbs_facts_set_string(ctx, &f, HBS_FACT_SUBJECT_STATUS, "citizen") &&
           !hbs_facts_set_string(ctx, &f, HBS_FACT_SUBJECT_STATUS, "unknown") && !f.known, "an unknown status is an absent one");

    const char *all = "{\"act\":\"collect\",\"subject\":{\"age\":34,\"arrested\":true,\"visa\":\"A-1 \\\"x\\\" \\u00e9\"},\"warrant\":false,"
                      "\"assessment\":{\"id\":\"P\",\"until\":\"2030-01-01\"},\"gallery\":{\"size\":10000000000},\"relation\":\"\"}";
    struct hbs_buf out;
    hbs_buf_init(&out, ctx, 65536);
    ok(!read_facts(all, &f) && f.at[HBS_FACT_SUBJECT_AGE] == 34 && f.at[HBS_FACT_ASSESSMENT_UNTIL] == day("2030-01-01"), "facts are read");
    ok(!hbs_facts_write(&f, &out) && !hbs_buf_put(&out, "", 1) && !read_facts((char *)out.data, &g) && g.known == f.known,
       "and written so that they read back");
    is_text((char *)out.data, "{\"act\":\"collect\",\"subject\":{\"age\":34,\"visa\":\"A-1 \\\"x\\\" \303\251\",\"arrested\":true},\"warrant\":false,"
            "\"assessment\":{\"id\":\"P\",\"until\":\"2030-01-01\"},\"gallery\":{\"size\":10000000000},\"relation\":\"\"}", "in the contract's order");
    ok(!read_facts("{\"subject\":null,\"act\":null,\"place\":{\"city\":null}}", &f) && !f.known, "null is not known");
    static const struct { const char *json, *where, *what; } bad[] = {
        {"", "line", "not JSON"}, {"[]", "", "not an object"}, {"{", "line", "not JSON"}, {"{}x", "line", "not JSON"},
        {"{\"act\":\"collect\",\"act\":\"view\"}", "line", "twice"},
        {"{\"subject\":{\"age\":1,\"age\":2}}", "line", "twice"},
        {"{\"acts\":\"collect\"}", "acts", "no such fact"}, {"{\"subject\":{\"aeg\":1}}", "subject.aeg", "no such fact"},
        {"{\"age\":1}", "age", "no such fact"}, {"{\"subject.age\":1}", "subject.age", "no such fact"},
        {"{\"subject\":3}", "subject", "not an object"}, {"{\"act\":{}}", "act", "not a string"},
        {"{\"subject\":{\"age\":\"3\"}}", "subject.age", "not a whole number"}, {"{\"subject\":{\"age\":3.0}}", "subject.age", "whole"},
        {"{\"subject\":{\"age\":99999999999999999999}}", "line", "not JSON"}, {"{\"subject\":{\"age\":151}}", "subject.age", "151"},
        {"{\"warrant\":1}", "warrant", "true or false"}, {"{\"assessment\":{\"until\":\"2019-02-29\"}}", "assessment.until", "date"},
        {"{\"act\":\"steal\"}", "act", "not a value"}, {"{\"act\":\"a\\u0000b\"}", "line", "not JSON"},
        {"{\"place\":{\"city\":\"a\\u0007\"}}", "place.city", "control"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        g.known = 77;
        enum hbs_err err = read_facts(bad[i].json, &g);
        ok(err == HBS_ERR_FORMAT && !strncmp(hbs_ctx_where(ctx), bad[i].where, strlen(bad[i].where)) &&
               strstr(hbs_ctx_what(ctx), bad[i].what) && g.known == 77, "facts %s: %s; %s", bad[i].json, hbs_ctx_what(ctx), hbs_ctx_do(ctx));
    }
    ok(read_facts("{\"subject\":{\"aeg\":1}}", &g) && strstr(hbs_ctx_do(ctx), "'subject.age'"), "the nearest right name");
    ok(read_facts("{\"age\":1}", &g) && strstr(hbs_ctx_do(ctx), "'subject.age'"), "also without its group");
    static char large[HBS_FACTS_TEXT_MAX + 1];
    is_int(hbs_facts_read(ctx, large, sizeof large, &g), HBS_ERR_LIMIT, "too much JSON is not read");
    hbs_buf_close(&out);
}

/* ---- Dates -------------------------------------------------------------------------------------- */

static void test_dates(void)
{
    int64_t t;
    char text[11];
    is_int(day("1970-01-01"), 0, "the epoch");
    is_int(day("2020-05-15"), 1589500800, "a day of 2020");
    is_int(day("1900-01-01"), -2208988800, "the first");
    bool good = true;
    for (int64_t d = day("1900-01-01"); d <= day("2199-12-31"); d += 86400) {
        hbs_date_write(d, text);
        good &= !hbs_date_read(ctx, text, &t) && t == d;
    }
    ok(good, "each day of three centuries is written and read back");
    static const char *const bad[] = {"", "2020-5-15", "2020-02-30", "2019-02-29", "1900-02-29", "2100-02-29", "2020-13-01", "2020-00-01",
                                      "2020-01-00", "2020-04-31", "1899-12-31", "2200-01-01", "2020-01-01x", "2020/01/01", "20200101"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        ok(hbs_date_read(ctx, bad[i], &t) == HBS_ERR_FORMAT, "'%s' is no date", bad[i]);
    ok(!hbs_date_read(ctx, "2000-02-29", &t) && !hbs_date_read(ctx, "2020-02-29", &t), "leap days are");
    static const struct { const char *on; int64_t count; enum law_unit unit; const char *end; } spans[] = {
        {"2020-05-15", 12, LAW_HOURS, "2020-05-16"}, {"2020-05-15", 24, LAW_HOURS, "2020-05-16"}, {"2020-05-15", 25, LAW_HOURS, "2020-05-17"},
        {"2020-02-28", 2, LAW_DAYS, "2020-03-01"}, {"2019-02-28", 1, LAW_DAYS, "2019-03-01"}, {"2020-01-31", 1, LAW_MONTHS, "2020-02-29"},
        {"2019-01-31", 1, LAW_MONTHS, "2019-02-28"}, {"2019-12-31", 2, LAW_MONTHS, "2020-02-29"}, {"2020-08-31", 1, LAW_MONTHS, "2020-09-30"},
        {"2020-02-29", 1, LAW_YEARS, "2021-02-28"}, {"2020-02-29", 4, LAW_YEARS, "2024-02-29"}, {"2020-12-15", 13, LAW_MONTHS, "2022-01-15"},
        {"1999-01-01", 100, LAW_YEARS, "2099-01-01"}};
    for (size_t i = 0; i < sizeof spans / sizeof *spans; i++) {
        hbs_date_write(law_span_end(day(spans[i].on), (struct law_span){spans[i].count, spans[i].unit}), text);
        is_text(text, spans[i].end, "%s and %d units %d", spans[i].on, (int)spans[i].count, (int)spans[i].unit);
    }
}

/* ---- Conditions --------------------------------------------------------------------------------- */

/* 'T', 'F', 'E', or '?' when it is not read (the context has why). */
static char truth_in(const char *text, const struct hbs_facts *facts, const char *on)
{
    struct law_expr *e = NULL;
    void *owner = NULL;
    if (law_parse_condition(ctx, NULL, "c", text, strlen(text), NULL, NULL, &e, &owner))
        return '?';
    struct law_view view = {.facts = facts, .on = day(on)};
    uint64_t needed = 0;
    enum law_truth t = law_eval(e, &view, &needed);
    law_condition_close(ctx, owner);
    return "FTE"[t];
}

static void test_conditions(void)
{
    struct hbs_facts f;
    /* T: warrant, F: subject.charged, E: subject.arrested, which is not known */
    if (read_facts("{\"act\":\"collect\",\"warrant\":true,\"subject\":{\"charged\":false,\"status\":\"refugee\"},\"place\":{\"city\":\"Dallas\"},"
                   "\"gallery\":{\"size\":7},\"facility\":{\"capacity\":500},\"assessment\":{\"until\":\"2030-01-01\"}}", &f))
        printf("# %s\n", hbs_ctx_what(ctx));
    static const char *const values[] = {"warrant", "subject.charged", "subject.arrested"};
    static const char tfe[] = "TFE";
    for (int a = 0; a < 3; a++) {
        for (int b = 0; b < 3; b++) {
            char text[128];
            char and = tfe[a] == 'F' || tfe[b] == 'F' ? 'F' : tfe[a] == 'E' || tfe[b] == 'E' ? 'E' : 'T';
            char or = tfe[a] == 'T' || tfe[b] == 'T' ? 'T' : tfe[a] == 'E' || tfe[b] == 'E' ? 'E' : 'F';
            char eq = tfe[a] == 'E' || tfe[b] == 'E' ? 'E' : a == b ? 'T' : 'F';
            snprintf(text, sizeof text, "%s && %s", values[a], values[b]);
            is_int(truth_in(text, &f, "2020-05-15"), and, "%c && %c is %c", tfe[a], tfe[b], and);
            snprintf(text, sizeof text, "%s || %s", values[a], values[b]);
            is_int(truth_in(text, &f, "2020-05-15"), or, "%c || %c is %c", tfe[a], tfe[b], or);
            snprintf(text, sizeof text, "%s == %s", values[a], values[b]);
            is_int(truth_in(text, &f, "2020-05-15"), eq, "%c == %c is %c", tfe[a], tfe[b], eq);
            for (int c = 0; c < 3; c++) { /* chains absorb wherever the error stands */
                snprintf(text, sizeof text, "%s && %s && %s", values[a], values[b], values[c]);
                char all = and == 'F' || tfe[c] == 'F' ? 'F' : and == 'E' || tfe[c] == 'E' ? 'E' : 'T';
                is_int(truth_in(text, &f, "2020-05-15"), all, "%c && %c && %c is %c", tfe[a], tfe[b], tfe[c], all);
            }
        }
    }
    static const struct { const char *text; char want; } table[] = {
        {"!warrant", 'F'}, {"!subject.charged", 'T'}, {"!subject.arrested", 'E'}, {"!!warrant", 'T'},
        {"!(subject.charged && subject.arrested)", 'T'}, {"!(warrant || subject.arrested)", 'F'},
        {"warrant || subject.charged && subject.charged", 'T'}, {"(warrant || subject.charged) && subject.charged", 'F'},
        {"has(warrant)", 'T'}, {"has(subject.arrested)", 'F'}, {"has(subject.age)", 'F'}, {"!has(subject.arrested)", 'T'},
        {"subject.age == 0", 'T'}, {"subject.age >= 14", 'F'}, /* an unknown age is a child's */
        {"subject.status == \"refugee\"", 'T'}, {"subject.status != \"refugee\"", 'F'},
        {"subject.status == \"unknown\"", 'F'}, {"subject.status != \"unknown\"", 'T'}, {"\"unknown\" == subject.status", 'F'},
        {"subject.status in [\"unknown\", \"refugee\"]", 'T'}, {"subject.status in [\"unknown\"]", 'F'},
        {"place.city == \"Dallas\"", 'T'}, {"place.city == 'Dallas'", 'T'}, {"place.city == \"Dal\" \"las\"", 'T'}, {"place.sector == \"\"", 'E'},
        {"place.city < \"Dallat\" && place.city > \"Dallar\" && \"A\" < \"a\"", 'T'},
        {"act in [\"collect\", \"enrol\"]", 'T'}, {"act in []", 'F'}, {"purpose in [\"custody\"]", 'E'}, {"purpose in []", 'E'},
        {"gallery.size in [1, 7]", 'T'}, {"7 in [gallery.size]", 'T'}, {"7 in [7, facility.occupancy]", 'E'}, {"warrant in [true]", 'T'},
        {"gallery.size + 3 - 2 == 8", 'T'}, {"gallery.size - -3 == 10", 'T'}, {"gallery.size-3 == 4", 'T'}, {"10 - 3 - 2 == 5", 'T'},
        {"gallery.size < facility.capacity", 'T'}, {"gallery.size > facility.occupancy", 'E'}, {"1 < 2 && 2 <= 2 && 3 > 2 && 3 >= 3 && 1 != 2", 'T'},
        {"gallery.size + 9223372036854775807 > 0", 'E'}, {"-9223372036854775807 - gallery.size < 0", 'E'},
        {"gallery.size + 9223372036854775800 > 0", 'T'}, {"subject.charged && gallery.size + 9223372036854775807 > 0", 'F'},
        {"on == date(\"2020-05-15\")", 'T'}, {"assessment.until >= on", 'T'}, {"assessment.until - on > duration(\"365d\")", 'T'},
        {"on + duration(\"1d\") == date(\"2020-05-16\")", 'T'}, {"duration(\"1d\") + on == date(\"2020-05-16\")", 'T'},
        {"on - duration(\"36h\") < date(\"2020-05-14\")", 'T'}, {"duration(\"1d\") + duration(\"1h\") == duration(\"25h\")", 'T'},
        {"duration(\"1d\") - duration(\"1h\") == duration(\"23h\") && duration(\"1h2m3s\") == duration(\"3723s\") && duration(\"-1h\") < duration(\"0s\")", 'T'},
        {"timestamp(\"2020-05-15T00:00:00Z\") == on && timestamp(\"2020-05-15T02:30:00+02:30\") == on && timestamp(\"2020-05-14T20:00:00-04:00\") == on", 'T'},
        {"date(\"2020-02-29\") < date(\"2020-03-01\")", 'T'}, {"on - assessment.until + duration(\"9223372036854775807s\") > duration(\"0s\")", 'T'},
        {"assessment.until - on + duration(\"9223372036854775807s\") > duration(\"0s\")", 'E'},
        {"true && !false", 'T'}, {"(((((true)))))", 'T'}, {"warrant == (gallery.size == 7)", 'T'}, {"(place.city == \"x\") != warrant", 'T'},
        {"subject.charged # the rest is a comment", 'F'},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        char got = truth_in(table[i].text, &f, "2020-05-15");
        ok(got == table[i].want, "%s is %c", table[i].text, table[i].want);
        if (got != table[i].want)
            printf("# got %c %s\n", got, got == '?' ? hbs_ctx_what(ctx) : "");
    }
    static const struct { const char *text, *at, *what; } bad[] = {
        {"", "1:1", "the end where a fact, a value or '(' is expected"}, {"subject.age", "1:1", "a condition needs true or false, here is a number"},
        {"subject.age == \"x\"", "1:16", "a string is compared with a number"}, {"subject.aeg == 1", "1:1", "no fact 'subject.aeg', did you mean 'subject.age'"},
        {"aeg == 1", "1:1", "no fact 'aeg'"}, {"age == 1", "1:1", "did you mean 'subject.age'"}, {"hass(act)", "1:1", "did you mean 'has'"},
        {"has(subject)", "1:5", "no fact 'subject'"}, {"has(3)", "1:5", "'3' where a fact such as subject.age is expected"}, {"has act", "1:5", "'act' where '(' is expected"},
        {"has(act", "1:8", "the end where ')' is expected"}, {"(true", "1:6", "the end where ')' is expected"}, {"true)", "1:5", "')' where an operator or the end is expected"},
        {"1 < 2 < 3", "1:7", "a chain of comparisons"}, {"1 == 2 == true", "1:8", "a chain"}, {"act = \"view\"", "1:5", "did you mean '=='"},
        {"act == \"veiw\"", "1:8", "'veiw' is no act, did you mean 'view'"}, {"\"veiw\" == act", "1:1", "is no act"},
        {"act in [\"veiw\"]", "1:9", "'veiw' is no act"}, {"act in \"view\"", "1:8", "'in' needs a list, here is a string"}, {"act in [1]", "1:8", "among a list of another type"},
        {"[1] in [1]", "1:8", "among a list of another type"}, {"1 in [1, \"x\"]", "1:10", "a string in a list that begins with a number"}, {"1 in [[1]]", "1:7", "a list within a list"},
        {"1 in [1", "1:8", "the end where ',' or ']' is expected"}, {"[1] == [1]", "1:5", "lists cannot be compared"}, {"true < false", "1:6", "do not compare true and false"},
        {"subject.status < \"unknown\"", "1:16", "has no order"}, {"act + 1 == 2", "1:7", "a number cannot be added to a string"}, {"on - 1 == on", "1:6", "a number cannot be taken from a date"},
        {"1 && true", "1:1", "'&&' needs true or false, here is a number"}, {"true || act", "1:9", "'||' needs true or false, here is a string"}, {"!on", "1:2", "'!' needs true or false, here is a date"},
        {"true & false", "1:6", "did you mean '&&'"}, {"true | false", "1:6", "did you mean '||'"}, {"true % false", "1:6", "'%' has no meaning here"},
        {"on == 2020-05-15", "1:7", "in a condition a date is written date("}, {"gallery.size > 1.5", "1:16", "whole numbers only"},
        {"on == date(\"2020-02-30\")", "1:12", "not a date of the calendar"}, {"on == date(3)", "1:12", "'3' where a string in quotes is expected"}, {"on == date \"x\"", "1:12", "where '(' is expected"},
        {"on == timestamp(\"2020-05-15\")", "1:17", "not a time"}, {"on == timestamp(\"2020-05-15T24:00:00Z\")", "1:17", "not a time"}, {"on - on == duration(\"36\")", "1:21", "not a duration"},
        {"on - on == duration(\"1m1h\")", "1:21", "not a duration"}, {"on - on == duration(\"9223372036854775808s\")", "1:21", "not a duration"},
        {"1 == 9223372036854775808", "1:6", "too large for 64 bits"}, {"1 == 2x", "1:6", "'2x' is neither a number nor a name"}, {"act == \"view", "1:8", "a string that does not end on its line"},
        {"act == \"v\\x\"", "1:10", "in a string '\\' is followed by"}, {"- act == 1", "1:3", "'act' where a whole number is expected"},
        {"place.city == \"\303\251\" && act == 1", "1:29", "a number is compared with a string"}, {"true \200", "1:6", "not UTF-8"}, {"true \300\200", "1:6", "not UTF-8"},
        {"true \355\240\200", "1:6", "not UTF-8"}, {"true \340\200\200", "1:6", "not UTF-8"}, {"true \342\200\256", "1:6", "an invisible character (U+202E)"}, {"true\001", "1:5", "an invisible character (U+0001)"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        char want[16];
        snprintf(want, sizeof want, "c:%s", bad[i].at);
        char got = truth_in(bad[i].text, &f, "2020-05-15");
        ok(got == '?' && !strcmp(hbs_ctx_where(ctx), want) && strstr(hbs_ctx_what(ctx), bad[i].what), "%s: %s", bad[i].text, hbs_ctx_what(ctx));
        if (got != '?' || strcmp(hbs_ctx_where(ctx), want) || !strstr(hbs_ctx_what(ctx), bad[i].what))
            printf("# got %c at %s, want %s at %s\n", got, hbs_ctx_where(ctx), bad[i].what, want);
    }
    static char deep[20000];
    for (int k = 0; k < 2; k++) {
        int n = k ? 65 : 63;
        memset(deep, '(', (size_t)n);
        memcpy(deep + n, "true", 4);
        memset(deep + n + 4, ')', (size_t)n);
        deep[2 * n + 4] = 0;
        ok((truth_in(deep, &f, "2020-05-15") == 'T') == !k, "%d brackets are %s", n, k ? "too many" : "read");
        memset(deep, '!', (size_t)n);
        memcpy(deep + n, "true", 5);
        ok((truth_in(deep, &f, "2020-05-15") != '?') == !k, "%d negations are %s", n, k ? "too many" : "read");
    }
    ok(strstr(hbs_ctx_what(ctx), "more than 64 levels of brackets") != NULL, "and it says so");
    deep[0] = 0;
    size_t n = 0;
    for (int i = 0; i < 600; i++)
        n += (size_t)snprintf(deep + n, sizeof deep - n, "%strue", i ? " && " : "");
    ok(truth_in(deep, &f, "2020-05-15") == '?' && strstr(hbs_ctx_what(ctx), "more than 1000 parts"), "a condition of 1,199 parts is too long");
}

/* ---- Packs and their mistakes ------------------------------------------------------------------- */

#define HEAD "pack p version \"1\"\nprogramme g \"G\"\nevent e \"E\"\n"       /* three lines */
#define RULE(name, effect) "rule " name " " effect " \"w\" cites \"c\" status final in force from 2020-01-01 "
#define PERMIT(name) RULE(name, "permit") "acts collect keeps for 1 year "
static const char all_clauses[] =
    HEAD "title \"T\" country KE about \"A\" 'B'\npartner q \"Q\" cites \"c\" unverified \"u\"\nassessment \"A/1\" covers \"x\" cites \"c\"\n"
    "rule a permit \"w\" cites \"c\", \"d\" unverified \"u\" status proposed docket \"D-1\" comments 2020-01-01 to 2020-02-01\n"
    " status under review from 2020-01-02 status interim final from 2020-01-03 status final from 2020-01-04\n"
    " in force from 2020-01-01 to 2021-12-31 acts collect, identify modalities dna purposes custody programmes g\n"
    " when subject.age in [14, 15] in force\n"; /* ends in a mistake of its own: a second 'in force' */

static struct hbs_law_mistake mistakes[HBS_LAW_MISTAKES_MAX];
static size_t mistake_count;

static struct hbs_law *open_pack(const char *text)
{
    struct hbs_law *law = NULL;
    if (hbs_law_open(ctx, "p", text, strlen(text), mistakes, &mistake_count, &law))
        return NULL;
    return law;
}

static bool has_mistake(const char *at, const char *what)
{
    for (size_t i = 0; i < mistake_count; i++) {
        char place[32];
        snprintf(place, sizeof place, "%u:%u", mistakes[i].line, mistakes[i].column);
        if (!strcmp(place, at) && strstr(mistakes[i].what, what))
            return true;
    }
    return false;
}

static void show_mistakes(void)
{
    for (size_t i = 0; i < mistake_count; i++)
        printf("#   %u:%u %s\n", mistakes[i].line, mistakes[i].column, mistakes[i].what);
}

static void test_mistakes(void)
{
    static const struct { const char *text, *at, *what; } bad[] = {
        {"", "1:1", "the end where 'pack' is expected"}, {"park p", "1:1", "'park' where 'pack' is expected"}, {"pack P version \"1\"", "1:6", "a name is a letter a-z"},
        {"pack p \"1\"", "1:8", "where 'version' is expected"}, {"pack p version 1", "1:16", "'1' where the version in quotes is expected"},
        {HEAD "rul a permit", "4:1", "'rul' where a rule or a declaration is expected, did you mean 'rule'?"}, {HEAD "3", "4:1", "'3' where a rule"},
        {HEAD "title \"a\" title \"b\"", "4:11", "a second 'title'"}, {HEAD "about \"a\" about \"b\"", "4:11", "a second 'about'"}, {HEAD "title 3", "4:7", "where the title in quotes is expected"},
        {HEAD "country Us", "4:9", "a country as two capitals"}, {HEAD "country US country KE", "4:12", "a second 'country'"}, {HEAD "about x", "4:7", "what the pack is about"},
        {HEAD "programme g \"H\"", "4:11", "a second programme 'g'"}, {HEAD "programme \"H\"", "4:11", "where a name is expected"}, {HEAD "event f", "4:8", "where what it is, in quotes is expected"},
        {HEAD "assessment a", "4:12", "the assessment's name, in quotes"}, {HEAD "assessment \"a\" covers b", "4:23", "what it covers, in quotes"},
        {HEAD "partner q \"Q\" cites c", "4:21", "where a string in quotes is expected"}, {HEAD "partner q \"Q\" unverified c", "4:26", "what is not verified, in quotes"},
        {HEAD "rule a-1-B permit", "4:6", "a name is a letter"}, {HEAD "rule \"a\" permit", "4:6", "where the name of the rule is expected"},
        {HEAD "rule a allow \"w\"", "4:8", "'allow' where 'permit' or 'forbid' is expected"}, {HEAD "rule a permit w", "4:15", "what the rule says, in quotes"},
        {HEAD PERMIT("a") PERMIT("a"), "4:102", "a second rule 'a'; the first is on line 4"},
        {HEAD "rule a permit \"w\" status final in force from 2020-01-01 acts view keeps for 1 day", "4:6", "rule 'a' has no 'cites'"},
        {HEAD "rule a permit \"w\" cites \"c\" in force from 2020-01-01 acts view keeps for 1 day", "4:6", "rule 'a' has no 'status'"},
        {HEAD "rule a permit \"w\" cites \"c\" status final acts view keeps for 1 day", "4:6", "rule 'a' has no 'in force from'"},
        {HEAD RULE("a", "permit") "keeps for 1 day", "4:6", "it needs 'acts'"}, {HEAD RULE("a", "permit") "acts view", "4:6", "nothing is kept for ever"},
        {HEAD PERMIT("a") "\nacs view", "5:1", "'acs' where a clause of the rule, or the next rule, is expected, did you mean 'acts'?"},
        {HEAD PERMIT("a") "\nacts view", "5:1", "a second 'acts' in one rule"}, {HEAD PERMIT("a") "\nkeeps for 1 day", "5:1", "a second 'keeps'"},
        {HEAD PERMIT("a") "\nin force from 2020-01-01", "5:1", "a second 'in' in one rule"}, {HEAD PERMIT("a") "when true\nwhen true", "5:1", "a second 'when'"},
        {HEAD PERMIT("a") "modalities dna\nmodalities dna", "5:1", "a second 'modalities'"}, {HEAD PERMIT("a") "purposes aid\npurposes aid", "5:1", "a second 'purposes'"},
        {HEAD PERMIT("a") "programmes g\nprogrammes g", "5:1", "a second 'programmes'"}, {HEAD RULE("a", "permit") "acts verify keeps for 1 day threshold 1\nthreshold 2", "5:1", "a second 'threshold'"},
        {HEAD PERMIT("a") "\nstatus finished", "5:8", "'finished' is not a status"}, {HEAD PERMIT("a") "\nstatus finl", "5:8", "did you mean 'final'?"}, {HEAD PERMIT("a") "\nstatus intrim final", "5:8", "did you mean 'interim final'?"},
        {HEAD PERMIT("a") "\nstatus struck", "5:14", "the end where 'down' is expected"}, {HEAD PERMIT("a") "\nstatus suspended by the court", "5:21", "'the' where 'a' is expected"},
        {HEAD PERMIT("a") "\nstatus withdrawn", "5:8", "a later status needs its 'from'"},
        {HEAD PERMIT("a") "\nstatus withdrawn from 2020-03-01 status final from 2020-03-01", "5:52", "does not begin after the one before it"},
        {HEAD PERMIT("a") "\nstatus withdrawn from tomorrow", "5:23", "'tomorrow' where a date YYYY-MM-DD is expected"}, {HEAD PERMIT("a") "\nstatus withdrawn from 2020-02-30", "5:23", "'2020-02-30' is no date of the calendar"},
        {HEAD PERMIT("a") "\nstatus withdrawn from 2020-03-01 docket D", "5:41", "where the docket in quotes is expected"},
        {HEAD PERMIT("a") "\nstatus withdrawn from 2020-03-01 comments 2020-02-01 to 2020-01-01", "5:43", "the comments end before they begin"},
        {HEAD "rule a permit \"w\" cites \"c\" status final in force since 2020-01-01", "4:51", "'since' where 'from' is expected"}, {HEAD "rule a permit \"w\" in effect", "4:22", "'effect' where 'force' is expected"},
        {HEAD "rule a forbid \"w\" cites \"c\" status final in force from 2020-01-01 to 2019-01-01", "4:67", "in force to a day before it begins"},
        {HEAD RULE("a", "forbid") "\nacts colect", "5:6", "'colect' is not an act, did you mean 'collect'?"}, {HEAD RULE("a", "forbid") "\nmodalities dnaa", "5:12", "is not a modality, did you mean 'dna'?"},
        {HEAD RULE("a", "forbid") "\npurposes custdy", "5:10", "is not a purpose, did you mean 'custody'?"}, {HEAD RULE("a", "forbid") "\nprogrammes gg", "5:12", "declares no programme 'gg', did you mean 'g'?"},
        {HEAD RULE("a", "forbid") "\nacts view, view", "5:12", "'view' is there twice"}, {HEAD RULE("a", "forbid") "\nacts view,", "5:11", "the end where an act is expected"},
        {HEAD RULE("a", "forbid") "\nwhen programme == \"gg\"", "5:19", "declares no programme 'gg'"}, {HEAD RULE("a", "forbid") "\nwhen subject.age", "5:6", "a condition needs true or false"},
        {HEAD RULE("a", "forbid") "\nobliges notice", "5:1", "a rule that forbids obliges to nothing"}, {HEAD RULE("a", "forbid") "\nkeeps for 1 day", "5:1", "a rule that forbids keeps nothing"},
        {HEAD RULE("a", "forbid") "\nthreshold 6", "5:1", "a rule that forbids has no threshold"}, {HEAD PERMIT("a") "\nthreshold 6", "4:6", "none of its acts searches or compares"},
        {HEAD RULE("a", "permit") "acts verify keeps for 1 day\nthreshold 6.1234", "5:11", "at most three places"}, {HEAD RULE("a", "permit") "acts verify keeps for 1 day\nthreshold 1000.001", "5:11", "more than 1000"},
        {HEAD RULE("a", "permit") "acts verify keeps for 1 day\nthreshold high", "5:11", "a number such as 6 or 6.5"}, {HEAD PERMIT("a") "\nobliges notise", "5:9", "'notise' is not an obligation, did you mean 'notice'?"},
        {HEAD PERMIT("a") "\nobliges \"x\"", "5:9", "where an obligation is expected"}, {HEAD PERMIT("a") "\nobliges notice if 3", "5:19", "a condition needs true or false"},
        {HEAD RULE("a", "permit") "acts view\nkeeps 3 days", "5:7", "'for' or 'until'"}, {HEAD RULE("a", "permit") "acts view\nkeeps for ever", "5:11", "'ever' where a whole number is expected"},
        {HEAD RULE("a", "permit") "acts view\nkeeps for 3 weeks", "5:13", "'weeks' where hours, days, months or years is expected"}, {HEAD RULE("a", "permit") "acts view\nkeeps for 0 days", "5:11", "a retention of 1 to 36525 days"},
        {HEAD RULE("a", "permit") "acts view\nkeeps for 101 years", "5:11", "a retention of 1 to 100 years; nothing is kept for ever"}, {HEAD RULE("a", "permit") "acts view\nkeeps for 1201 months", "5:11", "1200 months"},
        {HEAD RULE("a", "permit") "acts view\nkeeps for 876601 hours", "5:11", "876600 hours"}, {HEAD RULE("a", "permit") "acts view\nkeeps until f at most 1 day", "5:13", "declares no event 'f', did you mean 'e'?"},
        {HEAD RULE("a", "permit") "acts view\nkeeps until e", "5:14", "the end where 'at' is expected"}, {HEAD RULE("a", "permit") "acts view\nkeeps until e at least 1 day", "5:18", "'least' where 'most' is expected"},
        {HEAD RULE("a", "permit") "acts view\nkeeps until 3", "5:13", "'3' where an event is expected"},
        {HEAD PERMIT("a") "\norder O \"x\"", "5:7", "a name is a letter"}, {HEAD PERMIT("a") "\norder o on", "5:9", "what it is, in quotes"}, {HEAD PERMIT("a") "\norder o \"x\" 2020-01-01", "5:13", "'2020-01-01' where 'on' is expected"},
        {HEAD PERMIT("a") "\norder o \"x\" on 2020-02-01 stops a", "5:27", "'stops' where 'suspends' is expected"}, {HEAD PERMIT("a") "\norder o \"x\" on 2020-02-01 suspends b", "5:36", "declares no rule 'b', did you mean 'a'?"},
        {HEAD PERMIT("a") "\norder o \"x\" on 2020-02-01 suspends a lifted on 2020-02-01", "5:38", "lifted before it had effect"}, {HEAD PERMIT("a") "\norder o \"x\" on 2020-02-01 suspends a lifted on 2020-02-02 lifted on 2020-02-03", "5:59", "lifted twice"},
        {HEAD PERMIT("a") "\norder o \"x\" on 2020-02-01 suspends a then burn on 2020-03-01", "5:43", "'burn' where 'destroy' or 'release' is expected"}, {HEAD PERMIT("a") "\norder o \"x\" on 2020-02-01 suspends a then destroy on 2020-01-01", "5:38", "before the order had effect"},
        {HEAD PERMIT("a") "\norder o \"x\" on 2020-02-01 suspends a then destroy on 2020-03-01 then release on 2020-03-01", "5:65", "destroyed or released once"},
        {HEAD PERMIT("a") "\norder o \"x\" on 2020-02-01 suspends a lifted on 2020-03-01 then destroy on 2020-03-01", "5:7", "an order that destroys cannot be lifted"},
        {HEAD PERMIT("a") "\norder o \"x\" on 2020-02-01 suspends a\norder o \"x\" on 2020-02-01 suspends a", "6:7", "a second order 'o'"},
        {HEAD PERMIT("a") "\norder o \"x\" on 2020-02-01 suspends a, a", "5:39", "'a' is there twice"}, {HEAD "programme h \"x", "4:13", "a string that does not end on its line"}, {HEAD "programme h ?", "4:13", "'?' has no meaning here"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct hbs_law *law = open_pack(bad[i].text);
        bool good = !law && has_mistake(bad[i].at, bad[i].what);
        ok(good, "mistake at %s: %s", bad[i].at, bad[i].what);
        if (!good)
            show_mistakes();
        hbs_law_close(law);
    }
    struct hbs_law *law = open_pack(all_clauses);
    ok(!law && has_mistake("10:31", "a second 'in' in one rule") && mistake_count == 2 && has_mistake("7:6", "'keeps'"),
       "'in force' ends a condition; nothing else is wrong with that rule but its end");

    /* All at once, in the order of the text, each once. */
    law = open_pack(HEAD "rule a permit \"w\"\n cites c\n status fnal\n in force from 2020-99-01\n acts colect\n when subject.aeg > 3 && act == \"vew\"\n"
                    " obliges notise\n keeps for 200 years\nrule b forbit \"w\"\n cites \"c\"\n status final\n in force from 2020-01-01\n programmes h\n");
    ok(!law && mistake_count == 10, "ten mistakes in two rules are told at once");
    bool order = true;
    for (size_t i = 1; i < mistake_count; i++)
        order &= mistakes[i].line > mistakes[i - 1].line || (mistakes[i].line == mistakes[i - 1].line && mistakes[i].column > mistakes[i - 1].column);
    ok(order, "in the order of the text");
    if (mistake_count != 10)
        show_mistakes();
    static char many[200000];
    size_t n = (size_t)snprintf(many, sizeof many, HEAD);
    for (int i = 0; i < 80; i++)
        n += (size_t)snprintf(many + n, sizeof many - n, "country x\n");
    ok(!open_pack(many) && mistake_count == HBS_LAW_MISTAKES_MAX, "of eighty mistakes fifty are told");
    struct hbs_buf out;
    hbs_buf_init(&out, ctx, 65536);
    static const char shown[] = "pack p version \"1\"\n\tabout \"\303\251\" rulle\n";
    ok(!open_pack(shown) && !hbs_law_mistake_print("f.law", shown, strlen(shown), &mistakes[0], &out) && !hbs_buf_put(&out, "", 1), "a mistake is shown");
    is_text((char *)out.data, "f.law:2:12: 'rulle' where a rule or a declaration is expected, did you mean 'rule'?\n\tabout \"\303\251\" rulle\n\t          ^\n",
            "with its line and a caret, columns counted in characters");
    hbs_buf_close(&out);

    n = (size_t)snprintf(many, sizeof many, HEAD);
    for (int i = 0; i <= (int)HBS_LAW_RULES_MAX; i++)
        n += (size_t)snprintf(many + n, sizeof many - n, PERMIT("r%d") "\n", i);
    ok(!open_pack(many) && has_mistake("1004:1", "more than 1000 rules"), "1,001 rules are too many");
    *strrchr(many, 'r') = 0;
    n = (size_t)snprintf(many, sizeof many, HEAD);
    for (int i = 0; i < 1001; i++)
        n += (size_t)snprintf(many + n, sizeof many - n, "event e%d 'x'\n", i);
    ok(!open_pack(many) && has_mistake("1003:7", "more than 1000 declarations"), "so are 1,001 events");
    n = (size_t)snprintf(many, sizeof many, HEAD RULE("a", "permit") "acts view keeps until e");
    for (int i = 0; i < 1001; i++)
        n += (size_t)snprintf(many + n, sizeof many - n, ",e%d", i);
    ok(!open_pack(many) && strstr(mistakes[mistake_count - 1].what, "more than 1000 names"), "and 1,001 names in a list");
    n = (size_t)snprintf(many, sizeof many, HEAD PERMIT("a"));
    for (int i = 0; i < 33; i++)
        n += (size_t)snprintf(many + n, sizeof many - n, "obliges notice\n");
    ok(!open_pack(many) && strstr(mistakes[0].what, "more than 32 obligations"), "and 33 obligations");
    n = (size_t)snprintf(many, sizeof many, HEAD PERMIT("a") "\n");
    for (int i = 0; i < 1001; i++)
        n += (size_t)snprintf(many + n, sizeof many - n, "order o%d 'x' on 2020-02-01 suspends a\n", i);
    ok(!open_pack(many) && strstr(mistakes[0].what, "more than 1000 orders"), "and 1,001 orders");
    char *huge = calloc(1, HBS_LAW_TEXT_MAX + 1);
    ok(huge && hbs_law_open(ctx, "p", huge, HBS_LAW_TEXT_MAX + 1, NULL, NULL, &law) == HBS_ERR_LIMIT, "a text over a mebibyte is not read");
    free(huge);
}

/* ---- Rulings ------------------------------------------------------------------------------------ */

static const char good_facts[] =
    "{\"act\":\"collect\",\"modality\":\"dna\",\"purpose\":\"custody\",\"programme\":\"g\",\"actor\":{\"id\":\"o1\",\"role\":\"officer\"},"
    "\"subject\":{\"age\":34,\"status\":\"undocumented\",\"arrested\":true},\"place\":{\"city\":\"Dallas\"},"
    "\"assessment\":{\"id\":\"P\",\"until\":\"2030-01-01\"}}";

static struct hbs_facts facts_but(enum hbs_fact forget)
{
    struct hbs_facts f;
    if (read_facts(good_facts, &f))
        printf("# %s\n", hbs_ctx_what(ctx));
    hbs_facts_forget(&f, forget);
    return f;
}

/* A pack's ruling in a few words: "allow a,b" or "refuse a @2 ?subject.age ~c" (articles, missing, without effect). */
static const char *ruling_words(const struct hbs_ruling *r)
{
    static char out[512];
    size_t n = (size_t)snprintf(out, sizeof out, "%s", r->allow ? "allow" : "refuse");
    for (uint32_t i = 0; i < r->rules; i++)
        n += (size_t)snprintf(out + n, sizeof out - n, "%s%s", i ? "," : " ", r->rule[i].id);
    for (uint32_t i = 0; i < r->articles; i++)
        n += (size_t)snprintf(out + n, sizeof out - n, " @%u", (unsigned)r->article[i]);
    for (int f = 0; f < HBS_FACT_COUNT; f++)
        if (r->missing >> f & 1)
            n += (size_t)snprintf(out + n, sizeof out - n, " ?%s", hbs_fact_info((enum hbs_fact)f)->name);
    for (uint32_t i = 0; i < r->without_effect; i++)
        n += (size_t)snprintf(out + n, sizeof out - n, " ~%s", r->dormant[i].id);
    return out;
}

static const char *rule_on(const char *pack, const struct hbs_facts *f, const char *on, struct hbs_ruling *r)
{
    static struct hbs_law *law; /* lives until the next: the ruling names its strings */
    hbs_law_close(law);
    law = open_pack(pack);
    if (!law) {
        show_mistakes();
        return "no pack";
    }
    hbs_law_rule(law, f, day(on), r);
    return ruling_words(r);
}

static void test_rulings(void)
{
    struct hbs_ruling r;
    struct hbs_facts f = facts_but(HBS_FACT_COUNT), no_age = facts_but(HBS_FACT_SUBJECT_AGE), no_status = facts_but(HBS_FACT_SUBJECT_STATUS),
                     no_city = facts_but(HBS_FACT_PLACE_CITY), no_arrest = facts_but(HBS_FACT_SUBJECT_ARRESTED);
    const char *on = "2020-05-15";
    is_text(rule_on(HEAD, &f, on, &r), "refuse", "an empty pack refuses: silence");
    is_text(rule_on(HEAD PERMIT("a"), &f, on, &r), "allow a", "a permit allows");
    is_text(rule_on(HEAD PERMIT("a") RULE("b", "forbid"), &f, on, &r), "refuse b", "forbid beats permit");
    is_text(rule_on(HEAD RULE("b", "forbid") PERMIT("a"), &f, on, &r), "refuse b", "in either order");
    is_text(rule_on(HEAD PERMIT("a") "when place.city == 'x' " PERMIT("b"), &f, on, &r), "allow b", "a permit that does not hold is silent");
    is_text(rule_on(HEAD PERMIT("a") PERMIT("b"), &f, on, &r), "allow a,b", "all permits that hold are named");
    is_text(rule_on(HEAD PERMIT("a") "when place.city == 'Dallas'", &no_city, on, &r), "refuse ?place.city", "an erring permit does not permit");
    is_text(rule_on(HEAD PERMIT("a") RULE("b", "forbid") "when place.city == 'x'", &no_city, on, &r), "refuse b ?place.city", "an erring forbid forbids");
    is_text(rule_on(HEAD PERMIT("a") RULE("b", "forbid") "when place.city == 'x'", &f, on, &r), "allow a", "one that does not hold is silent");
    is_text(rule_on(HEAD PERMIT("a") "when place.city == 'Dallas' || subject.arrested", &no_city, on, &r), "allow a", "an error that does not matter is none");
    is_text(rule_on(HEAD PERMIT("a") "when subject.age >= 14", &no_age, on, &r), "refuse ?subject.age", "an unknown age is a child's");
    is_text(rule_on(HEAD PERMIT("a") RULE("b", "forbid") "when subject.age < 14", &no_age, on, &r), "refuse b ?subject.age", "also where it forbids");
    is_text(rule_on(HEAD PERMIT("a") RULE("b", "forbid") "when !has(subject.age)", &no_age, on, &r), "refuse b ?subject.age", "has() says that it is not known");
    is_text(rule_on(HEAD PERMIT("a") "when subject.age >= 14 && place.city == 'x'", &no_age, on, &r), "refuse", "an age that changes nothing is not missing");
    is_text(rule_on(HEAD PERMIT("a") "when subject.arrested && place.city == 'x'", &no_arrest, on, &r), "refuse", "nor another fact");
    is_text(rule_on(HEAD PERMIT("a") "when subject.arrested" " " RULE("b", "forbid"), &no_arrest, on, &r), "refuse b", "nothing is missing where it is forbidden anyhow");

    /* Unknown status: allowed only if it is with every status. */
    is_text(rule_on(HEAD PERMIT("a") "when subject.status != 'citizen'", &no_status, on, &r), "refuse ?subject.status", "an exempt status may be the person's");
    is_text(rule_on(HEAD PERMIT("a") "when subject.status == 'citizen'", &no_status, on, &r), "refuse ?subject.status", "and it may be another");
    is_text(rule_on(HEAD PERMIT("a") "when subject.status == 'citizen' " PERMIT("b") "when subject.status != 'citizen'", &no_status, on, &r),
            "allow a,b", "allowed with every status, though by different rules");
    is_text(rule_on(HEAD PERMIT("a") "obliges notice if subject.status == 'diplomat'", &no_status, on, &r), "allow a", "obligations of any status");
    is_int(r.obliged, 1 << HBS_OBLIGE_NOTICE, "are obligations");
    is_text(rule_on(HEAD PERMIT("a") "obliges notice if subject.status == 'diplomat' && subject.status == 'citizen'", &no_status, on, &r), "allow a", "of no status");
    is_int(r.obliged, 0, "are none");
    is_text(rule_on(HEAD PERMIT("a") RULE("b", "forbid") "when subject.status == 'diplomat'", &no_status, on, &r), "refuse b ?subject.status", "a forbid for one status forbids");
    is_text(rule_on(HEAD PERMIT("a") "when subject.status == 'citizen' || true", &no_status, on, &r), "allow a", "a status that changes nothing");
    is_text(rule_on(HEAD PERMIT("a") "when !has(subject.status)", &no_status, on, &r), "allow a", "has() of it is false");
    is_text(rule_on(HEAD PERMIT("a") "when subject.status == 'unknown'", &no_status, on, &r), "allow a", "which is what 'unknown' says");
    is_text(rule_on(HEAD PERMIT("a") "when subject.status in ['unknown', 'citizen']", &no_status, on, &r), "allow a", "in a list too");
    is_text(rule_on(HEAD PERMIT("a") "when subject.status in ['unknown', 'citizen']", &f, on, &r), "refuse", "and is not said of a known one");
    is_text(rule_on(HEAD PERMIT("a") "when subject.status in ['citizen', 'permanent-resident', 'lawfully-admitted', 'applicant-for-admission', 'undocumented', "
                    "'asylum-seeker', 'refugee', 'diplomat']", &no_status, on, &r), "allow a", "all eight statuses are all there are");

    /* Obligations, ends, thresholds. */
    is_text(rule_on(HEAD PERMIT("a") "obliges notice if subject.age < 18, case if place.city == 'x', authoriser 'W'", &no_city, on, &r), "allow a", "obligations");
    is_int(r.obliged, 1 << HBS_OBLIGE_CASE | 1 << HBS_OBLIGE_AUTHORISER, "an erring 'if' obliges, one that does not hold does not");
    is_text(r.obligation_text[HBS_OBLIGE_AUTHORISER], "W", "in the pack's words");
    is_text(rule_on(HEAD RULE("a", "permit") "acts collect, identify keeps for 2 years threshold 5.5 obliges notice " RULE("b", "permit")
                    "acts collect, identify keeps until e at most 12 hours threshold 6 obliges case", &f, on, &r), "allow a,b", "two permits");
    ok(r.obliged == (1 << HBS_OBLIGE_CASE | 1 << HBS_OBLIGE_NOTICE) && r.threshold == 6000 && r.end == day("2020-05-16") && r.end_seconds == 43200 && r.events == 1,
       "all that both oblige to, the higher threshold, the earlier end");
    struct hbs_facts import = f;
    ok(!hbs_facts_set_string(ctx, &import, HBS_FACT_ACT, "import"), "an import");
    is_text(rule_on(HEAD RULE("a", "permit") "acts import keeps for 1 day", &import, on, &r), "allow a", "is allowed");
    is_int(r.obliged, 1 << HBS_OBLIGE_FOREIGN_DATA_CHECK, "and obliges to a check, whatever the pack says (article 7)");

    /* Time. */
    const char *timed = HEAD "rule a permit 'w' cites 'c' status proposed status interim final from 2020-02-01 status struck down from 2020-06-01\n"
                             " in force from 2020-01-15 to 2020-12-31 acts collect keeps for 1 day\n";
    static const struct { const char *on, *want; } times[] = {
        {"2020-01-14", "refuse"}, {"2020-01-15", "refuse ~a"}, {"2020-01-31", "refuse ~a"}, {"2020-02-01", "allow a"}, {"2020-05-31", "allow a"},
        {"2020-06-01", "refuse ~a"}, {"2020-12-31", "refuse ~a"}, {"2021-01-01", "refuse"}};
    for (size_t i = 0; i < sizeof times / sizeof *times; i++)
        is_text(rule_on(timed, &f, times[i].on, &r), times[i].want, "status and interval on %s", times[i].on);
    static const char *const statuses[] = {"proposed", "under review", "interim final", "final", "suspended by a court", "withdrawn", "struck down"};
    for (int i = 0; i < 7; i++) {
        char text[256];
        snprintf(text, sizeof text, HEAD "rule a permit 'w' cites 'c' status %s in force from 2020-01-01 acts collect keeps for 1 day", statuses[i]);
        is_text(rule_on(text, &f, on, &r), i == 2 || i == 3 ? "allow a" : "refuse ~a", "status %s", statuses[i]);
        is_text(hbs_law_status_name((enum hbs_law_status)i), statuses[i], "its name");
    }
    is_text(rule_on(HEAD PERMIT("a") "rule b forbid 'w' cites 'c' status proposed in force from 2020-01-01", &f, on, &r), "allow a ~b", "a proposal forbids nothing");
    is_text(rule_on(HEAD "rule a permit 'w' cites 'c' status final from 2020-06-01 in force from 2020-01-01 acts collect keeps for 1 day", &f, on, &r),
            "refuse ~a", "before its first status a rule has no effect");

    /* Lists that are cut. */
    static char many[20000];
    size_t n = (size_t)snprintf(many, sizeof many, HEAD);
    for (int i = 0; i < 40; i++)
        n += (size_t)snprintf(many + n, sizeof many - n, PERMIT("r%d") "\n", i);
    rule_on(many, &f, on, &r);
    ok(r.allow && r.cut && r.rules == HBS_LAW_LIST_MAX, "a list that is too long says that it is cut");
}

/* ---- Articles ----------------------------------------------------------------------------------- */

static void test_articles(void)
{
    static const char pack[] = HEAD "rule a permit 'w' cites 'c' status final in force from 2020-01-01 keeps for 1 day\n"
        " acts collect, enrol, verify, identify, search-kin, compare-lineage, view, share, import, correct, retain, dispose, report\n";
    /* what is changed of the good facts (a name and its JSON value; none: forgotten), the ruling */
    static const struct { const char *facts, *want; } table[] = {
        {"", "allow a"}, {"actor.id", "refuse @1 ?actor.id"}, {"actor.id=\"\"", "refuse @1"}, {"purpose", "refuse @1 ?purpose"}, {"act", "refuse @1 @6 ?act"},
        {"modality", "refuse @1 ?modality"}, {"act=\"dispose\" modality", "allow a"}, {"act=\"report\" modality", "allow a"}, {"act=\"share\" modality", "refuse @1 ?modality"},
        {"assessment.id", "refuse @2 ?assessment.id"}, {"assessment.id=\"\"", "refuse @2"}, {"assessment.until", "refuse @2 ?assessment.until"},
        {"assessment.until=\"2020-05-14\"", "refuse @2"}, {"assessment.until=\"2020-05-15\"", "allow a"},
        {"act=\"dispose\" assessment.until=\"2019-01-01\"", "allow a"}, {"act=\"correct\" assessment.until", "allow a"}, {"act=\"report\" assessment.until", "allow a"},
        {"act=\"dispose\" assessment.id", "refuse @2 ?assessment.id"}, {"act=\"retain\" assessment.until=\"2019-01-01\"", "refuse @2"},
        {"act=\"view\" assessment.until=\"2019-01-01\"", "refuse @2"}, {"act=\"view\" purpose=\"access-request\" assessment.until=\"2019-01-01\"", "allow a"},
        {"act=\"identify\" modality=\"face\" gallery.kind=\"case\" gallery.size=10000", "allow a"}, {"act=\"identify\" modality=\"face\" gallery.kind=\"case\" gallery.size=10001", "refuse @5"},
        {"act=\"identify\" modality=\"face\" gallery.kind=\"case\" gallery.size=0", "refuse @5"}, {"act=\"identify\" modality=\"face\" gallery.kind=\"civil\" gallery.size=5", "refuse @5"},
        {"act=\"identify\" modality=\"face\" gallery.size=5", "refuse @5 ?gallery.kind"}, {"act=\"identify\" modality=\"face\" gallery.kind=\"crossing\"", "refuse @5 ?gallery.size"},
        {"act=\"identify\" modality=\"face\" gallery.kind=\"site-duplicates\" gallery.size=1", "allow a"}, {"act=\"verify\" modality=\"face\"", "allow a"},
        {"act=\"identify\" modality=\"finger\" gallery.kind=\"civil\" gallery.size=50000000", "allow a"}, {"act=\"identify\" modality=\"location\"", "refuse @5"},
        {"act=\"collect\" modality=\"location\"", "allow a"}, {"act=\"compare-lineage\" modality=\"finger\"", "refuse @6"}, {"act=\"compare-lineage\"", "allow a"},
        {"act=\"search-kin\" purpose=\"investigation\" authoriser.id=\"o2\"", "allow a"}, {"act=\"search-kin\" purpose=\"missing-person\" authoriser.id=\"o2\"", "allow a"},
        {"act=\"search-kin\" purpose=\"custody\" authoriser.id=\"o2\"", "refuse @6"}, {"act=\"search-kin\" purpose=\"investigation\"", "refuse @6 ?authoriser.id"},
        {"act=\"search-kin\" purpose=\"investigation\" authoriser.id=\"\"", "refuse @6"}, {"act=\"search-kin\" purpose=\"investigation\" authoriser.id=\"o1\"", "refuse @6 @11"},
        {"act=\"search-kin\" modality=\"face\" purpose=\"investigation\" authoriser.id=\"o2\"", "refuse @6"},
        {"actor.role", "refuse @11 ?actor.role"}, {"actor.role=\"\"", "refuse @11"}, {"authoriser.id=\"o1\"", "refuse @11"}, {"authoriser.id=\"o2\"", "allow a"},
        {"actor.id assessment.id", "refuse @1 @2 ?actor.id ?assessment.id"}, {"actor.id assessment.id=\"\"", "refuse @1 @2"},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct hbs_facts f = facts_but(HBS_FACT_COUNT);
        struct hbs_ruling r;
        char words[256];
        bool good = true;
        snprintf(words, sizeof words, "%s", table[i].facts);
        char *rest = words;
        for (char *w; (w = strsep(&rest, " ")) && *w;) {
            char *value = strchr(w, '=');
            if (value)
                *value++ = 0;
            enum hbs_fact fact = hbs_fact_find(w);
            int64_t date = 0;
            if (!value) {
                hbs_facts_forget(&f, fact);
            } else if (*value != '"') {
                good &= !hbs_facts_set_number(ctx, &f, fact, strtoll(value, NULL, 10));
            } else {
                value[strlen(value) - 1] = 0;
                good &= hbs_fact_info(fact)->type == HBS_FACT_DATE
                            ? !hbs_date_read(ctx, value + 1, &date) && !hbs_facts_set_number(ctx, &f, fact, date)
                            : !hbs_facts_set_string(ctx, &f, fact, value + 1);
            }
        }
        const char *got = rule_on(pack, &f, "2020-05-15", &r);
        ok(good && !strcmp(got, table[i].want), "%s: %s", *table[i].facts ? table[i].facts : "the good facts", table[i].want);
        if (strcmp(got, table[i].want))
            printf("# got %s\n", got);
    }
    const struct hbs_law_article *a;
    char one[65], two[65];
    size_t count = hbs_law_articles(&a);
    hbs_law_articles_sha256(one);
    hbs_law_articles_sha256(two);
    ok(count == 11 && a[0].number == 1 && a[10].number == 11 && strlen(one) == 64 && !strcmp(one, two), "eleven articles with one hash");
}

/* ---- Orders, seals ------------------------------------------------------------------------------ */

static void test_orders(void)
{
    static const char pack[] = HEAD PERMIT("a") "\n" PERMIT("b") "when place.city == 'x'\n" PERMIT("d") "when place.city == 'x'\n"
        "order o 'x' on 2020-03-01 suspends a, b lifted on 2020-04-01\norder p 'x' on 2020-05-01 suspends b then destroy on 2020-06-01\n"
        "order q 'x' on 2020-05-01 suspends d then release on 2020-06-01\norder s 'x' on 2020-07-01 suspends d\n";
    struct hbs_facts f = facts_but(HBS_FACT_COUNT);
    struct hbs_ruling r;
    static const struct { const char *on, *want; } times[] = {
        {"2020-02-29", "allow a"}, {"2020-03-01", "refuse ~a"}, {"2020-03-31", "refuse ~a"}, {"2020-04-01", "allow a"}};
    for (size_t i = 0; i < sizeof times / sizeof *times; i++)
        is_text(rule_on(pack, &f, times[i].on, &r), times[i].want, "an order on %s", times[i].on);
    is_text(rule_on(pack, &f, "2020-03-01", &r), "refuse ~a", "a suspended rule");
    is_int(r.dormant[0].status, HBS_LAW_SUSPENDED, "is suspended by a court");
    static const struct { const char *rule, *on; enum hbs_law_fate fate; const char *order; } fates[] = {
        {"a", "2020-02-29", HBS_FATE_FREE, NULL}, {"a", "2020-03-01", HBS_FATE_SEALED, "o"}, {"a", "2020-04-01", HBS_FATE_FREE, NULL},
        {"b", "2020-04-15", HBS_FATE_FREE, NULL}, {"b", "2020-05-01", HBS_FATE_SEALED, "p"}, {"b", "2020-06-01", HBS_FATE_DESTROY, "p"}, {"b", "2199-01-01", HBS_FATE_DESTROY, "p"},
        {"d", "2020-05-31", HBS_FATE_SEALED, "q"}, {"d", "2020-06-01", HBS_FATE_RELEASED, "q"}, {"d", "2020-07-01", HBS_FATE_SEALED, "s"}};
    struct hbs_law *law = open_pack(pack);
    for (size_t i = 0; law && i < sizeof fates / sizeof *fates; i++) {
        enum hbs_law_fate fate = HBS_FATE_FREE;
        const char *order = "?";
        enum hbs_err err = hbs_law_fate(ctx, law, fates[i].rule, day(fates[i].on), &fate, &order);
        ok(!err && fate == fates[i].fate && (order && fates[i].order ? !strcmp(order, fates[i].order) : order == fates[i].order),
           "what was collected under %s on %s", fates[i].rule, fates[i].on);
    }
    enum hbs_law_fate fate;
    const char *order;
    ok(law && hbs_law_fate(ctx, law, "aa", 0, &fate, &order) == HBS_ERR_NOT_FOUND && strstr(hbs_ctx_do(ctx), "'a'"), "no such rule, with the nearest");

    if (!law)
        return;
    struct hbs_ruling copy;
    hbs_law_rule(law, &f, day("2020-02-01"), &r);
    copy = r;
    ok(hbs_ruling_is_genuine(&copy) && hbs_ruling_is_about(&copy, &f), "a ruling is genuine, copied too");
    struct hbs_facts other = f;
    ok(!hbs_facts_set_string(ctx, &other, HBS_FACT_ACTOR_ID, "o2") && !hbs_ruling_is_about(&copy, &other), "and about no other facts");
    ok(!hbs_facts_set_string(ctx, &other, HBS_FACT_ACTOR_ID, "o1") && hbs_ruling_is_about(&copy, &other), "however those were set");
    struct hbs_ruling forged = {.allow = true, .law = law, .on = r.on};
    ok(!hbs_ruling_is_genuine(&forged), "one made by hand is not");
    copy.on += 86400;
    ok(!hbs_ruling_is_genuine(&copy), "nor one with another date");
    hbs_law_rule(law, &other, day("2020-03-01"), &copy);
    copy.allow = true;
    ok(!hbs_ruling_is_genuine(&copy), "nor a refusal turned into a permission");
    copy = r;
    copy.end += 86400;
    ok(!hbs_ruling_is_genuine(&copy), "nor one with a later end");
    copy = r;
    copy.facts ^= 1;
    ok(!hbs_ruling_is_genuine(&copy), "nor one said to be about other facts");
    copy = r;
    copy.obliged = ~0u;
    ok(!hbs_ruling_is_genuine(&copy), "nor with other obligations");
    hbs_law_close(law);
}

/* ---- Properties --------------------------------------------------------------------------------- */

struct world {
    struct hbs_facts facts;
    int64_t on;
};

static void make_world(struct hbs_rng *rng, void *out)
{
    struct world *w = out;
    static const char *const cities[] = {"Dallas", "Houston", ""};
    memset(w, 0, sizeof *w);
    w->facts = facts_but(HBS_FACT_COUNT);
    w->on = day("2020-01-01") + 86400 * (int64_t)hbs_rng_below(rng, 400);
    const char *const *statuses = hbs_fact_info(HBS_FACT_SUBJECT_STATUS)->names;
    bool good = !hbs_facts_set_number(ctx, &w->facts, HBS_FACT_SUBJECT_AGE, hbs_rng_below(rng, 25)) &&
                !hbs_facts_set_string(ctx, &w->facts, HBS_FACT_SUBJECT_STATUS, statuses[hbs_rng_below(rng, 8)]) &&
                !hbs_facts_set_string(ctx, &w->facts, HBS_FACT_PLACE_CITY, cities[hbs_rng_below(rng, 3)]) &&
                !hbs_facts_set_number(ctx, &w->facts, HBS_FACT_SUBJECT_ARRESTED, hbs_rng_below(rng, 2));
    if (!good)
        printf("# %s\n", hbs_ctx_what(ctx));
    static const enum hbs_fact some[] = {HBS_FACT_SUBJECT_AGE, HBS_FACT_SUBJECT_STATUS, HBS_FACT_PLACE_CITY, HBS_FACT_SUBJECT_ARRESTED,
                                         HBS_FACT_ASSESSMENT_UNTIL, HBS_FACT_ACTOR_ID};
    for (size_t i = 0; i < sizeof some / sizeof *some; i++)
        if (!hbs_rng_below(rng, 5))
            hbs_facts_forget(&w->facts, some[i]);
}

#define R1 "rule a permit 'w' cites 'c' status final in force from 2020-01-01 acts collect keeps for 9 days when subject.age >= 14 && place.city == 'Dallas'\n"
#define R2 "rule b permit 'w' cites 'c' status final from 2020-06-01 in force from 2020-01-01 acts collect keeps for 3 days when subject.status in ['refugee', 'unknown'] || has(subject.age) && subject.arrested\n"
#define R3 "rule d forbid 'w' cites 'c' status final in force from 2020-03-01 to 2020-09-01 when subject.status == 'diplomat' || subject.age < 5\n" \
    " || !has(place.city) && subject.age > 20 || has(subject.arrested) != has(subject.age)\n"
static struct hbs_law *forward, *backward, *without;

static bool holds_order(const void *in, bool verbose)
{
    const struct world *w = in;
    struct hbs_ruling a, b, c;
    hbs_law_rule(forward, &w->facts, w->on, &a);
    hbs_law_rule(backward, &w->facts, w->on, &b);
    hbs_law_rule(without, &w->facts, w->on, &c);
    if (verbose)
        printf("# %d %d %d\n", a.allow, b.allow, c.allow);
    return a.allow == b.allow && a.end == b.end && a.missing == b.missing && a.obliged == b.obliged && (c.allow || !a.allow);
}

/* To learn a fact that is not missing changes no refusal. */
static bool holds_missing(const void *in, bool verbose)
{
    const struct world *w = in;
    struct hbs_ruling before, after;
    hbs_law_rule(forward, &w->facts, w->on, &before);
    if (before.allow)
        return true;
    struct hbs_facts f = w->facts;
    static const char *const cities[] = {"Dallas", "Houston"};
    const char *const *statuses = hbs_fact_info(HBS_FACT_SUBJECT_STATUS)->names;
    for (int i = 0; i < 16; i++) {
        bool good = true;
        f = w->facts;
        uint64_t learn = ~(f.known | before.missing);
        if (learn >> HBS_FACT_SUBJECT_AGE & 1)
            good &= !hbs_facts_set_number(ctx, &f, HBS_FACT_SUBJECT_AGE, i * 2);
        if (learn >> HBS_FACT_SUBJECT_STATUS & 1)
            good &= !hbs_facts_set_string(ctx, &f, HBS_FACT_SUBJECT_STATUS, statuses[i % 8]);
        if (learn >> HBS_FACT_PLACE_CITY & 1)
            good &= !hbs_facts_set_string(ctx, &f, HBS_FACT_PLACE_CITY, cities[i % 2]);
        if (learn >> HBS_FACT_SUBJECT_ARRESTED & 1)
            good &= !hbs_facts_set_number(ctx, &f, HBS_FACT_SUBJECT_ARRESTED, i / 2 % 2);
        hbs_law_rule(forward, &f, w->on, &after);
        if (verbose)
            printf("# %s\n", ruling_words(&after));
        if (!good || after.allow)
            return false;
    }
    return true;
}

/* One pack, many threads: each ruling as alone. */
struct shared {
    struct world worlds[64];
    struct hbs_ruling alone[64];
    bool same[64 * 50];
};
static void rule_in_thread(void *arg, size_t i, unsigned thread)
{
    (void)thread;
    struct shared *s = arg;
    struct hbs_ruling r;
    hbs_law_rule(forward, &s->worlds[i % 64].facts, s->worlds[i % 64].on, &r);
    s->same[i] = r.seal == s->alone[i % 64].seal && hbs_ruling_is_genuine(&r);
}

static void test_threads(void)
{
    static struct shared s;
    struct hbs_rng rng;
    int same = 0;
    hbs_rng_seed(&rng, tap_seed);
    for (int i = 0; i < 64; i++) {
        make_world(&rng, &s.worlds[i]);
        hbs_law_rule(forward, &s.worlds[i].facts, s.worlds[i].on, &s.alone[i]);
    }
    hbs_parallel(4, 64 * 50, rule_in_thread, &s);
    for (int i = 0; i < 64 * 50; i++)
        same += s.same[i];
    is_int(same, 64 * 50, "four threads share a pack");
}

static void test_properties(void)
{
    forward = open_pack(HEAD R1 R2 R3);
    backward = open_pack(HEAD R3 R2 R1);
    without = open_pack(HEAD R2 R1);
    if (ok(forward && backward && without, "three packs")) {
        property("the order of rules does not matter, a forbid allows nothing", 20000, make_world, holds_order, NULL, sizeof(struct world));
        property("to learn what is not missing turns no refusal", 20000, make_world, holds_missing, NULL, sizeof(struct world));
        test_threads();
    }
    hbs_law_close(forward);
    hbs_law_close(backward);
    hbs_law_close(without);
}

/* ---- Cases and mutants -------------------------------------------------------------------------- */

static const char case_pack[] = HEAD "rule a permit 'w' cites 'c' status final in force from 2020-01-01 acts collect, identify modalities dna\n"
    " when subject.age >= 14 obliges notice if subject.age < 18 keeps until e at most 12 hours threshold 6\n"
    "rule b forbid 'w' cites 'c' status proposed in force from 2020-01-01 when place.city == 'x'\n";
#define CASES "cases p\nfacts f act = 'collect', modality = 'dna', purpose = 'custody', actor.id = 'o1', actor.role = 'r',\n" \
    " subject.age = 34, subject.status = 'refugee', warrant = true, gallery.size = 3, assessment.id = 'x',\n" \
    " assessment.until = date('2030-01-01'), place.city = 'y'\nfacts g from f subject.age = 15\n" /* five lines */

static struct hbs_law_cases *open_cases(const struct hbs_law *law, const char *text)
{
    struct hbs_law_cases *cases = NULL;
    return hbs_law_cases_open(ctx, law, "p.cases", text, strlen(text), mistakes, &mistake_count, &cases) ? NULL : cases;
}

static void test_cases(void)
{
    struct hbs_law *law = open_pack(case_pack);
    if (!ok(law != NULL, "the pack of the cases")) {
        show_mistakes();
        return;
    }
    struct hbs_law_cases *cases = open_cases(law,
        CASES "case 'all' on 2020-05-15 with g expect allow by a missing nothing obliges notice ends until e at most 2020-05-16 after 43200 seconds threshold 6 without effect nothing\n"
        "case 'few' on 2020-05-15 with f expect allow obliges nothing\n"
        "case 'child' on 2020-05-15 with f but subject.age = 13 expect refuse by silence\n"
        "case 'no age' on 2020-05-15 with f without subject.age, warrant expect refuse missing subject.age\n"
        "case 'lapsed' on 2020-05-15 with f but assessment.until = date('2020-05-14'), case.id = null expect refuse by article 2\n"
        "case 'dormant' on 2020-05-15 with f but place.city = 'x' expect allow by a without effect b\n");
    if (!ok(cases && hbs_law_cases_count(cases) == 6, "six cases are read"))
        show_mistakes();
    struct hbs_law_case c;
    for (size_t i = 0; cases && i < hbs_law_cases_count(cases); i++) {
        hbs_law_cases_run(law, cases, i, &c);
        ok(c.passed && !*c.why, "case '%s' passes %s", c.name, c.why);
    }
    hbs_law_cases_close(cases);
    static const struct { const char *expect, *why; } wrong[] = {
        {"refuse", "expected refuse; got allow by a obliges notice ends until e at most 2020-05-16 after 43200 seconds threshold 6.000"},
        {"allow by silence", "expected silence"}, {"allow by b", "expected other rules"}, {"allow by a, b", "expected other rules"}, {"allow by article 2", "expected other articles"},
        {"allow missing warrant", "expected other missing facts"}, {"allow obliges nothing", "expected other obligations"}, {"allow obliges notice, case", "expected other obligations"},
        {"allow ends 2020-05-16", "expected another end"}, {"allow ends 2020-05-16 after 43200 seconds", "expected another end"}, {"allow ends until e at most 2020-05-17 after 43200 seconds", "another end"},
        {"allow ends until e at most 2020-05-16 after 43201 seconds", "another end"}, {"allow threshold 6.001", "expected another threshold"}, {"allow without effect b", "other rules without effect"}};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        char text[1024];
        snprintf(text, sizeof text, CASES "case 'x' on 2020-05-15 with g expect %s\n", wrong[i].expect);
        if (!(cases = open_cases(law, text))) {
            ok(false, "case expecting %s", wrong[i].expect);
            show_mistakes();
            continue;
        }
        hbs_law_cases_run(law, cases, 0, &c);
        ok(!c.passed && strstr(c.why, wrong[i].why) && strstr(c.why, "got allow by a"), "expecting %s fails: %s", wrong[i].expect, wrong[i].why);
        hbs_law_cases_close(cases);
    }
    static const struct { const char *text, *at, *what; } bad[] = {
        {"", "1:1", "the end where 'cases' is expected"}, {"cases q\n", "1:7", "these are the cases of 'q', the pack is 'p'"}, {"cases 3", "1:7", "where the pack's name is expected"},
        {CASES "fact h", "6:1", "'fact' where 'facts' or 'case' is expected"}, {CASES "facts f act = 'view'", "6:7", "a second set of facts 'f'"}, {CASES "facts h from i act = 'view'", "6:14", "no facts 'i' before this"},
        {CASES "facts h from ff act = 'view'", "6:14", "did you mean 'f'?"}, {CASES "facts 3", "6:7", "where a name for the facts is expected"}, {CASES "facts h subject.aeg = 3", "6:9", "no fact 'subject.aeg', did you mean 'subject.age'"},
        {CASES "facts h 3", "6:9", "where a fact such as subject.age is expected"}, {CASES "facts h warrant true", "6:17", "'true' where '=' is expected"}, {CASES "facts h warrant = yes", "6:19", "where true or false is expected"},
        {CASES "facts h act = view", "6:15", "where a string in quotes is expected"}, {CASES "facts h act = 'veiw'", "6:15", "'veiw' is not a value of this fact; did you mean 'view'?"}, {CASES "facts h subject.age = 'x'", "6:23", "where a whole number is expected"},
        {CASES "facts h subject.age = 151", "6:23", "151 is not a value"}, {CASES "facts h subject.age = -1", "6:23", "-1 is not a value"}, {CASES "facts h assessment.until = '2020-01-01'", "6:28", "where date(\"YYYY-MM-DD\") is expected"},
        {CASES "facts h assessment.until = date('2020-02-30')", "6:28", "not a date of the calendar"}, {CASES "case x", "6:6", "where what the case is, in quotes is expected"}, {CASES "case 'x' with f", "6:10", "'with' where 'on' is expected"},
        {CASES "case 'x' on 2020-02-30 with f expect allow", "6:13", "no date of the calendar"}, {CASES "case 'x' on 2020-02-03 f", "6:24", "'f' where 'with' is expected"}, {CASES "case 'x' on 2020-02-03 with 3", "6:29", "where the name of facts is expected"},
        {CASES "case 'x' on 2020-02-03 with f allow", "6:31", "'allow' where 'expect' is expected"}, {CASES "case 'x' on 2020-02-03 with f expect permit", "6:38", "where 'allow' or 'refuse' is expected"},
        {CASES "case 'x' on 2020-02-03 with f without 3 expect allow", "6:39", "where a fact such as"}, {CASES "case 'x' on 2020-02-03 with f expect allow bye a", "6:44", "'bye' where an expectation or the next case is expected, did you mean 'by'?"},
        {CASES "case 'x' on 2020-02-03 with f expect allow by c", "6:47", "declares no rule 'c'"}, {CASES "case 'x' on 2020-02-03 with f expect allow by 'c'", "6:47", "where a rule, 'silence' or 'article' is expected"},
        {CASES "case 'x' on 2020-02-03 with f expect refuse by article 3", "6:56", "no article 3 refuses"}, {CASES "case 'x' on 2020-02-03 with f expect allow obliges notise", "6:52", "'notise' is not an obligation, did you mean 'notice'?"},
        {CASES "case 'x' on 2020-02-03 with f expect allow obliges 3", "6:52", "where an obligation, or 'nothing' is expected"}, {CASES "case 'x' on 2020-02-03 with f expect allow ends until d at most 2020-01-01", "6:55", "declares no event 'd', did you mean 'e'?"},
        {CASES "case 'x' on 2020-02-03 with f expect allow ends soon", "6:49", "where a date YYYY-MM-DD is expected"}, {CASES "case 'x' on 2020-02-03 with f expect allow ends 2020-03-03 after 3 hours", "6:68", "where 'seconds' is expected"},
        {CASES "case 'x' on 2020-02-03 with f expect allow without a", "6:52", "where 'effect' is expected"}, {CASES "case 'x' on 2020-02-03 with f expect allow threshold x", "6:54", "a number such as"},
        {CASES "case 'x' on 2020-02-03 with f expect allow\ncase 'x' on 2020-02-03 with f expect allow", "7:6", "a second case of this name; the first is on line 6"},
        {CASES "case 'x' on 2020-02-03 with f expect allow missing", "6:51", "where a fact such as"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        cases = open_cases(law, bad[i].text);
        bool good = !cases && has_mistake(bad[i].at, bad[i].what);
        ok(good, "mistake in cases at %s: %s", bad[i].at, bad[i].what);
        if (!good)
            show_mistakes();
        hbs_law_cases_close(cases);
    }
    static char many[400000];
    for (int k = 0; k < 2; k++) {
        size_t n = (size_t)snprintf(many, sizeof many, CASES);
        for (int i = 0; i <= (int)HBS_LAW_CASES_MAX; i++)
            n += (size_t)snprintf(many + n, sizeof many - n, k ? "facts h%d act='view'\n" : "case '%d' on 2020-05-15 with f expect allow\n", i);
        ok(!open_cases(law, many) && strstr(mistakes[0].what, k ? "more than 5000 sets of facts" : "more than 5000 cases"), "too many %s", k ? "facts" : "cases");
    }

    /* Mutants: every constant of the pack, both ways; cases that notice each, and cases that do not. */
    struct hbs_law_mutants *m = NULL;
    cases = open_cases(law, CASES "case '14' on 2020-01-01 with f but subject.age = 14 expect allow ends until e at most 2020-01-02 after 43200 seconds threshold 6\n"
        "case '13' on 2020-01-01 with f but subject.age = 13 expect refuse\ncase 'early' on 2019-12-31 with f expect refuse\n"
        "case '17' on 2020-01-01 with f but subject.age = 17 expect allow obliges notice\ncase '18' on 2020-01-01 with f but subject.age = 18 expect allow obliges nothing\n"
        "case 'b' on 2020-01-01 with f but place.city = 'x' expect allow without effect b\ncase 'b early' on 2019-12-31 with f but place.city = 'x' expect refuse without effect nothing\n");
    ok(cases && !hbs_law_mutants_open(ctx, law, &m), "mutants are made");
    is_int(hbs_law_mutants_count(m), 2 + 2 * 6, "two rules, and six constants both ways");
    size_t noticed = 0;
    struct hbs_law_mutant one;
    for (size_t i = 0; i < hbs_law_mutants_count(m); i++) {
        hbs_law_mutant(m, cases, i, &one);
        noticed += one.noticed != NULL;
        if (!one.noticed)
            printf("# %s %u:%u %s is not noticed\n", one.rule, one.line, one.column, one.what);
    }
    is_int(noticed, hbs_law_mutants_count(m), "all are noticed");
    hbs_law_mutant(m, cases, 0, &one);
    ok(!strcmp(one.rule, "a") && !strcmp(one.what, "deleted") && one.noticed && !strcmp(one.noticed, "14"), "a rule deleted");
    hbs_law_cases_close(cases);
    cases = open_cases(law, CASES "case 'y' on 2020-05-15 with f expect allow\n");
    size_t survived = 0;
    for (size_t i = 0; cases && i < hbs_law_mutants_count(m); i++) {
        hbs_law_mutant(m, cases, i, &one);
        survived += one.noticed == NULL;
    }
    is_int(survived, 13, "a lone case notices the deletion alone");
    hbs_law_cases_close(cases);
    hbs_law_mutants_close(m);
    hbs_law_close(law);

    static const struct { const char *clause, *what[4]; } moved[] = {
        {"when on - assessment.until < duration('30d')", {"30d -> 31d", "30d -> 29d"}}, {"when on - assessment.until < duration('1d12h')", {"36h -> 37h", "36h -> 35h"}},
        {"when on > date('2020-02-28')", {"2020-02-28 -> 2020-02-29", "2020-02-28 -> 2020-02-27"}}, {"when subject.age in [1]", {"1 -> 2", "1 -> 0"}},
        {"when subject.age > -9223372036854775807", {"-9223372036854775807 -> -9223372036854775806"}}, {"when subject.age < 9223372036854775807", {"-> 0"}}};
    for (size_t i = 0; i < sizeof moved / sizeof *moved; i++) {
        char text[512];
        snprintf(text, sizeof text, HEAD "rule a permit 'w' cites 'c' status final in force from 2020-01-01 to 2020-12-31 acts collect keeps for 1 month %s\n", moved[i].clause);
        law = open_pack(text);
        cases = law ? open_cases(law, CASES) : NULL;
        bool found = cases && !hbs_law_mutants_open(ctx, law, &m);
        for (int k = 0; found && k < 4 && moved[i].what[k]; k++) {
            bool seen = false;
            for (size_t j = 0; j < hbs_law_mutants_count(m); j++) {
                hbs_law_mutant(m, cases, j, &one);
                seen |= strstr(one.what, moved[i].what[k]) != NULL;
            }
            found &= seen;
        }
        ok(found, "%s is moved", moved[i].clause);
        hbs_law_mutants_close(m);
        m = NULL;
        hbs_law_cases_close(cases);
        hbs_law_close(law);
    }
    law = open_pack(HEAD "rule a permit 'w' cites 'c' status proposed in force from 2020-01-01 acts verify keeps for 1 month threshold 6 when subject.age > 3 obliges notice if subject.age > 4\n"
                    PERMIT("b") "\norder o 'O' on 2020-03-01 suspends b lifted on 2020-04-01\n");
    ok(law && !hbs_law_mutants_open(ctx, law, &m), "a proposal, a rule and an order");
    is_int(hbs_law_mutants_count(m), 2 + 2 * (2 + 2 + 2), "only date and condition of the proposal, date and retention of the rule, dates of the order");
    hbs_law_mutants_close(m);
    hbs_law_close(law);
}

/* ---- Explanations, register --------------------------------------------------------------------- */

static void test_explain(void)
{
    struct hbs_facts f = facts_but(HBS_FACT_COUNT);
    struct hbs_law *law = open_pack(HEAD PERMIT("a") "when place.city == 'Houston' && subject.age >= 14 # a comment\n && !(warrant || place.sector == '')\n"
                                    PERMIT("b") "when place.city == 'El Paso' && subject.status == 'citizen' && subject.age < 5\n"
                                    "rule z permit 'w' cites 'c' status proposed in force from 2020-01-01 acts collect keeps for 1 day\n");
    struct hbs_buf out;
    hbs_buf_init(&out, ctx, 1u << 20);
    bool good = law && !hbs_facts_set_number(ctx, &f, HBS_FACT_WARRANT, 0) && !hbs_facts_set_string(ctx, &f, HBS_FACT_PLACE_SECTOR, "x");
    ok(good && !hbs_law_explain(law, &f, day("2020-05-15"), &out) && !hbs_buf_put(&out, "", 1), "a ruling is explained");
    const char *t = (char *)out.data;
    ok(strstr(t, "{\"text\":\"place.city == 'Houston'\",\"truth\":\"does not hold\",\"values\":{\"place.city\":\"Dallas\"}}"), "what does not hold, with its value");
    ok(strstr(t, "{\"text\":\"!(warrant || place.sector == '')\",\"truth\":\"holds\",\"not\":{\"text\":\"(warrant || place.sector == '')\",\"truth\":\"does not hold\",\"any\":["), "a tree");
    ok(strstr(t, "\"id\":\"a\"") < strstr(t, "\"id\":\"b\"") && strstr(t, "\"id\":\"b\"") < strrchr(t, 'z'), "the nearest rule first, those without effect last");
    struct hbs_law *two = open_pack(HEAD "rule m permit 'w' cites 'c' status final in force from 2020-01-01 acts share keeps for 1 day " PERMIT("n") "when place.city == 'x'");
    struct hbs_buf near;
    hbs_buf_init(&near, ctx, 1u << 20);
    ok(two && !hbs_law_explain(two, &f, day("2020-05-15"), &near) && !hbs_buf_put(&near, "", 1) &&
           strstr((char *)near.data, "\"id\":\"n\"") < strstr((char *)near.data, "\"id\":\"m\""), "of two as near the one about such an act");
    hbs_buf_close(&near);
    hbs_law_close(two);
    ok(strstr(t, "\"distance\":1,") && strstr(t, "\"distance\":3,"), "how far each is");
    ok(strstr(t, "\"turn\":{\"to\":\"allow\",\"changes\":1,\"found\":1,") && strstr(t, "\"ways\":[[{\"fact\":\"place.city\",\"from\":\"Dallas\",\"to\":\"Houston\"}]]"), "and the one change that turns it");
    static struct hbs_law_turn turn;
    struct hbs_ruling r;
    ok(!hbs_facts_set_number(ctx, &f, HBS_FACT_SUBJECT_AGE, 13) && !hbs_law_turn(ctx, law, &f, day("2020-05-15"), &turn) && turn.changes == 2 && turn.complete, "two changes where two are needed");
    hbs_law_rule(law, &turn.way[0].facts, day("2020-05-15"), &r);
    ok(r.allow && turn.way[0].facts.at[HBS_FACT_SUBJECT_AGE] == 14 && !strcmp(hbs_facts_string(&turn.way[0].facts, HBS_FACT_PLACE_CITY), "Houston"), "to the smallest values first");
    ok(!hbs_law_turn(ctx, law, &turn.way[0].facts, day("2020-05-15"), &turn) && turn.changes == 1 && turn.found > 5 && turn.ways == HBS_LAW_WAYS_MAX, "a permission has many");
    hbs_law_rule(law, &turn.way[0].facts, day("2020-05-15"), &r);
    ok(!r.allow && turn.way[0].changed, "that refuse it");
    f = facts_but(HBS_FACT_COUNT);
    ok(!hbs_facts_set_string(ctx, &f, HBS_FACT_ACT, "share") && !hbs_law_turn(ctx, law, &f, day("2020-05-15"), &turn) && !turn.changes && turn.complete, "an act that no rule permits is turned by nothing");
    hbs_law_close(law);

    /* Single changes against all values of a small world: the same answer by brute force. */
    law = open_pack(HEAD PERMIT("a") "when subject.age > 13 && subject.age < 15 && subject.status in ['refugee', 'diplomat'] && subject.arrested\n" RULE("b", "forbid") "when subject.age == 40\n");
    hbs_law_rule(law, &f, 0, &r);
    int agree = 0, asked = 0;
    for (int64_t age = -1; age < 100; age += 7) {
        for (int s = 0; s < 9; s++) {
            f = facts_but(HBS_FACT_SUBJECT_AGE);
            const char *const *statuses = hbs_fact_info(HBS_FACT_SUBJECT_STATUS)->names;
            good = (age < 0 || !hbs_facts_set_number(ctx, &f, HBS_FACT_SUBJECT_AGE, age)) && !hbs_facts_set_string(ctx, &f, HBS_FACT_SUBJECT_STATUS, statuses[s]);
            hbs_law_rule(law, &f, day("2020-05-15"), &r);
            if (r.allow)
                continue;
            bool one = false; /* with the act, its actor and assessment in order, only these can turn it */
            for (int64_t a = 0; a <= 150 && !one; a++) {
                struct hbs_facts g = f;
                struct hbs_ruling q;
                good &= !hbs_facts_set_number(ctx, &g, HBS_FACT_SUBJECT_AGE, a);
                hbs_law_rule(law, &g, day("2020-05-15"), &q);
                one |= q.allow;
            }
            for (int k = 0; k < 8 && !one; k++) {
                struct hbs_facts g = f;
                struct hbs_ruling q;
                good &= !hbs_facts_set_string(ctx, &g, HBS_FACT_SUBJECT_STATUS, statuses[k]);
                hbs_law_rule(law, &g, day("2020-05-15"), &q);
                one |= q.allow;
            }
            good &= !hbs_law_turn(ctx, law, &f, day("2020-05-15"), &turn);
            asked++;
            agree += good && (turn.changes == 1) == one && turn.changes;
        }
    }
    ok(asked > 50, "%d refusals", asked);
    is_int(agree, asked, "whether one change turns them is as trying all values says");
    hbs_law_close(law);
    hbs_buf_close(&out);
}

static void test_register(void)
{
    struct hbs_law *law = open_pack(HEAD "title \"<script>alert('T')</script>\" country KE about \"A & B\"\npartner q 'Q' unverified 'not seen'\nassessment 'A/1' covers 'x'\n"
        RULE("a", "permit") "acts collect, identify modalities dna purposes custody programmes g when subject.age >= 14 && !(subject.arrested && place.city in ['x', 'y'])\n"
        " && subject.status == 'unknown' && on - assessment.until < duration('36h') || warrant != has(case.id)\n obliges notice 'N<b>' if subject.age < 18 keeps until e at most 12 hours threshold 6.5\n"
        "order o 'O' on 2020-03-01 suspends a lifted on 2020-04-01\n");
    struct hbs_buf html, again, json;
    hbs_buf_init(&html, ctx, 1u << 20);
    hbs_buf_init(&again, ctx, 1u << 20);
    hbs_buf_init(&json, ctx, 1u << 20);
    if (!ok(law && !hbs_law_register_html(law, &html) && !hbs_law_register_html(law, &again) && !hbs_law_register_json(law, &json) &&
                !hbs_buf_put(&html, "", 1) && !hbs_buf_put(&json, "", 1), "a register"))
        show_mistakes();
    const char *t = (char *)html.data, *j = (char *)json.data;
    ok(again.size + 1 == html.size && !memcmp(html.data, again.data, again.size), "the same bytes twice");
    ok(!strstr(t, "<script") && !strstr(t, "N<b>") && strstr(t, "&lt;script&gt;") && strstr(t, "A &amp; B"), "the pack's text is escaped");
    ok(!strstr(t, "http") && !strstr(t, "src="), "nothing is loaded from elsewhere");
    ok(strstr(j, "Permits to collect or identify, with dna, for custody, in G, when (the age of the person in whole years is at least 14, and (it is not so that the person is arrested, "
                 "or the city of the act is neither \\\"x\\\" nor \\\"y\\\"), and (the status of the person in the law's country is not known), and the date of the act less the last day of the "
                 "assessment is less than 36 hours), or whether there is a warrant is not whether (the case it belongs to is known)."), "the rule in plain words");
    ok(strstr(j, "\"on_dates\":[{\"from\":\"2020-01-01\",\"status\":\"final\",\"has_effect\":true},{\"from\":\"2020-03-01\",\"status\":\"suspended by a court\",\"has_effect\":false},"
                 "{\"from\":\"2020-04-01\",\"status\":\"final\",\"has_effect\":true}]"), "its status on dates, orders included");
    ok(strstr(j, "\"retention\":{\"at_most\":\"12 hours\",\"events\":[\"e\"]}") && strstr(j, "\"threshold\":{\"llr\":6.500}"), "retention and threshold");
    char sha256[65];
    const char *rule = law ? strstr(law->text, "rule a") : NULL, *end = law ? strstr(law->text, "\norder") : NULL;
    law_sha256(rule, (size_t)(end - rule), sha256);
    ok(strstr(j, sha256) && strstr(t, sha256), "the hash of the rule's own text");
    hbs_law_close(law);
    hbs_buf_close(&html);
    hbs_buf_close(&again);
    hbs_buf_close(&json);
}

/* ---- Refused memory ----------------------------------------------------------------------------- */

static long left_to_give, blocks;

static void *give(void *user, void *old, size_t size)
{
    (void)user;
    if (left_to_give-- <= 0)
        return NULL;
    void *p = realloc(old, size);
    blocks += p && !old;
    return p;
}

static void take_back(void *user, void *p)
{
    (void)user;
    blocks -= p != NULL;
    free(p);
}

static void test_memory(void)
{
    static const struct hbs_allocator mean = {give, take_back, NULL};
    static const char text[] = HEAD "title 'T' about 'A'\npartner q 'Q' cites 'c'\n"
        "rule a permit 'w' cites 'c' status proposed status final from 2020-01-01 in force from 2020-01-01 acts collect, enrol modalities dna\n"
        " when subject.age in [1, 2, 3] || subject.status in ['unknown', 'citizen'] || on > date('2020-01-01') obliges notice if warrant keeps until e at most 1 day\n"
        "order o 'x' on 2020-02-01 suspends a\n";
    static const char cases_text[] = CASES "case 'x' on 2020-05-15 with f expect refuse by silence\ncase 'y' on 2020-05-15 with f expect allow ends until e at most 2020-01-01 obliges notice\n";
    static struct hbs_law_turn turn;
    struct hbs_facts f = facts_but(HBS_FACT_COUNT);
    long n = 0;
    int done = 0, wrong = 0, leaked = 0;
    for (; n < 3000 && !done; n++) {
        struct hbs_ctx *poor = NULL;
        struct hbs_law *law = NULL;
        struct hbs_law_cases *cases = NULL;
        struct hbs_law_mutants *m = NULL;
        struct hbs_law_case c;
        struct hbs_buf out;
        left_to_give = 1000000;
        blocks = 0;
        if (hbs_ctx_open(&mean, &poor))
            break;
        hbs_buf_init(&out, poor, 1u << 20);
        left_to_give = n;
        enum hbs_err err = hbs_law_open(poor, "p", text, strlen(text), NULL, NULL, &law);
        if (!err)
            err = hbs_law_cases_open(poor, law, "c", cases_text, strlen(cases_text), NULL, NULL, &cases);
        if (!err) {
            hbs_law_cases_run(law, cases, 0, &c);
            err = hbs_law_mutants_open(poor, law, &m);
        }
        if (!err)
            err = hbs_law_turn(poor, law, &f, day("2020-05-15"), &turn);
        if (!err)
            err = hbs_law_explain(law, &f, day("2020-05-15"), &out);
        if (!err)
            err = hbs_law_register_html(law, &out);
        if (!err)
            err = hbs_law_register_json(law, &out);
        wrong += err && (err != HBS_ERR_NO_MEMORY || !*hbs_ctx_what(poor));
        done = !err;
        hbs_law_mutants_close(m);
        hbs_law_cases_close(cases);
        hbs_law_close(law);
        hbs_buf_close(&out);
        hbs_ctx_close(poor);
        leaked += blocks != 0;
    }
    ok(done && n > 20, "the first %ld allocations refused in turn", n);
    is_int(wrong, 0, "each time it says that there is no memory");
    is_int(leaked, 0, "and gives back what it had");
}

int main(void)
{
    tap_begin();
    if (hbs_ctx_open(NULL, &ctx))
        return 1;
    test_facts();
    test_dates();
    test_conditions();
    test_mistakes();
    test_rulings();
    test_articles();
    test_orders();
    test_properties();
    test_cases();
    test_explain();
    test_register();
    test_memory();
    hbs_ctx_close(ctx);
    return tap_end();
}
