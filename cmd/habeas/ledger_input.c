/* SPDX-License-Identifier: MPL-2.0
 *
 * The command line: what the ledger's commands share (see ledger_input.h).
 */
#include "ledger_input.h"
#include "http.h"
#include "base/base_int.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* ---- Keys ------------------------------------------------------------------------------------- */

int ledger_key_path(struct cmd_run *run, const char *dir, char out[LEDGER_PATH])
{
    size_t n = strlen(dir);
    while (n > 1 && dir[n - 1] == '/')
        n--;
    if (n + 5 > LEDGER_PATH || (n == 1 && *dir == '/'))
        return cmd_misuse(run, dir, "use another folder", "no key can lie beside it");
    if ((n == 1 && *dir == '.') || (n >= 2 && !memcmp(dir + n - 2, "..", 2)))
        return cmd_misuse(run, dir, "name the folder from outside, or the key with --key", "no key can lie beside it");
    memcpy(out, dir, n);
    memcpy(out + n, ".key", 5);
    return 0;
}

int ledger_secret_read(struct cmd_run *run, const char *path, struct hbs_ledger_secret *out)
{
    struct stat st;
    if (!stat(path, &st) && S_ISREG(st.st_mode) && (st.st_mode & 077)) {
        return cmd_misuse(run, path, "chmod 600 it, and think about who has read it", "others may read this private key");
    }
    struct hbs_buf text;
    hbs_buf_init(&text, run->ctx, 4096);
    enum hbs_err err = hbs_file_read(run->ctx, path, &text);
    if (!err && (err = hbs_ledger_secret_parse(run->ctx, (char *)text.data, text.size, out)))
        hbs_ctx_set_where(run->ctx, path);
    if (text.data)
        sodium_memzero(text.data, text.capacity);
    hbs_buf_close(&text);
    return err ? cmd_fail(run, err) : 0;
}

int ledger_secret_write(struct cmd_run *run, const char *path, const struct hbs_ledger_secret *secret)
{
    struct hbs_buf text;
    hbs_buf_init(&text, run->ctx, 4096);
    enum hbs_err err = hbs_buf_reserve(&text, 1024);
    if (!err)
        err = hbs_ledger_secret_print(secret, &text);
    if (!err)
        err = hbs_buf_put(&text, "\n", 1);
    int code = err ? cmd_fail(run, err) : 0;
    if (!code) {
        int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
        if (fd < 0 && errno == EEXIST) {
            code = cmd_misuse(run, path, "name a new file: a key is never written over", "the file exists");
        } else {
            bool bad = fd < 0 || write(fd, text.data, text.size) != (ssize_t)text.size || fsync(fd);
            int saved = errno;
            if (fd >= 0)
                close(fd);
            if (bad) {
                if (fd >= 0)
                    unlink(path);
                code = cmd_fail(run, hbs_fail(run->ctx, HBS_ERR_IO, path, "check the folder and your rights",
                                              "cannot write: %s", strerror(saved)));
            }
        }
    }
    if (text.data)
        sodium_memzero(text.data, text.capacity);
    hbs_buf_close(&text);
    return code;
}

int ledger_keys_read(struct cmd_run *run, const char *path, struct hbs_ledger_key *out, uint32_t most, uint32_t *count)
{
    struct hbs_buf text;
    hbs_buf_init(&text, run->ctx, 65536);
    enum hbs_err err = hbs_file_read(run->ctx, path, &text);
    int code = err ? cmd_fail(run, err) : 0;
    const char *p = (char *)text.data, *end = p + text.size;
    for (unsigned line = 1; !code && p < end; line++) {
        const char *stop = memchr(p, '\n', (size_t)(end - p));
        size_t n = (size_t)((stop ? stop : end) - p);
        bool empty = n == strspn(p, " \t\r") || *p == '#';
        if (!empty && *count == most) {
            code = cmd_misuse(run, path, "name fewer", "more than %u keys", most);
        } else if (!empty && (err = hbs_ledger_key_parse(run->ctx, p, n, &out[*count]))) {
            char where[160];
            snprintf(where, sizeof where, "%.120s, line %u", path, line);
            hbs_ctx_set_where(run->ctx, where);
            code = cmd_fail(run, err);
        } else {
            *count += !empty;
        }
        p += n + 1;
    }
    hbs_buf_close(&text);
    return code;
}

