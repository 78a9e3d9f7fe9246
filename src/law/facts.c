/* SPDX-License-Identifier: MPL-2.0
 *
 * Room law: the closed list of facts, their types and ranges, and one act's facts as a plain struct.
 * The names and lists are those of the contract; where the contract leaves a list open
 * (subject.citizenship, consent.by ...) the fact is a string. Touches nothing but the struct.
 */
#include "base/base_int.h"
#include "law_text.h"

#include <stdio.h>

#define NAMES(...) ((const char *const[]){__VA_ARGS__, NULL})

static const struct hbs_fact_info infos[HBS_FACT_COUNT] = {
    [HBS_FACT_ACT] = {"act", HBS_FACT_NAME,
        NAMES("collect", "enrol", "verify", "identify", "search-kin", "compare-lineage", "view", "share", "import",
              "correct", "retain", "dispose", "report"), 0, 0, "what is to be done"},
    [HBS_FACT_MODALITY] = {"modality", HBS_FACT_NAME,
        NAMES("finger", "iris", "face", "dna", "location", "biographic"), 0, 0, "what it is done with"},
    [HBS_FACT_PURPOSE] = {"purpose", HBS_FACT_NAME,
        NAMES("custody", "family-unit", "border-entry", "border-exit", "field-identification", "benefit",
              "civil-registration", "deduplication", "investigation", "missing-person", "aid", "access-request"),
        0, 0, "what it is done for"},
    [HBS_FACT_PROGRAMME] = {"programme", HBS_FACT_STRING, NULL, 0, 0, "the programme it belongs to, empty for none"},
    [HBS_FACT_ACTOR_ID] = {"actor.id", HBS_FACT_STRING, NULL, 0, 0, "the human who asks"},
    [HBS_FACT_ACTOR_ROLE] = {"actor.role", HBS_FACT_STRING, NULL, 0, 0, "the role of who asks"},
    [HBS_FACT_ACTOR_AGENCY] = {"actor.agency", HBS_FACT_STRING, NULL, 0, 0, "the agency of who asks"},
    [HBS_FACT_ACTOR_OFFICE] = {"actor.office", HBS_FACT_STRING, NULL, 0, 0, "the office of who asks"},
    [HBS_FACT_SUBJECT_AGE] = {"subject.age", HBS_FACT_INTEGER, NULL, 0, 150, "age of the person in whole years"},
    [HBS_FACT_SUBJECT_STATUS] = {"subject.status", HBS_FACT_NAME,
        NAMES("citizen", "permanent-resident", "lawfully-admitted", "applicant-for-admission", "undocumented",
              "asylum-seeker", "refugee", "diplomat", "unknown"), 0, 0, "status of the person in the law's country"},
    [HBS_FACT_SUBJECT_CITIZENSHIP] = {"subject.citizenship", HBS_FACT_STRING, NULL, 0, 0, "country of citizenship"},
    [HBS_FACT_SUBJECT_VISA] = {"subject.visa", HBS_FACT_STRING, NULL, 0, 0, "class of visa, empty for none"},
    [HBS_FACT_SUBJECT_ARRESTED] = {"subject.arrested", HBS_FACT_BOOLEAN, NULL, 0, 1, "the person is arrested"},
    [HBS_FACT_SUBJECT_CHARGED] = {"subject.charged", HBS_FACT_BOOLEAN, NULL, 0, 1, "the person faces charges"},
    [HBS_FACT_SUBJECT_CONVICTED] = {"subject.convicted", HBS_FACT_BOOLEAN, NULL, 0, 1, "the person is convicted"},
    [HBS_FACT_SUBJECT_DETAINED] = {"subject.detained", HBS_FACT_BOOLEAN, NULL, 0, 1, "the person is detained"},
    [HBS_FACT_SUBJECT_FINGERPRINTED] = {"subject.fingerprinted", HBS_FACT_BOOLEAN, NULL, 0, 1,
        "the person's fingerprints were taken"},
    [HBS_FACT_SUBJECT_CRIMINAL_ARREST] = {"subject.criminal_arrest", HBS_FACT_BOOLEAN, NULL, 0, 1,
        "the arrest is for a crime"},
    [HBS_FACT_CONSENT_GIVEN] = {"consent.given", HBS_FACT_BOOLEAN, NULL, 0, 1, "consent was given"},
    [HBS_FACT_CONSENT_WRITTEN] = {"consent.written", HBS_FACT_BOOLEAN, NULL, 0, 1, "consent is in writing"},
    [HBS_FACT_CONSENT_BY] = {"consent.by", HBS_FACT_STRING, NULL, 0, 0, "who consented: self, guardian ..."},
    [HBS_FACT_NOTICE_VERSION] = {"notice.version", HBS_FACT_STRING, NULL, 0, 0, "which notice the person got"},
    [HBS_FACT_PLACE_CITY] = {"place.city", HBS_FACT_STRING, NULL, 0, 0, "city of the act"},
    [HBS_FACT_PLACE_SECTOR] = {"place.sector", HBS_FACT_STRING, NULL, 0, 0, "sector of the act"},
    [HBS_FACT_PLACE_PORT] = {"place.port", HBS_FACT_STRING, NULL, 0, 0, "port of the act"},
    [HBS_FACT_PLACE_PORT_KIND] = {"place.port_kind", HBS_FACT_NAME, NAMES("air", "sea", "land", ""), 0, 0,
        "kind of the port, empty for none"},
    [HBS_FACT_PLACE_KIND] = {"place.kind", HBS_FACT_NAME,
        NAMES("facility", "port-of-entry", "vessel", "street", "home", "workplace", "school", "hospital", "court",
              "worship", "assembly", "office"), 0, 0, "kind of the place"},
    [HBS_FACT_PLACE_DIRECTION] = {"place.direction", HBS_FACT_NAME, NAMES("entry", "exit", ""), 0, 0,
        "direction over the border, empty for none"},
    [HBS_FACT_FACILITY_OPERATOR] = {"facility.operator", HBS_FACT_STRING, NULL, 0, 0, "who runs the facility"},
    [HBS_FACT_FACILITY_CAPACITY] = {"facility.capacity", HBS_FACT_INTEGER, NULL, 0, 1000000, "people it is made for"},
    [HBS_FACT_FACILITY_OCCUPANCY] = {"facility.occupancy", HBS_FACT_INTEGER, NULL, 0, 1000000, "people in it"},
    [HBS_FACT_CASE_ID] = {"case.id", HBS_FACT_STRING, NULL, 0, 0, "the case it belongs to"},
    [HBS_FACT_CASE_OFFENCE] = {"case.offence", HBS_FACT_STRING, NULL, 0, 0, "the offence of the case"},
    [HBS_FACT_AUTHORISER_ID] = {"authoriser.id", HBS_FACT_STRING, NULL, 0, 0, "the human who authorised it"},
    [HBS_FACT_WARRANT] = {"warrant", HBS_FACT_BOOLEAN, NULL, 0, 1, "there is a warrant"},
    [HBS_FACT_ASSESSMENT_ID] = {"assessment.id", HBS_FACT_STRING, NULL, 0, 0, "the impact assessment"},
    [HBS_FACT_ASSESSMENT_UNTIL] = {"assessment.until", HBS_FACT_DATE, NULL, 0, 0, "the last day of the assessment"},
    [HBS_FACT_PARTNER_ID] = {"partner.id", HBS_FACT_STRING, NULL, 0, 0, "the partner it is shared with or comes from"},
    [HBS_FACT_GALLERY_KIND] = {"gallery.kind", HBS_FACT_NAME, NAMES("crossing", "case", "site-duplicates", "civil", ""),
        0, 0, "kind of the gallery searched, empty for none"},
    [HBS_FACT_GALLERY_SIZE] = {"gallery.size", HBS_FACT_INTEGER, NULL, 0, 10000000000, "records in the gallery searched"},
    [HBS_FACT_RELATION] = {"relation", HBS_FACT_STRING, NULL, 0, 0, "the relation asked about, empty for none"},
    [HBS_FACT_SAMPLE_QUALITY] = {"sample.quality", HBS_FACT_INTEGER, NULL, 0, 100, "quality of the sample"},
};

