/* SPDX-License-Identifier: MPL-2.0
 *
 * Room vault: the PKCS#11 slot, on a software token (softhsm2) made for this test in a folder of its own.
 * Without softhsm2 the test is skipped.
 */
#include "tap.h"

#include "vault/vault_int.h"
#include "vault_disk.h"

#include <dirent.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static struct hbs_ctx *ctx;
static char top[64];

static const char *find_module(void)
{
    static const char *const at[] = {"/usr/lib/softhsm/libsofthsm2.so", "/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so",
                                     "/usr/lib64/pkcs11/libsofthsm2.so", "/usr/local/lib/softhsm/libsofthsm2.so"};
    for (size_t i = 0; i < HBS_COUNT(at); i++)
        if (!access(at[i], R_OK))
            return at[i];
    return NULL;
}

static int run(const char *const *words)
{
    pid_t child = fork();
    if (child == 0) {
        if (!freopen("/dev/null", "w", stdout) || !freopen("/dev/null", "w", stderr))
            _exit(1);
        execvp(words[0], (char *const *)(uintptr_t)words);
        _exit(127);
    }
    int status = 0;
    waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void path_of(char out[128], const char *name) { snprintf(out, 128, "%s/%s", top, name); }

/* Token objects are files here: how many, and does one hold these bytes? */
static int objects(const uint8_t *bytes, size_t size, bool *holds)
{
    char tokens[128], path[640];
    int count = 0;
    *holds = false;
    path_of(tokens, "tokens");
    DIR *d = opendir(tokens);
    for (struct dirent *e; d && (e = readdir(d));) {
        if (e->d_name[0] == '.')
            continue;
        char folder[400];
        snprintf(folder, sizeof folder, "%s/%s", tokens, e->d_name);
        DIR *t = opendir(folder);
        for (struct dirent *o; t && (o = readdir(t));) {
            if (!strstr(o->d_name, ".object") || !strcmp(o->d_name, "token.object"))
                continue;
            count++;
            snprintf(path, sizeof path, "%s/%.200s", folder, o->d_name);
            struct hbs_buf b;
            hbs_buf_init(&b, ctx, 1 << 20);
            if (!hbs_file_read(ctx, path, &b))
                *holds |= memmem(b.data, b.size, bytes, size) != NULL;
            hbs_buf_close(&b);
        }
        if (t)
            closedir(t);
    }
    if (d)
        closedir(d);
    return count;
}

static void test_token(const char *module)
{
    char pin[128], bad_pin[128], conf[128];
    path_of(pin, "pin");
    path_of(bad_pin, "bad-pin");
    struct hbs_vault_token config = {module, "habeas test", "root of keys", pin};
    struct disk d = {0};
    struct hbs_vault_io io = disk_io(&d);
    struct hbs_vault_slot *token, *file, *pair[2], *other;
    struct hbs_vault *v = NULL;
    struct hbs_vault_status s;
    bool holds;
    int status = hbs_vault_slot_token(ctx, &config, &token);
    is_int(status, HBS_OK, "the module loads: %s", hbs_ctx_what(ctx));
    if (status)
        return;
    (void)!hbs_vault_slot_file(ctx, &io, "root", &file);
    pair[0] = token;
    pair[1] = file;
    is_int(hbs_vault_open(ctx, &io, "keys", pair, 2, &v), HBS_ERR_NOT_FOUND, "nothing there yet");
    is_int(hbs_vault_create(ctx, &io, "keys", pair, 2), HBS_OK, "a tree: %s", hbs_ctx_what(ctx));
    is_int(hbs_vault_create(ctx, &io, "keys2", &token, 1), HBS_ERR_USAGE, "the token's root is not overwritten");
    is_int(hbs_vault_open(ctx, &io, "keys", pair, 2, &v), HBS_OK, "opens");
    uint64_t who[] = {1, 2, 3, 500, 90000};
    uint8_t key[32], again[32];
    ok(!hbs_vault_add(v, who, 5) && !hbs_vault_get(v, 500, key), "keys are made");
    for (uint64_t i = 0; i < 4; i++)
        ok(!hbs_vault_erase(v, &(uint64_t){i == 3 ? 90000 : i + 1}, 1), "erasure %d", (int)i);
    is_int(objects(v->s->root.key, 32, &holds), 1, "the token has one object after five changes");
    ok(!holds, "in which the root is not in the clear");
    ok(!hbs_vault_drill(v, 0) && !hbs_vault_drill(v, 1), "each slot opens the tree alone");
    hbs_vault_close(v);
    is_int(hbs_vault_open(ctx, &io, "keys", &token, 1, &v), HBS_OK, "the token alone");
    ok(!hbs_vault_get(v, 500, again) && !memcmp(key, again, 32), "gives the same key");
    is_int(hbs_vault_get(v, 1, again), HBS_ERR_NOT_FOUND, "and nobody who was erased");
    hbs_vault_close(v);
    /* a stop between making the new object and destroying the old one: file ahead, then token ahead */
    struct disk before = {0};
    hbs_rng_seed(&before.rng, 1);
    ok(!hbs_vault_open(ctx, &io, "keys", pair, 2, &v), "opens");
    d.fail_at = d.calls + 5; /* the token has the new root already when the file's slot fails */
    d.fail_many = 1000;
    d.code = EIO;
    enum hbs_err err = HBS_OK;
    for (uint64_t i = 600; i < 610 && !err; i++)
        err = hbs_vault_add(v, &i, 1);
    is_int(err, HBS_ERR_IO, "the other slot fails in the middle");
    d.fail_at = 0;
    hbs_vault_close(v);
    is_int(hbs_vault_open(ctx, &io, "keys", pair, 2, &v), HBS_OK, "opening mends it");
    hbs_vault_status(v, &s);
    ok(s.writable && !hbs_vault_drill(v, 0) && !hbs_vault_drill(v, 1), "both have today's root");
    /* two objects of one name */
    struct vault_root old = v->s->root;
    uint8_t bytes[128];
    uint64_t next = 700;
    old.epoch--;
    vault_root_encode(&old, bytes);
    hbs_vault_close(v);
    ok(!token->put(token, bytes), "an older root in the token");
    is_int(hbs_vault_open(ctx, &io, "keys", pair, 2, &v), HBS_OK, "is replaced at opening");
    ok(!hbs_vault_drill(v, 0) && !hbs_vault_add(v, &next, 1) && !hbs_vault_drill(v, 0), "and all goes on");
    is_int(objects(v->s->root.key, 32, &holds), 1, "with one object");
    hbs_vault_close(v);
    /* errors in one line */
    config.pin_file = bad_pin;
    (void)!hbs_file_write(ctx, bad_pin, "0000\n", 5);
    chmod(bad_pin, 0644);
    hbs_vault_slot_close(token); /* log out: a login holds for the whole process */
    (void)!hbs_vault_slot_token(ctx, &config, &other);
    is_int(hbs_vault_open(ctx, &io, "keys", &other, 1, &v), HBS_ERR_IO, "a PIN file that others may read: %s", hbs_ctx_what(ctx));
    chmod(bad_pin, 0600);
    is_int(hbs_vault_open(ctx, &io, "keys", &other, 1, &v), HBS_ERR_IO, "a wrong PIN: %s", hbs_ctx_what(ctx));
    hbs_vault_slot_close(other);
    config.pin_file = pin;
    config.token = "another";
    (void)!hbs_vault_slot_token(ctx, &config, &other);
    is_int(hbs_vault_open(ctx, &io, "keys", &other, 1, &v), HBS_ERR_IO, "a token that is not there: %s", hbs_ctx_what(ctx));
    pair[0] = other;
    ok(!hbs_vault_open(ctx, &io, "keys", pair, 2, &v), "beside a slot that is");
    hbs_vault_status(v, &s);
    ok(!s.writable && strstr(s.note, "not there"), "read-only: %s", s.note);
    is_int(hbs_vault_erase(v, &next, 1), HBS_ERR_INCOMPLETE, "nobody is told that he is forgotten");
    hbs_vault_close(v);
    hbs_vault_slot_close(other);
    config.module = "/nowhere/module.so";
    is_int(hbs_vault_slot_token(ctx, &config, &other), HBS_ERR_NOT_FOUND, "no module");
    config.object = "";
    is_int(hbs_vault_slot_token(ctx, &config, &other), HBS_ERR_USAGE, "no name");
    hbs_vault_slot_close(file);
    disk_free(&d);
    path_of(conf, "softhsm2.conf");
}

int main(void)
{
    tap_begin();
    const char *module = find_module();
    if (hbs_ctx_open(NULL, &ctx))
        return 1;
    snprintf(top, sizeof top, "/tmp/habeas-token-XXXXXX");
    char conf[128], text[256], pin[128], tokens[128];
    if (!module || !mkdtemp(top)) {
        tap_skip("there is no softhsm2");
        hbs_ctx_close(ctx);
        return tap_end();
    }
    path_of(conf, "softhsm2.conf");
    path_of(tokens, "tokens");
    path_of(pin, "pin");
    mkdir(tokens, 0700);
    snprintf(text, sizeof text, "directories.tokendir = %s\nobjectstore.backend = file\nlog.level = ERROR\n", tokens);
    (void)!hbs_file_write(ctx, conf, text, strlen(text));
    (void)!hbs_file_write(ctx, pin, "2468ace\n", 8);
    chmod(pin, 0600);
    setenv("SOFTHSM2_CONF", conf, 1);
    if (run((const char *const[]){"softhsm2-util", "--init-token", "--free", "--label", "habeas test", "--pin", "2468ace",
                                  "--so-pin", "13579bdf", NULL}) == 127)
        tap_skip("there is no softhsm2-util");
    else
        test_token(module);
    (void)run((const char *const[]){"rm", "-r", top, NULL});
    hbs_ctx_close(ctx);
    return tap_end();
}
