/* SPDX-License-Identifier: MPL-2.0
 *
 * The command line: habeas ledger witness run DIR: a witness's HTTP service (c2sp.org/tlog-witness).
 */
#include "ledger_input.h"
#include "base/base_int.h"
#include "http.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { LOGS_MAX = 256, REQUEST_MAX = 131072 };

static const char *key, *logs, *address = "127.0.0.1:8642", *ready;
static uint64_t seconds;

static const struct cmd_option options[] = {
    {"key", 0, CMD_FILE, &key, "FILE", "the witness's private key (ledger keygen --kind witness)", 0, 0},
    {"logs", 0, CMD_FILE, &logs, "FILE", "public keys of the logs that it witnesses, one a line", 0, 0},
    {"listen", 0, CMD_TEXT, &address, "ADDRESS:PORT", "else 127.0.0.1:8642; port 0 for any", 0, 0},
    {"ready", 0, CMD_FILE, &ready, "FILE", "write its address there when it answers", 0, 0},
    {"seconds", 0, CMD_COUNT, &seconds, "N", "end after so long; else when told to (SIGTERM)", 1, 1e9},
    {0},
};

struct witness {
    const char *dir;
    struct hbs_ledger_secret secret;
    struct hbs_ledger_key log[LOGS_MAX];
    uint32_t log_count;
    pthread_mutex_t lock; /* compare and keep is one step */
    uint64_t cosigned, refused;
};

static void note_path(const struct witness *w, const char *origin, char out[LEDGER_PATH + 80])
{
    uint8_t hash[32];
    char hex[65];
    crypto_hash_sha256(hash, (const uint8_t *)origin, strlen(origin));
    ledger_hex(hash, hex);
    snprintf(out, LEDGER_PATH + 80, "%s/%s", w->dir, hex);
}

static void words(struct http_reply *reply, int status, const char *text)
{
    reply->status = status;
    reply->body.size = 0;
    (void)!hbs_buf_printf(&reply->body, "%s\n", text);
}

static void add_checkpoint(struct witness *w, struct hbs_ctx *ctx, const struct http_request *request,
                           struct http_reply *reply)
{
    char origin[HBS_LEDGER_NAME_MAX + 1] = "", path[LEDGER_PATH + 80];
    struct hbs_buf last, keep;
    hbs_buf_init(&last, ctx, HBS_LEDGER_NOTE_MAX);
    hbs_buf_init(&keep, ctx, HBS_LEDGER_NOTE_MAX);
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    pthread_mutex_lock(&w->lock);
    enum hbs_err err = hbs_ledger_witness_origin(ctx, request->body, request->size, origin);
    if (err == HBS_ERR_FORMAT || err == HBS_ERR_LIMIT)
        err = HBS_OK; /* serve answers that */
    bool known = false;
    for (uint32_t i = 0; i < w->log_count; i++)
        known |= !strcmp(w->log[i].name, origin);
    if (!err && known) {
        note_path(w, origin, path);
        err = hbs_file_read(ctx, path, &last);
        if (err == HBS_ERR_NOT_FOUND)
            err = HBS_OK;
    }
    if (!err)
        err = hbs_ledger_witness_serve(ctx, &w->secret, w->log, w->log_count, (uint64_t)now.tv_sec, request->body,
                                       request->size, last.data, last.size, &reply->status, &reply->type, &reply->body,
                                       &keep);
    if (!err && keep.size) /* durable before the answer leaves */
        err = hbs_file_write(ctx, path, keep.data, keep.size);
    w->cosigned += !err && keep.size;
    w->refused += err || !keep.size;
    pthread_mutex_unlock(&w->lock);
    if (err) {
        fprintf(stderr, "habeas: warning: %s: %s\n", hbs_ctx_where(ctx), hbs_ctx_what(ctx));
        reply->type = "text/plain; charset=utf-8";
        words(reply, 500, "this witness is in trouble and signs nothing");
    }
    hbs_buf_close(&last);
    hbs_buf_close(&keep);
}

static void serve(void *arg, struct hbs_ctx *ctx, const struct http_request *request, struct http_reply *reply)
{
    struct witness *w = arg;
    const char *path = request->path;
    if (!strcmp(path, "/add-checkpoint")) {
        if (strcmp(request->method, "POST") != 0)
            words(reply, 405, "POST it");
        else
            add_checkpoint(w, ctx, request, reply);
        return;
    }
    /* /<origin's hash>/checkpoint: what was cosigned last */
    if (strlen(path) == 1 + 64 + 11 && strspn(path + 1, "0123456789abcdef") == 64 && !strcmp(path + 65, "/checkpoint") &&
        !strcmp(request->method, "GET")) {
        char file[LEDGER_PATH + 80];
        snprintf(file, sizeof file, "%s/%.64s", w->dir, path + 1);
        pthread_mutex_lock(&w->lock);
        enum hbs_err err = hbs_file_read(ctx, file, &reply->body);
        pthread_mutex_unlock(&w->lock);
        if (!err)
            reply->status = 200;
        else
            words(reply, err == HBS_ERR_NOT_FOUND ? 404 : 500, "nothing was cosigned for that log");
        return;
    }
    words(reply, 404, "there is nothing here");
}

