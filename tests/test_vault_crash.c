/* SPDX-License-Identifier: MPL-2.0
 *
 * Room vault: stopped anywhere. A disk that loses, mixes and tears what was not synced (vault_disk.h), a
 * call that fails, a full disk, and real processes killed with -9. Afterwards the tree opens, has the
 * old or the new state of the change that was under way, and every acknowledged one; and no slot holds
 * an older root.
 */
#include "tap.h"

#include "vault/vault_int.h"
#include "vault_disk.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MOST = 2000, BATCH = 60 };
static uint8_t sure[MOST + 1][32]; /* acknowledged keys; zeros: none */
static struct hbs_ctx *ctx;

struct step {
    bool add, acknowledged;
    size_t count;
    uint64_t who[BATCH];
};

static bool has_key(uint64_t s) { return memcmp(sure[s], (const uint8_t[32]){0}, 32) != 0; }

static void make_step(struct hbs_rng *rng, struct step *s)
{
    s->acknowledged = false;
    s->count = 0;
    while (!s->count) {
        s->add = hbs_rng_below(rng, 5) < 3;
        size_t n = 1 + hbs_rng_below(rng, BATCH);
        for (size_t i = 0; i < n; i++) {
            uint64_t w = 1 + hbs_rng_below(rng, MOST);
            bool skip = has_key(w) == s->add;
            for (size_t k = 0; k < s->count; k++)
                skip |= s->who[k] == w;
            if (!skip)
                s->who[s->count++] = w;
        }
    }
}

/* The step is acknowledged: the model takes it over. */
static bool accept(struct hbs_vault *v, const struct step *s)
{
    bool good = true;
    for (size_t i = 0; i < s->count; i++) {
        memset(sure[s->who[i]], 0, 32);
        if (s->add)
            good &= !hbs_vault_get(v, s->who[i], sure[s->who[i]]);
    }
    return good;
}

/* 0: the state before the step, 1: after it, -1: neither. */
static int state_of(struct hbs_vault *v, const struct step *s)
{
    static uint8_t in_step[MOST + 1];
    uint8_t key[32];
    int state = -1;
    memset(in_step, 0, sizeof in_step);
    for (size_t i = 0; i < s->count; i++) {
        in_step[s->who[i]] = 1;
        int done = (hbs_vault_get(v, s->who[i], key) == HBS_OK) == s->add;
        if (!done && !s->add && memcmp(key, sure[s->who[i]], 32))
            return -1;
        if (state >= 0 && state != done)
            return -1;
        state = done;
    }
    for (uint64_t w = 1; w <= MOST; w++) {
        if (in_step[w])
            continue;
        enum hbs_err err = hbs_vault_get(v, w, key);
        if (err != (has_key(w) ? HBS_OK : HBS_ERR_NOT_FOUND) || (!err && memcmp(key, sure[w], 32)))
            return -1;
    }
    return state < 0 ? 0 : state;
}

/* Every slot holds today's root and nothing else. */
static bool slots_clean(struct hbs_vault *v, struct disk *d)
{
    bool good = true;
    for (int i = 0; i < v->slots; i++) {
        good &= !hbs_vault_drill(v, i);
        const struct disk_file *f = disk_find(d, i ? "b" : "a");
        int blocks = 0; /* on the medium, not only in what is read */
        for (size_t at = 0; at + 8 <= f->media_size; at += DISK_SECTOR)
            blocks += !memcmp(f->media + at, "HbsSlot1", 8);
        good &= blocks == 1;
    }
    return good;
}