const struct hbs_fact_info *hbs_fact_info(enum hbs_fact fact)
{
    return (unsigned)fact < HBS_FACT_COUNT ? &infos[fact] : NULL;
}

enum hbs_fact hbs_fact_find(const char *name)
{
    int i = 0;
    while (i < HBS_FACT_COUNT && strcmp(infos[i].name, name))
        i++;
    return (enum hbs_fact)i;
}

void hbs_facts_clear(struct hbs_facts *facts) { *facts = (struct hbs_facts){0}; }

void hbs_facts_forget(struct hbs_facts *facts, enum hbs_fact fact)
{
    if ((unsigned)fact < HBS_FACT_COUNT)
        facts->known &= ~(UINT64_C(1) << fact);
}

static bool is_string(enum hbs_fact fact)
{
    return infos[fact].type == HBS_FACT_STRING || infos[fact].type == HBS_FACT_NAME;
}

/* What lies in `text` is the caller's to break: never look beyond it. */
const char *hbs_facts_string(const struct hbs_facts *facts, enum hbs_fact fact)
{
    if ((unsigned)fact >= HBS_FACT_COUNT || !(facts->known >> fact & 1) || !is_string(fact))
        return NULL;
    int64_t at = facts->at[fact];
    if (at < 0 || at >= (int64_t)sizeof facts->text ||
        !memchr(facts->text + at, 0, sizeof facts->text - (size_t)at))
        return NULL;
    return facts->text + at;
}