static int run_witness(struct cmd_run *run, int argc, char **argv)
{
    (void)argc;
    struct witness *w = hbs_alloc(run->ctx, 1, sizeof *w);
    struct http_server *server = NULL;
    struct hbs_buf text;
    unsigned port = 0;
    int dir = -1, code = w ? 0 : cmd_fail(run, HBS_ERR_NO_MEMORY);
    enum hbs_err err;
    hbs_buf_init(&text, run->ctx, 4096);
    if (!code && !key)
        code = cmd_misuse(run, "--key", "name the witness's private key", "is missing");
    if (!code && !logs)
        code = cmd_misuse(run, "--logs", "name a file with the logs' public keys", "is missing");
    if (!code)
        code = ledger_secret_read(run, key, &w->secret);
    if (!code && w->secret.key.kind != HBS_LEDGER_KEY_WITNESS)
        code = cmd_misuse(run, key, "make one with 'habeas ledger keygen --kind witness'", "this is not a witness's key");
    if (!code)
        code = ledger_keys_read(run, logs, w->log, LOGS_MAX, &w->log_count);
    for (uint32_t i = 0; !code && i < w->log_count; i++)
        if (w->log[i].kind != HBS_LEDGER_KEY_LOG)
            code = cmd_misuse(run, w->log[i].name, "name logs only", "this is not a log's key");
    if (code)
        goto done;
    w->dir = argv[0];
    pthread_mutex_init(&w->lock, NULL);
    if ((mkdir(argv[0], 0777) && errno != EEXIST) ||
        (dir = open(argv[0], O_RDONLY | O_DIRECTORY | O_CLOEXEC)) < 0) {
        code = cmd_fail(run, hbs_fail(run->ctx, HBS_ERR_IO, argv[0], "check the name and your rights",
                                      "cannot make or open the folder: %s", strerror(errno)));
        goto done;
    }
    if (flock(dir, LOCK_EX | LOCK_NB)) {
        code = cmd_fail(run, hbs_fail(run->ctx, HBS_ERR_BUSY, argv[0], "end the other one first",
                                      "another witness runs on this folder"));
        goto done;
    }
    sigset_t ends;
    sigemptyset(&ends);
    sigaddset(&ends, SIGINT);
    sigaddset(&ends, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &ends, NULL); /* also in the threads that serve */
    if ((err = http_server_open(run->ctx, address, REQUEST_MAX, serve, w, &port, &server)) ||
        (err = hbs_buf_printf(&text, "http://%.*s:%u/\n", (int)(strrchr(address, ':') - address), address, port)) ||
        (ready && (err = hbs_file_write(run->ctx, ready, text.data, text.size)))) {
        code = cmd_fail(run, err);
        goto done;
    }
    fprintf(stderr, "habeas: %s witnesses %u logs at %s", w->secret.key.name, w->log_count, (char *)text.data);
    if (seconds) {
        struct timespec most = {.tv_sec = (time_t)seconds};
        while (sigtimedwait(&ends, NULL, &most) < 0 && errno == EINTR)
            continue;
    } else {
        int got;
        sigwait(&ends, &got);
    }
    http_server_close(run->ctx, server);
    server = NULL;
    json_object_update_new(run->answer, json_pack("{s:s,s:I,s:I}", "witness", w->secret.key.name, "cosigned",
                                                  (json_int_t)w->cosigned, "refused", (json_int_t)w->refused));
    cmd_say(run, "%llu cosigned, %llu refused\n", (unsigned long long)w->cosigned, (unsigned long long)w->refused);
done:
    http_server_close(run->ctx, server);
    if (dir >= 0)
        close(dir);
    if (w)
        hbs_ledger_secret_wipe(&w->secret);
    hbs_buf_close(&text);
    hbs_free(run->ctx, w);
    return code;
}

const struct cmd cmd_ledger_witness_run = {
    .name = "ledger witness run",
    .summary = "be somebody's witness: cosign what only grew",
    .arguments = "DIR",
    .text = "Serves the C2SP witness protocol over HTTP: POST add-checkpoint cosigns a checkpoint of a known log when it\n"
            "holds, unchanged, the last one that was cosigned; GET <SHA-256 of the origin>/checkpoint tells that one. Forks\n"
            "and rollbacks are refused (409, 422). What it has seen lies in DIR and is durable before an answer leaves;\n"
            "one process runs on a folder. Put a TLS proxy before it when it is not on this machine.",
    .example = "habeas ledger witness run seen --key witness.key --logs logs.pub --listen 127.0.0.1:8642",
    .least = 1,
    .most = 1,
    .options = options,
    .run = run_witness,
};
