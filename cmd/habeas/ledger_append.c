/* SPDX-License-Identifier: MPL-2.0
 *
 * The command line: habeas ledger append DIR FILE....
 */
#include "ledger_input.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

static struct ledger_use use = {.wait = 10};
static const char *receipts;
static bool documents, no_witness;

static const struct cmd_option options[] = {
    LEDGER_WRITE_OPTIONS(use),
    {"receipts", 0, CMD_FILE, &receipts, "FOLDER", "write receipts there, as INDEX-PERSON.tlog-proof", 0, 0},
    {"document", 0, CMD_FLAG, &documents, NULL, "take every FILE as a document, also JSON objects", 0, 0},
    {"no-witness", 0, CMD_FLAG, &no_witness, NULL, "ask no witness now", 0, 0},
    {0},
};

/* One FILE, read before anything is logged. */
struct input {
    struct hbs_buf data;
    struct ledger_act_input act;
    bool is_act;
};

static int read_input(struct cmd_run *run, const char *name, struct input *in)
{
    hbs_buf_init(&in->data, run->ctx, HBS_LEDGER_DOCUMENT_MAX);
    enum hbs_err err = hbs_file_read(run->ctx, name, &in->data);
    if (err)
        return cmd_fail(run, err);
    json_error_t mistake;
    json_t *object = documents ? NULL : json_loadb((char *)in->data.data, in->data.size, JSON_REJECT_DUPLICATES, &mistake);
    if (!json_is_object(object)) {
        json_decref(object);
        const char *p = (char *)in->data.data, *end = p + in->data.size;
        while (p && p < end && strchr(" \t\r\n", *p))
            p++;
        if (!documents && p && p < end && *p == '{') {
            char where[192];
            snprintf(where, sizeof where, "%.120s, line %d", name, mistake.line);
            return cmd_misuse(run, where, "mend it, or say --document to log the file as it is", "%s", mistake.text);
        }
        return 0;
    }
    in->is_act = true;
    int code = ledger_act_read(run, name, object, &in->act);
    json_decref(object);
    return code;
}

/* Receipts of one answer: into files, and into the JSON. */
static int give_receipts(struct cmd_run *run, const struct hbs_ledger_answer *a, json_t *list)
{
    for (uint32_t j = 0; j < a->sealed.persons; j++) {
        struct hbs_buf text;
        hbs_buf_init(&text, run->ctx, HBS_LEDGER_RECEIPT_MAX);
        enum hbs_err err = hbs_ledger_receipt_print(run->ctx, &a->sealed, j, &a->proof, &text);
        char path[LEDGER_PATH];
        if (!err && receipts) {
            snprintf(path, sizeof path, "%s/%llu-%u.tlog-proof", receipts, (unsigned long long)a->proof.index, j);
            err = hbs_file_write(run->ctx, path, text.data, text.size);
            json_array_append_new(list, json_string(path));
            if (!err)
                cmd_say(run, "  receipt %s\n", path);
        } else if (!err) {
            json_array_append_new(list, json_stringn((char *)text.data, text.size));
        }
        hbs_buf_close(&text);
        if (err)
            return cmd_fail(run, err);
    }
    return 0;
}

static int one(struct cmd_run *run, const char *name, const struct input *in, json_t *entries)
{
    const struct hbs_ledger_key *keys[HBS_LEDGER_PERSONS_MAX];
    for (uint32_t i = 0; i < HBS_LEDGER_PERSONS_MAX; i++)
        keys[i] = in->act.has_key[i] ? &in->act.person_key[i] : NULL;
    struct hbs_ledger_item item = {.act = in->is_act ? &in->act.act : NULL,
                                   .document = in->data.data ? in->data.data : (const uint8_t *)"",
                                   .document_size = in->data.size,
                                   .persons = in->is_act ? in->act.persons : 1,
                                   .person_keys = keys};
    struct hbs_ledger_answer *a = hbs_alloc(run->ctx, 1, sizeof *a);
    if (!a)
        return cmd_fail(run, HBS_ERR_NO_MEMORY);
    hbs_ledger_answer_init(a, run->ctx);
    enum hbs_err err = hbs_ledger_append(use.ledger, run->ctx, &item, a);
    int code = err ? cmd_fail(run, err) : 0;
    if (!code) {
        char hex[65];
        json_t *proof = json_array(), *list = json_array();
        ledger_hex(a->leaf, hex);
        cmd_say(run, "%s: entry %llu, leaf %s\n", name, (unsigned long long)a->proof.index, hex);
        for (uint32_t i = 0; i < a->proof.count; i++) {
            json_t *hash = ledger_base64_json(a->proof.hash[i]);
            cmd_say(run, "  proof %s\n", json_string_value(hash));
            json_array_append_new(proof, hash);
        }
        code = give_receipts(run, a, list);
        json_array_append_new(entries, json_pack("{s:s,s:{s:I,s:s},s:o,s:s%,s:o}", "file", name, "leaf", "index",
                                                 (json_int_t)a->proof.index, "hash", hex, "proof", proof, "checkpoint",
                                                 (char *)a->checkpoint.data, a->checkpoint.size, "receipts", list));
        fflush(stdout); /* what was told is durable, also if we are killed now */
    }
    hbs_ledger_answer_close(a);
    hbs_free(run->ctx, a);
    return code;
}