static void test_points(bool power, int slots, int points)
{
    struct disk d = {0};
    struct hbs_rng rng;
    hbs_rng_seed(&rng, tap_seed + (uint64_t)power * 2 + (uint64_t)slots);
    hbs_rng_seed(&d.rng, tap_seed + 9);
    memset(sure, 0, sizeof sure);
    struct hbs_vault_io io = disk_io(&d);
    struct hbs_vault_slot *slot[2];
    struct hbs_vault *v = NULL;
    struct step s;
    (void)!hbs_vault_slot_file(ctx, &io, "a", &slot[0]);
    (void)!hbs_vault_slot_file(ctx, &io, "b", &slot[1]);
    bool good = !hbs_vault_create(ctx, &io, "keys", slot, slots) && !hbs_vault_open(ctx, &io, "keys", slot, slots, &v);
    int undone = 0, done = 0, acknowledged = 0;
    for (int p = 0; p < points && good; p++) {
        long span = d.calls;
        make_step(&rng, &s); /* one step that goes through, to know how many calls one has */
        good &= !(s.add ? hbs_vault_add(v, s.who, s.count) : hbs_vault_erase(v, s.who, s.count)) && accept(v, &s);
        span = d.calls - span;
        make_step(&rng, &s);
        d.stop_at = d.calls + 1 + hbs_rng_below(&rng, (uint32_t)span + 6);
        enum hbs_err err = s.add ? hbs_vault_add(v, s.who, s.count) : hbs_vault_erase(v, s.who, s.count);
        hbs_vault_close(v);
        v = NULL;
        disk_restart(&d, power);
        int opens = 0;
        for (; opens < 4; opens++) { /* the first openings may be stopped too */
            if (opens < 2 && hbs_rng_below(&rng, 2))
                d.stop_at = d.calls + 1 + hbs_rng_below(&rng, 8);
            enum hbs_err e = hbs_vault_open(ctx, &io, "keys", slot, slots, &v);
            bool writable = !e && v->writable;
            if (!e && writable && !d.stopped) {
                d.stop_at = 0;
                break;
            }
            if (!d.stopped)
                good = false, printf("# point %d: %s at %s\n", p, hbs_ctx_what(ctx), hbs_ctx_where(ctx));
            hbs_vault_close(v);
            v = NULL;
            disk_restart(&d, power);
        }
        if (!v || !good) {
            good = false;
            break;
        }
        int state = state_of(v, &s);
        good &= state >= 0 && (err || state == 1) && slots_clean(v, &d) && !hbs_vault_verify(v);
        if (!good)
            printf("# point %d: err %d state %d\n", p, err, state);
        if (state == 1)
            good &= accept(v, &s);
        acknowledged += !err && s.count;
        done += err && state == 1;
        undone += err && state == 0;
    }
    hbs_vault_close(v);
    ok(good, "%d stops, %s, %d slot(s): %d undone, %d done, %d were acknowledged", points,
       power ? "unsynced writes lost" : "killed", slots, undone, done, acknowledged);
    ok(!points || (undone > points / 10 && done > points / 20), "both sides were seen");
    hbs_vault_slot_close(slot[0]);
    hbs_vault_slot_close(slot[1]);
    disk_free(&d);
}

/* Every call of a change fails in turn, once and for good; then the disk is well again. */
static void test_errors(int code, long many, const char *name)
{
    struct disk d = {0};
    hbs_rng_seed(&d.rng, tap_seed + 3);
    memset(sure, 0, sizeof sure);
    struct hbs_vault_io io = disk_io(&d);
    struct hbs_vault_slot *slot[2];
    struct hbs_vault *v = NULL;
    (void)!hbs_vault_slot_file(ctx, &io, "a", &slot[0]);
    (void)!hbs_vault_slot_file(ctx, &io, "b", &slot[1]);
    bool good = !hbs_vault_create(ctx, &io, "keys", slot, 2) && !hbs_vault_open(ctx, &io, "keys", slot, 2, &v);
    struct hbs_rng rng;
    hbs_rng_seed(&rng, tap_seed);
    struct step s;
    long n = 1;
    for (; n < 200 && good; n++) {
        make_step(&rng, &s);
        long before = d.calls;
        d.fail_at = before + n;
        d.fail_many = many;
        d.code = code;
        enum hbs_err err = s.add ? hbs_vault_add(v, s.who, s.count) : hbs_vault_erase(v, s.who, s.count);
        bool hit = d.calls - before >= n;
        d.fail_at = 0;
        good &= hit || !err;
        struct hbs_vault_status st;
        hbs_vault_status(v, &st);
        if (err) {
            good &= err == HBS_ERR_IO && hbs_ctx_where(ctx)[0] && hbs_ctx_do(ctx)[0];
            uint8_t key[32];
            if (!st.writable)
                good &= hbs_vault_get(v, 1, key) == HBS_ERR_IO && hbs_vault_add(v, s.who, s.count) == HBS_ERR_IO;
            else
                good &= state_of(v, &s) == 0;
        }
        if (err && !st.writable) {
            hbs_vault_close(v);
            v = NULL;
            good &= !hbs_vault_open(ctx, &io, "keys", slot, 2, &v) && v->writable;
            if (!v)
                break;
        }
        int state = state_of(v, &s);
        good &= state >= 0 && (err || state == 1) && !hbs_vault_verify(v) && slots_clean(v, &d);
        if (state == 1)
            good &= accept(v, &s);
        if (!good)
            printf("# call %ld: err %d (%s) state %d\n", n, err, hbs_ctx_what(ctx), state);
        if (!hit && n > 20)
            break;
    }
    hbs_vault_close(v);
    ok(good && n > 12, "%s at each of %ld calls: one clear error, old or new state", name, n);
    hbs_vault_slot_close(slot[0]);
    hbs_vault_slot_close(slot[1]);
    disk_free(&d);
}

