/* SPDX-License-Identifier: MPL-2.0
 *
 * Room law: the words for findings, and giving findings back: what of proofs is there in every build.
 * May touch: memory of its own. The names are those of docs/guide/law-proofs.md.
 */
#include "base/base_int.h"
#include "habeas/law.h"

const char *hbs_law_fault_name(enum hbs_law_fault fault)
{
    static const char *const names[] = {"unreachable", "contradictory", "shadowed", "gap", "long-retention", "dormant"};
    return (unsigned)fault < HBS_COUNT(names) ? names[fault] : "";
}

const char *hbs_law_severity_name(enum hbs_law_severity severity)
{
    static const char *const names[] = {"note", "warning", "error"};
    return (unsigned)severity < HBS_COUNT(names) ? names[severity] : "";
}

void hbs_law_lint_close(struct hbs_law_lint *lint)
{
    if (lint->ctx)
        hbs_free(lint->ctx, lint->finding);
    lint->finding = NULL;
    lint->count = 0;
}

void hbs_law_diff_close(struct hbs_law_diff *diff)
{
    if (diff->ctx)
        hbs_free(diff->ctx, diff->change);
    diff->change = NULL;
    diff->count = 0;
}