int ledger_key_read(struct cmd_run *run, const char *text, struct hbs_ledger_key *out)
{
    const char *plus = strchr(text, '+');
    if (plus && strlen(plus) > 10 && plus[9] == '+') {
        enum hbs_err err = hbs_ledger_key_parse(run->ctx, text, strlen(text), out);
        return err ? cmd_fail(run, err) : 0;
    }
    uint32_t count = 0;
    int code = ledger_keys_read(run, text, out, 1, &count);
    return code || count ? code : cmd_misuse(run, text, "give NAME+ID+BASE64 or a file with one", "there is no key");
}

/* ---- Opening ---------------------------------------------------------------------------------- */

int ledger_begin(struct cmd_run *run, const char *dir, bool write, struct ledger_use *use)
{
    struct hbs_ledger_secret secret;
    char path[LEDGER_PATH];
    int code = 0;
    if (write) {
        if (!use->key)
            code = ledger_key_path(run, dir, path);
        struct stat st;
        if (!code && stat(dir, &st)) /* the better words when both are missing */
            code = cmd_misuse(run, dir, "make one with 'habeas ledger init'", "there is no such ledger");
        if (!code)
            code = ledger_secret_read(run, use->key ? use->key : path, &secret);
        if (code)
            return code;
    }
    enum hbs_err err = hbs_ledger_folder_open(run->ctx, dir, false, &use->store);
    if (!err)
        err = hbs_ledger_open(run->ctx, &use->store, write ? &secret : NULL, (double)use->wait, &use->ledger);
    hbs_ledger_secret_wipe(&secret);
    if (!err)
        return 0;
    code = cmd_fail(run, err);
    hbs_ledger_folder_close(&use->store);
    return code;
}

int ledger_end(struct cmd_run *run, struct ledger_use *use)
{
    enum hbs_err err = hbs_ledger_close(run->ctx, use->ledger);
    int code = err ? cmd_fail(run, err) : 0;
    use->ledger = NULL;
    hbs_ledger_folder_close(&use->store);
    return code;
}

/* ---- Acts as JSON ----------------------------------------------------------------------------- */

void ledger_hex(const uint8_t hash[32], char out[65]) { sodium_bin2hex(out, 65, hash, 32); }

json_t *ledger_hash_json(const uint8_t hash[32])
{
    char hex[65];
    ledger_hex(hash, hex);
    return json_string(hex);
}

json_t *ledger_base64_json(const uint8_t hash[32])
{
    char text[64];
    sodium_bin2base64(text, sizeof text, hash, 32, sodium_base64_VARIANT_ORIGINAL);
    return json_string(text);
}

static int bad_act(struct cmd_run *run, const char *name, const char *member, const char *what)
{
    char where[192];
    snprintf(where, sizeof where, "%.120s: %.60s", name, member);
    return cmd_misuse(run, where, "see 'habeas ledger append --help'", "%s", what);
}

static int take_word(struct cmd_run *run, const char *name, const char *member, const json_t *value, bool needed,
                     char out[HBS_LEDGER_TEXT_MAX + 1])
{
    const char *text = json_string_value(value);
    if (!value && !needed)
        return 0;
    if (!text || strlen(text) > HBS_LEDGER_TEXT_MAX || !*text)
        return bad_act(run, name, member, value ? "is not a text of 1 to 64 bytes" : "is missing");
    memcpy(out, text, strlen(text) + 1);
    return 0;
}

static int take_hash(struct cmd_run *run, const char *name, const char *member, const json_t *value, bool needed,
                     uint8_t out[32])
{
    const char *text = json_string_value(value);
    size_t got = 0;
    if (!value && !needed)
        return 0;
    if (!text || strlen(text) != 64 || strspn(text, "0123456789abcdefABCDEF") != 64 || sodium_hex2bin(out, 32, text, 64, NULL, &got, NULL) || got != 32)
        return bad_act(run, name, member, value ? "is not 64 hexadecimal digits" : "is missing");
    return 0;
}