/* A creation that is stopped leaves nothing, or a tree that opens, or a file that says it has no root. */
static void test_creation(void)
{
    bool good = true;
    int nothing = 0, opens = 0, rootless = 0;
    for (int p = 0; p < 200; p++) {
        struct disk d = {0};
        hbs_rng_seed(&d.rng, tap_seed + (uint64_t)p);
        struct hbs_vault_io io = disk_io(&d);
        struct hbs_vault_slot *slot[2];
        struct hbs_vault *v = NULL;
        (void)!hbs_vault_slot_file(ctx, &io, "a", &slot[0]);
        (void)!hbs_vault_slot_file(ctx, &io, "b", &slot[1]);
        d.stop_at = 1 + p % 20;
        enum hbs_err made = hbs_vault_create(ctx, &io, "keys", slot, 2);
        disk_restart(&d, true);
        enum hbs_err err = hbs_vault_open(ctx, &io, "keys", slot, 2, &v);
        if (!err) {
            opens++;
            good &= v->writable && slots_clean(v, &d) && !hbs_vault_add(v, (uint64_t[]){1}, 1);
        } else {
            nothing += !disk_find(&d, "keys");
            rootless += disk_find(&d, "keys") != NULL;
            good &= made && (err == HBS_ERR_NOT_FOUND || err == HBS_ERR_FORMAT || err == HBS_ERR_INTEGRITY);
        }
        hbs_vault_close(v);
        hbs_vault_slot_close(slot[0]);
        hbs_vault_slot_close(slot[1]);
        disk_free(&d);
    }
    ok(good && opens && nothing && rootless, "200 creations stopped: %d open, %d left nothing, %d a file without a root",
       opens, nothing, rootless);
}

/* A real process, killed while it changes a tree on real files, says through a pipe what it was about to
 * do and what was acknowledged. */
static void worker(const char *keys, struct hbs_vault_slot **slot, uint64_t seed, int out)
{
    struct hbs_vault *v;
    struct hbs_rng rng;
    hbs_rng_seed(&rng, seed);
    if (hbs_vault_open(ctx, hbs_vault_files(), keys, slot, 2, &v))
        _exit(1);
    for (;;) {
        struct step s = {0};
        make_step(&rng, &s);
        if (write(out, &s, sizeof s) != sizeof s)
            _exit(1);
        if (s.add ? hbs_vault_add(v, s.who, s.count) : hbs_vault_erase(v, s.who, s.count))
            _exit(1);
        s.acknowledged = true;
        if (!accept(v, &s) || write(out, &s, sizeof s) != sizeof s)
            _exit(1);
    }
}

