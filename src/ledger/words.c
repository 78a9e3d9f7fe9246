/* SPDX-License-Identifier: MPL-2.0
 *
 * Room ledger: the registered words of acts, each written as one byte in a content. They are the words
 * of the project's contracts (acts, purposes, outcome classes, obligations), which keeps an act of one
 * person below 128 bytes. A number is never given twice and never changed; new words go at the end.
 * Words that are not here are spelled out.
 */
#include "ledger_int.h"

static const char *const words[128] = {
    /* acts */
    "collect", "enrol", "verify", "identify", "search-kin", "compare-lineage", "view", "share", "import", "correct",
    "retain", "dispose", "report", "adjudicate", "suspend", "seal", "unseal",
    /* purposes */
    "custody", "family-unit", "border-entry", "border-exit", "field-identification", "benefit", "civil-registration",
    "deduplication", "investigation", "missing-person", "aid", "access-request",
    /* outcome classes */
    "done", "lead", "nothing", "supports", "does-not-support", "cannot-say", "same", "different", "refused", "failed",
    "incomplete",
    /* obligations */
    "notice", "consent-record", "second-examiner", "foreign-data-check", "destroy-sample", "case", "authoriser",
    "child-advocate",
    /* bindings */
    "probe", "request", "answer", "gallery", "decision", "record",
};

const char *ledger_word(unsigned number) { return number >= 0x80 && number <= 0xff ? words[number - 0x80] : NULL; }

unsigned ledger_word_number(const char *word)
{
    for (unsigned i = 0; i < HBS_COUNT(words) && words[i]; i++)
        if (!strcmp(words[i], word))
            return 0x80 + i;
    return 0;
}

bool ledger_word_good(const char *text, size_t size)
{
    if (!size || size > HBS_LEDGER_TEXT_MAX)
        return false;
    for (size_t i = 0; i < size; i++) {
        char c = text[i];
        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
              c == '_' || c == ':' || c == '@' || c == '/' || c == '+'))
            return false;
    }
    return true;
}