int ledger_act_read(struct cmd_run *run, const char *name, const json_t *object, struct ledger_act_input *out)
{
    static const char *const known[] = {"act",  "actor",   "purpose", "ruling",      "law",      "ruling_sha256",
                                        "time", "outcome", "persons", "obligations", "bindings", NULL};
    struct hbs_ledger_act *a = &out->act;
    memset(out, 0, sizeof *out);
    out->persons = 1;
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)object, key, value) {
        bool found = false;
        for (int i = 0; known[i]; i++)
            found |= !strcmp(known[i], key);
        if (!found)
            return bad_act(run, name, key, "is no member of an act");
    }
    int code = take_word(run, name, "act", json_object_get(object, "act"), true, a->act);
    if (!code)
        code = take_word(run, name, "actor", json_object_get(object, "actor"), true, a->actor);
    if (!code)
        code = take_word(run, name, "purpose", json_object_get(object, "purpose"), true, a->purpose);
    if (!code)
        code = take_word(run, name, "outcome", json_object_get(object, "outcome"), true, a->outcome);
    if (!code)
        code = take_hash(run, name, "law", json_object_get(object, "law"), true, a->law);
    if (!code)
        code = take_hash(run, name, "ruling_sha256", json_object_get(object, "ruling_sha256"), false, a->ruling);
    if (code)
        return code;
    const char *ruling = json_string_value(json_object_get(object, "ruling"));
    if (!ruling || (strcmp(ruling, "allow") != 0 && strcmp(ruling, "refuse") != 0))
        return bad_act(run, name, "ruling", "is neither \"allow\" nor \"refuse\"");
    a->allowed = !strcmp(ruling, "allow");
    if ((value = json_object_get(object, "time"))) {
        if (!json_is_integer(value) || json_integer_value(value) < 0)
            return bad_act(run, name, "time", "is not a number of seconds since 1970");
        a->time = (uint64_t)json_integer_value(value);
    } else {
        struct timespec now;
        clock_gettime(CLOCK_REALTIME, &now);
        a->time = (uint64_t)now.tv_sec;
    }
    if ((value = json_object_get(object, "obligations"))) {
        if (!json_is_array(value) || json_array_size(value) > HBS_LEDGER_OBLIGATIONS_MAX)
            return bad_act(run, name, "obligations", "is not a list of at most 16");
        for (size_t i = 0; i < json_array_size(value) && !code; i++)
            code = take_word(run, name, "obligations", json_array_get(value, i), true, a->obligation[a->obligation_count++]);
    }
    if (!code && (value = json_object_get(object, "bindings"))) {
        if (!json_is_object(value) || json_object_size(value) > HBS_LEDGER_BINDINGS_MAX)
            return bad_act(run, name, "bindings", "is not an object of at most 4 members");
        json_t *digest;
        json_object_foreach(value, key, digest) {
            struct hbs_ledger_binding *b = &a->binding[a->binding_count++];
            json_t *kind = json_string(key);
            code = take_word(run, name, "bindings", kind, true, b->kind);
            json_decref(kind);
            if (!code)
                code = take_hash(run, name, key, digest, true, b->digest);
            if (code)
                break;
        }
    }
    /* a number of persons, or a list: null, or that person's public key */
    if (!code && (value = json_object_get(object, "persons"))) {
        if (json_is_integer(value) && json_integer_value(value) >= 0 && json_integer_value(value) <= HBS_LEDGER_PERSONS_MAX) {
            out->persons = (uint32_t)json_integer_value(value);
        } else if (json_is_array(value) && json_array_size(value) <= HBS_LEDGER_PERSONS_MAX) {
            out->persons = (uint32_t)json_array_size(value);
            for (uint32_t i = 0; i < out->persons && !code; i++) {
                json_t *person = json_array_get(value, i);
                const char *text = json_string_value(person);
                if (json_is_null(person))
                    continue;
                if (!text || hbs_ledger_key_parse(run->ctx, text, strlen(text), &out->person_key[i]) ||
                    out->person_key[i].kind != HBS_LEDGER_KEY_READER)
                    return bad_act(run, name, "persons", "each is null or a reader's public key");
                out->has_key[i] = true;
            }
        } else {
            return bad_act(run, name, "persons", "is neither a number from 0 to 16 nor a list");
        }
    }
    return code;
}

static bool nothing(const uint8_t hash[32])
{
    return sodium_is_zero(hash, 32);
}

json_t *ledger_act_json(const struct hbs_ledger_opened *o)
{
    const struct hbs_ledger_act *a = &o->act;
    if (o->is_document) {
        size_t need = sodium_base64_encoded_len(o->document.size, sodium_base64_VARIANT_ORIGINAL);
        char *text = malloc(need);
        json_t *value = NULL;
        if (text) {
            sodium_bin2base64(text, need, o->document.data, o->document.size, sodium_base64_VARIANT_ORIGINAL);
            value = json_pack("{s:s,s:i}", "document", text, "persons", (int)o->persons);
        }
        free(text);
        return value;
    }
    json_t *obligations = json_array(), *bindings = json_object();
    for (uint32_t i = 0; i < a->obligation_count; i++)
        json_array_append_new(obligations, json_string(a->obligation[i]));
    for (uint32_t i = 0; i < a->binding_count; i++)
        json_object_set_new(bindings, a->binding[i].kind, ledger_hash_json(a->binding[i].digest));
    return json_pack("{s:s,s:s,s:s,s:s,s:I,s:s,s:o,s:o,s:o,s:o,s:i}", "act", a->act, "actor", a->actor, "purpose",
                     a->purpose, "ruling", a->allowed ? "allow" : "refuse", "time", (json_int_t)a->time, "outcome",
                     a->outcome, "law", ledger_hash_json(a->law), "ruling_sha256",
                     nothing(a->ruling) ? json_null() : ledger_hash_json(a->ruling), "obligations", obligations,
                     "bindings", bindings, "persons", (int)o->persons);
}

