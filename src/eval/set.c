/* SPDX-License-Identifier: MPL-2.0
 *
 * Room eval: a set of comparison scores and the names of its prints and fingers.
 *
 * Names become numbers through a hash table (open addressing, linear probing). Its seed differs from
 * run to run, so that nobody can write a file whose names all collide; numbers are given in order of
 * appearance and do not depend on it.
 */
#include "eval_int.h"

#include <math.h>

enum { FIRST_SLOTS = 1024 };

static uint64_t mix(uint64_t z) /* the finaliser of splitmix64: a bijection */
{
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
}

static uint64_t hash(uint64_t seed, const char *name, size_t size)
{
    uint64_t h = seed ^ size;
    for (size_t i = 0; i < size; i += 8) {
        uint64_t chunk = 0;
        memcpy(&chunk, name + i, size - i < 8 ? size - i : 8);
        h = mix(h + chunk);
    }
    return h;
}

enum hbs_err hbs_eval_set_open(struct hbs_ctx *ctx, size_t most, struct hbs_eval_set **out)
{
    if (!most || most > HBS_EVAL_SCORES_MAX)
        most = HBS_EVAL_SCORES_MAX;
    struct hbs_eval_set *set = hbs_alloc(ctx, 1, sizeof *set);
    if (!set)
        return hbs_fail_memory(ctx, sizeof *set);
    set->ctx = ctx;
    set->most = most;
    double now = hbs_clock_wall();
    memcpy(&set->hash_seed, &now, sizeof now);
    set->hash_seed = mix(set->hash_seed ^ (uint64_t)(uintptr_t)set);
    hbs_buf_init(&set->text, ctx, UINT32_MAX);
    *out = set;
    return HBS_OK;
}

void hbs_eval_set_close(struct hbs_eval_set *set)
{
    if (!set)
        return;
    hbs_free(set->ctx, set->pairs[0].at);
    hbs_free(set->ctx, set->pairs[1].at);
    hbs_free(set->ctx, set->prints.names);
    hbs_free(set->ctx, set->prints.slots);
    hbs_free(set->ctx, set->fingers.names);
    hbs_free(set->ctx, set->fingers.slots);
    hbs_buf_close(&set->text);
    hbs_free(set->ctx, set);
}

/* The slot where the name stands, or the empty one where it would. */
static size_t slot_of(const struct hbs_eval_set *set, const struct eval_names *names,
                      const char *name, size_t size)
{
    size_t mask = names->slot_count - 1, slot = (size_t)hash(set->hash_seed, name, size) & mask;
    for (; names->slots[slot]; slot = (slot + 1) & mask) {
        const struct eval_name *n = &names->names[names->slots[slot] - 1];
        if (n->size == size && !memcmp(set->text.data + n->offset, name, size))
            break;
    }
    return slot;
}

/* Makes room for one more name and keeps the table at most half full. */
static enum hbs_err names_grow(struct hbs_eval_set *set, struct eval_names *names)
{
    if (names->count >= HBS_EVAL_PRINTS_MAX)
        return hbs_fail(set->ctx, HBS_ERR_LIMIT, "", "split the set",
                        "more than %u different names", HBS_EVAL_PRINTS_MAX);
    if (names->count == names->capacity) {
        size_t capacity = names->capacity ? names->capacity * 2 : FIRST_SLOTS / 2;
        void *at = hbs_resize(set->ctx, names->names, capacity * sizeof *names->names);
        if (!at)
            return hbs_fail_memory(set->ctx, capacity * sizeof *names->names);
        names->names = at;
        names->capacity = capacity;
    }
    if (names->slot_count && names->count < names->slot_count / 2)
        return HBS_OK;
    size_t slot_count = names->slot_count ? names->slot_count * 2 : FIRST_SLOTS;
    uint32_t *slots = hbs_alloc(set->ctx, slot_count, sizeof *slots);
    if (!slots)
        return hbs_fail_memory(set->ctx, slot_count * sizeof *slots);
    hbs_free(set->ctx, names->slots);
    names->slots = slots;
    names->slot_count = slot_count;
    for (size_t i = 0; i < names->count; i++) {
        const struct eval_name *n = &names->names[i];
        size_t slot = slot_of(set, names, (const char *)set->text.data + n->offset, n->size);
        names->slots[slot] = (uint32_t)i + 1;
    }
    return HBS_OK;
}