static void test_kill(int times)
{
    /* kill -9 asks nothing of the disk, so memory will do, and gives more stops a second */
    char top[64], name[3][96];
    snprintf(top, sizeof top, "%s/habeas-crash-XXXXXX", access("/dev/shm", W_OK) ? "/tmp" : "/dev/shm");
    if (!mkdtemp(top)) {
        ok(false, "a folder");
        return;
    }
    const char *const base[] = {"keys", "a", "b"};
    for (int i = 0; i < 3; i++)
        snprintf(name[i], sizeof name[i], "%s/%s", top, base[i]);
    memset(sure, 0, sizeof sure);
    struct hbs_vault_slot *slot[2];
    bool good = !hbs_vault_slot_file(ctx, hbs_vault_files(), name[1], &slot[0]) &&
                !hbs_vault_slot_file(ctx, hbs_vault_files(), name[2], &slot[1]) &&
                !hbs_vault_create(ctx, hbs_vault_files(), name[0], slot, 2);
    struct hbs_rng rng;
    hbs_rng_seed(&rng, tap_seed);
    int steps = 0;
    for (int k = 0; k < times && good; k++) {
        int fd[2];
        if (pipe(fd))
            break;
        pid_t child = fork();
        if (child == 0) {
            close(fd[0]);
            struct hbs_vault_slot *mine[2]; /* secret memory is zero in a child: slots of its own */
            if (hbs_vault_slot_file(ctx, hbs_vault_files(), name[1], &mine[0]) ||
                hbs_vault_slot_file(ctx, hbs_vault_files(), name[2], &mine[1]))
                _exit(1);
            worker(name[0], mine, tap_seed + (uint64_t)k, fd[1]);
            _exit(1);
        }
        close(fd[1]);
        usleep(2000 + hbs_rng_below(&rng, 30000));
        kill(child, SIGKILL);
        int status;
        waitpid(child, &status, 0);
        good &= WIFSIGNALED(status);
        struct step s, pending = {0};
        struct hbs_vault *v = NULL;
        good &= !hbs_vault_open(ctx, hbs_vault_files(), name[0], slot, 2, &v);
        bool mine[MOST + 1] = {false};
        while (good && read(fd[0], &s, sizeof s) == sizeof s) {
            if (!s.acknowledged) {
                pending = s;
                continue;
            }
            steps++;
            pending.count = 0;
            for (size_t i = 0; i < s.count; i++) {
                mine[s.who[i]] = s.add;
                memset(sure[s.who[i]], 0, 32);
                if (s.add) /* given by the child: known from the tree, at the latest now */
                    sure[s.who[i]][0] = 1;
            }
        }
        close(fd[0]);
        for (uint64_t w = 1; good && w <= MOST; w++) {
            bool open = false;
            for (size_t i = 0; i < pending.count; i++)
                open |= pending.who[i] == w;
            uint8_t key[32];
            enum hbs_err err = hbs_vault_get(v, w, key);
            if (!open && err != (has_key(w) ? HBS_OK : HBS_ERR_NOT_FOUND))
                good = false;
            if (!err && !open && !mine[w] && memcmp(sure[w], key, 32))
                good = false;
            memset(sure[w], 0, 32);
            if (!err)
                memcpy(sure[w], key, 32);
        }
        good &= v && v->writable && !hbs_vault_verify(v) && !hbs_vault_drill(v, 0) && !hbs_vault_drill(v, 1);
        hbs_vault_close(v);
    }
    ok(good && steps > times / 4, "a process killed %d times, %d changes acknowledged: nothing lost, nothing undone", times, steps);
    hbs_vault_slot_close(slot[0]);
    hbs_vault_slot_close(slot[1]);
    for (int i = 0; i < 3; i++)
        unlink(name[i]);
    rmdir(top);
}

int main(void)
{
    tap_begin();
    if (hbs_ctx_open(NULL, &ctx))
        return 1;
    test_points(false, 2, 250);
    test_points(true, 2, 400);
    test_points(true, 1, 200);
    test_errors(EIO, 1, "an I/O error");
    test_errors(ENOSPC, 1000000, "a full disk");
    test_creation();
    test_kill(60);
    hbs_ctx_close(ctx);
    return tap_end();
}