static int append(struct cmd_run *run, int argc, char **argv)
{
    int files = argc - 1, code = 0;
    struct input *in = hbs_alloc(run->ctx, (size_t)files, sizeof *in);
    json_t *entries = json_array();
    json_object_set_new(run->answer, "ledger", json_string(argv[0]));
    json_object_set_new(run->answer, "entries", entries);
    if (!in)
        return cmd_fail(run, HBS_ERR_NO_MEMORY);
    for (int i = 0; i < files && !code; i++)
        code = read_input(run, argv[i + 1], &in[i]);
    struct stat st;
    if (!code && receipts && (stat(receipts, &st) || !S_ISDIR(st.st_mode)))
        code = cmd_misuse(run, receipts, "make the folder first", "there is no such folder");
    if (!code && !(code = ledger_begin(run, argv[0], true, &use))) {
        unsigned cosigned = 0;
        uint64_t size, time;
        const struct hbs_ledger_config *c = hbs_ledger_config(use.ledger);
        /* a cosignature that is older than it may be: ask before, so that acts are not refused needlessly */
        if (c->witness_count && !no_witness && !hbs_ledger_witnessed(use.ledger, run->ctx, &size, &time)) {
            struct timespec now;
            clock_gettime(CLOCK_REALTIME, &now);
            if ((uint64_t)now.tv_sec >= time + 60 * (uint64_t)c->cosign_within)
                code = ledger_ask_witnesses(run, use.ledger, &cosigned);
        }
        for (int i = 0; i < files && !code; i++)
            code = one(run, argv[i + 1], &in[i], entries);
        /* the answers are out; now the cosignature, in the time that the config gives */
        if (!code && c->witness_count && !no_witness) {
            code = ledger_ask_witnesses(run, use.ledger, &cosigned);
            cmd_say(run, "cosigned by %u of %u witnesses\n", cosigned, c->witness_count);
        }
        json_object_set_new(run->answer, "size", json_integer((json_int_t)hbs_ledger_size(use.ledger)));
        int end = ledger_end(run, &use);
        code = code ? code : end;
    }
    for (int i = 0; i < files; i++)
        if (in[i].data.ctx)
            hbs_buf_close(&in[i].data);
    hbs_free(run->ctx, in);
    return code;
}

const struct cmd cmd_ledger_append = {
    .name = "ledger append",
    .summary = "log acts or documents; answers when they are durable",
    .arguments = "DIR FILE...",
    .text = "Logs each FILE as an entry of the ledger DIR, in order, and answers with its index, leaf hash,\n"
            "inclusion proof and receipts, each as soon as the disk has it. When one FILE is bad, none is logged.\n\n"
            "A FILE that is a JSON object is an act:\n\n"
            "    {\"act\":\"enrol\", \"actor\":\"officer-17\", \"purpose\":\"custody\", \"ruling\":\"allow\",\n"
            "     \"outcome\":\"done\", \"law\":\"<sha256 of the law pack>\", \"obligations\":[\"notice\"],\n"
            "     \"persons\":1}\n\n"
            "and may have \"time\" (seconds since 1970; else now), \"ruling_sha256\", \"bindings\" (an object of up to 4\n"
            "commitments, 64 hexadecimal digits each) and \"persons\" as a number or as a list of readers' public keys and\n"
            "nulls. Words are of letters, digits and - . _ : @ / +. Never put a person's name, a sample, a template or\n"
            "a plain hash of one into an act.\n\n"
            "Any other FILE is a document of at most 60,000 bytes, about one person.\n\n"
            "The log shows commitments only; the content is sealed to the inspectors, and each person's receipt\n"
            "opens it for that person. Receipts exist once: they are in the answer of --json, or with --receipts in\n"
            "files. With a witness in the config its cosignature is asked for after the answers.",
    .example = "habeas ledger append acts act.json --receipts receipts/",
    .least = 2,
    .most = -1,
    .options = options,
    .run = append,
};