size_t eval_finger_size(const char *name, size_t size)
{
    for (size_t i = size; i > 1; i--)
        if (name[i - 1] == '_')
            return i - 1;
    return size;
}

enum hbs_err hbs_eval_set_print(struct hbs_eval_set *set, const char *name, size_t size,
                                uint32_t *out)
{
    if (!size || size > HBS_EVAL_NAME_MAX)
        return hbs_fail(set->ctx, size ? HBS_ERR_LIMIT : HBS_ERR_USAGE, "", "name it otherwise",
                        "a name has %zu bytes; 1 to %u will do", size, HBS_EVAL_NAME_MAX);
    if (set->prints.slot_count) {
        uint32_t number = set->prints.slots[slot_of(set, &set->prints, name, size)];
        if (number) {
            *out = number - 1;
            return HBS_OK;
        }
    }
    /* Everything that can fail comes first, so that a failure leaves the set as it was. */
    enum hbs_err err;
    if ((err = names_grow(set, &set->prints)) || (err = names_grow(set, &set->fingers)) ||
        (err = hbs_buf_put(&set->text, name, size)))
        return err;
    uint32_t offset = (uint32_t)(set->text.size - size), fsize = (uint32_t)eval_finger_size(name, size);
    uint32_t *slot = &set->fingers.slots[slot_of(set, &set->fingers, name, fsize)];
    if (!*slot) { /* a finger's name is the beginning of its first print's */
        set->fingers.names[set->fingers.count] = (struct eval_name){offset, fsize, 0};
        *slot = (uint32_t)++set->fingers.count;
    }
    uint32_t finger = *slot - 1;
    slot = &set->prints.slots[slot_of(set, &set->prints, name, size)];
    set->prints.names[set->prints.count] = (struct eval_name){offset, (uint32_t)size, finger};
    *slot = (uint32_t)++set->prints.count;
    *out = *slot - 1;
    return HBS_OK;
}

enum hbs_err hbs_eval_set_add(struct hbs_eval_set *set, bool genuine, uint32_t a, uint32_t b,
                              double score)
{
    if (a >= set->prints.count || b >= set->prints.count || !isfinite(score))
        return hbs_fail(set->ctx, HBS_ERR_USAGE, "", "",
                        isfinite(score) ? "no such print in the set" : "the score is not finite");
    if (set->pairs[0].count + set->pairs[1].count >= set->most)
        return hbs_fail(set->ctx, HBS_ERR_LIMIT, "", "split the set", "more than %zu scores",
                        set->most);
    struct eval_pairs *p = &set->pairs[genuine];
    if (p->count == p->capacity) {
        size_t capacity = p->capacity ? p->capacity * 2 : 256;
        void *at = hbs_resize(set->ctx, p->at, capacity * sizeof *p->at);
        if (!at)
            return hbs_fail_memory(set->ctx, capacity * sizeof *p->at);
        p->at = at;
        p->capacity = capacity;
    }
    p->at[p->count++] = (struct hbs_eval_pair){score, a, b};
    bool same = set->prints.names[a].finger == set->prints.names[b].finger;
    set->contradictions += same != genuine;
    return HBS_OK;
}

size_t hbs_eval_set_count(const struct hbs_eval_set *set, bool genuine)
{
    return set->pairs[genuine].count;
}

const struct hbs_eval_pair *hbs_eval_set_pairs(const struct hbs_eval_set *set, bool genuine)
{
    return set->pairs[genuine].at;
}

uint32_t hbs_eval_set_prints(const struct hbs_eval_set *set) { return (uint32_t)set->prints.count; }
uint32_t hbs_eval_set_fingers(const struct hbs_eval_set *set)
{
    return (uint32_t)set->fingers.count;
}

uint32_t hbs_eval_set_finger(const struct hbs_eval_set *set, uint32_t print)
{
    return NEVER(print >= set->prints.count) ? 0 : set->prints.names[print].finger;
}

size_t hbs_eval_set_contradictions(const struct hbs_eval_set *set) { return set->contradictions; }