/* Leaves out strings that were replaced or forgotten. */
static void compact(struct hbs_facts *facts)
{
    struct hbs_facts old = *facts;
    facts->text_size = 0;
    for (int f = 0; f < HBS_FACT_COUNT; f++) {
        const char *s = is_string((enum hbs_fact)f) ? hbs_facts_string(&old, (enum hbs_fact)f) : NULL;
        if (!s)
            continue;
        size_t size = strlen(s) + 1; /* together not more than before: no two share bytes */
        if (size > sizeof facts->text - facts->text_size) {
            facts->known &= ~(UINT64_C(1) << f);
            continue;
        }
        memcpy(facts->text + facts->text_size, s, size);
        facts->at[f] = facts->text_size;
        facts->text_size += (uint32_t)size;
    }
}

enum hbs_err hbs_facts_set_string(struct hbs_ctx *ctx, struct hbs_facts *facts, enum hbs_fact fact,
                                  const char *value)
{
    if ((unsigned)fact >= HBS_FACT_COUNT || !is_string(fact))
        return hbs_fail(ctx, HBS_ERR_USAGE, (unsigned)fact < HBS_FACT_COUNT ? infos[fact].name : "",
                        "give a value of the fact's type", "this fact is not a string");
    const struct hbs_fact_info *info = &infos[fact];
    size_t size = strnlen(value, HBS_FACT_STRING_MAX + 1);
    if (size > HBS_FACT_STRING_MAX)
        return hbs_fail(ctx, HBS_ERR_USAGE, info->name, "shorten it", "more than %u bytes", HBS_FACT_STRING_MAX);
    for (size_t i = 0; i < size; i++)
        if ((unsigned char)value[i] < 32 || value[i] == 127)
            return hbs_fail(ctx, HBS_ERR_USAGE, info->name, "leave it out", "a control character in the value");
    if (info->type == HBS_FACT_NAME) {
        size_t i = 0;
        while (info->names[i] && strcmp(info->names[i], value))
            i++;
        if (!info->names[i]) {
            const char *near = law_nearest(value, info->names);
            char action[160];
            if (near && *near)
                snprintf(action, sizeof action, "did you mean '%s'?", near);
            else
                snprintf(action, sizeof action, "see 'habeas law facts' for the values");
            char shown[61];
            snprintf(shown, sizeof shown, "%s", value);
            law_clean(shown);
            return hbs_fail(ctx, HBS_ERR_USAGE, info->name, action, "'%s' is not a value of this fact", shown);
        }
        if (fact == HBS_FACT_SUBJECT_STATUS && !strcmp(value, "unknown")) { /* the same as saying nothing */
            hbs_facts_forget(facts, fact);
            return HBS_OK;
        }
    }
    if (size + 1 > sizeof facts->text - facts->text_size || facts->text_size > sizeof facts->text) {
        hbs_facts_forget(facts, fact);
        compact(facts);
    }
    if (size + 1 > sizeof facts->text - facts->text_size)
        return hbs_fail(ctx, HBS_ERR_LIMIT, info->name, "shorten the strings", "the facts' strings are too long together");
    memcpy(facts->text + facts->text_size, value, size + 1);
    facts->at[fact] = facts->text_size;
    facts->text_size += (uint32_t)size + 1;
    facts->known |= UINT64_C(1) << fact;
    return HBS_OK;
}

enum hbs_err hbs_facts_set_number(struct hbs_ctx *ctx, struct hbs_facts *facts, enum hbs_fact fact, int64_t value)
{
    if ((unsigned)fact >= HBS_FACT_COUNT || is_string(fact))
        return hbs_fail(ctx, HBS_ERR_USAGE, (unsigned)fact < HBS_FACT_COUNT ? infos[fact].name : "",
                        "give a value of the fact's type", "this fact is not a number");
    const struct hbs_fact_info *info = &infos[fact];
    if (info->type == HBS_FACT_DATE ? value % 86400 != 0 : value < info->least || value > info->most)
        return hbs_fail(ctx, HBS_ERR_USAGE, info->name,
                        info->type == HBS_FACT_DATE ? "give the seconds of a midnight" : "give a value in its range",
                        "%lld is not a value of this fact", (long long)value);
    facts->at[fact] = value;
    facts->known |= UINT64_C(1) << fact;
    return HBS_OK;
}