void ledger_act_say(struct cmd_run *run, const struct hbs_ledger_opened *o)
{
    const struct hbs_ledger_act *a = &o->act;
    char hex[65], date[32];
    if (o->is_document) {
        cmd_say(run, "a document of %zu bytes, about %u persons\n", o->document.size, o->persons);
        return;
    }
    time_t t = (time_t)a->time;
    struct tm tm;
    if (!gmtime_r(&t, &tm) || !strftime(date, sizeof date, "%Y-%m-%d %H:%M:%S UTC", &tm))
        snprintf(date, sizeof date, "%llu", (unsigned long long)a->time);
    ledger_hex(a->law, hex);
    cmd_say(run, "act        %s, %s\nactor      %s\npurpose    %s\nruling     %s\nlaw        %s\ntime       %s\npersons    %u\n",
            a->act, a->outcome, a->actor, a->purpose, a->allowed ? "allowed" : "refused", hex, date, o->persons);
    if (!nothing(a->ruling)) {
        ledger_hex(a->ruling, hex);
        cmd_say(run, "its text   %s\n", hex);
    }
    for (uint32_t i = 0; i < a->obligation_count; i++)
        cmd_say(run, "%s %s\n", i ? "          " : "met       ", a->obligation[i]);
    for (uint32_t i = 0; i < a->binding_count; i++) {
        ledger_hex(a->binding[i].digest, hex);
        cmd_say(run, "%-10s %s\n", a->binding[i].kind, hex);
    }
}

/* ---- Witnesses -------------------------------------------------------------------------------- */

int ledger_ask_witnesses(struct cmd_run *run, struct hbs_ledger *ledger, unsigned *cosigned)
{
    const struct hbs_ledger_config *c = hbs_ledger_config(ledger);
    json_t *told = json_array();
    int worst = 0;
    *cosigned = 0;
    for (uint32_t i = 0; i < c->witness_count; i++) {
        enum hbs_err err = HBS_ERR_INCOMPLETE;
        struct hbs_buf body, reply;
        char url[HBS_LEDGER_URL_MAX + 32];
        const char *url_base = c->witness[i].url;
        size_t n = strlen(url_base);
        snprintf(url, sizeof url, "%s%sadd-checkpoint", url_base, n && url_base[n - 1] == '/' ? "" : "/");
        for (int attempt = 0; attempt < 3 && err == HBS_ERR_INCOMPLETE; attempt++) {
            int status = 0;
            hbs_buf_init(&body, run->ctx, HBS_LEDGER_NOTE_MAX);
            hbs_buf_init(&reply, run->ctx, HBS_LEDGER_NOTE_MAX);
            err = hbs_ledger_witness_request(ledger, run->ctx, i, &body);
            bool silent = false;
            if (!err) {
                err = http_ask(run->ctx, url, body.data, body.size, 10, &status, &reply);
                silent = err != HBS_OK;
            }
            if (!err)
                err = hbs_ledger_witness_answer(ledger, run->ctx, i, status, reply.data ? reply.data : (uint8_t *)"",
                                                reply.size);
            hbs_buf_close(&body);
            hbs_buf_close(&reply);
            if (silent) {
                cmd_warn(run, "%s: nobody answers at %s", c->witness[i].key.name, url);
                break;
            }
        }
        bool grave = err == HBS_ERR_INTEGRITY;
        if (err && *hbs_ctx_what(run->ctx) && (grave || err == HBS_ERR_REFUSED))
            cmd_warn(run, "%s: %s", c->witness[i].key.name, hbs_ctx_what(run->ctx));
        if (grave && !worst)
            worst = cmd_fail(run, err);
        *cosigned += !err;
        json_array_append_new(told, json_pack("{s:s,s:s,s:b}", "name", c->witness[i].key.name, "url", c->witness[i].url,
                                              "cosigned", !err));
    }
    json_object_set_new(run->answer, "witnesses", told);
    return worst;
}
