/* SPDX-License-Identifier: MPL-2.0
 *
 * Fuzz target: tlog-proof files and receipts of room ledger, and proofs against trees. What parses prints
 * as it was; no receipt but the corpus's own opens; no proof of other hashes is taken.
 */
#include "fuzz_ledger.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct hbs_ledger_secret log, witness;
    static struct hbs_ledger_proof proof;
    if (!log.key.id) {
        fuzz_secret(HBS_LEDGER_KEY_LOG, "example.org/log", 1, &log);
        fuzz_secret(HBS_LEDGER_KEY_WITNESS, "wit.example/w", 2, &witness);
    }
    struct hbs_ctx *ctx = fuzz_open();
    struct hbs_buf text;
    struct hbs_ledger_receipt receipt;
    struct hbs_ledger_opened opened;
    hbs_buf_init(&text, ctx, 2 * HBS_LEDGER_RECEIPT_MAX);
    hbs_ledger_opened_init(&opened, ctx);
    if (!hbs_ledger_proof_parse(ctx, data, size, &proof)) {
        FUZZ_PROMISE(!hbs_ledger_proof_print(&proof, &text));
        FUZZ_PROMISE(text.size == size && !memcmp(text.data, data, size));
    }
    enum hbs_err err = hbs_ledger_receipt_open(ctx, data, size, &log.key, &witness.key, 1, &receipt, &opened);
    FUZZ_PROMISE(err == HBS_OK || *hbs_ctx_what(ctx));
    FUZZ_PROMISE(err || receipt.index < receipt.checkpoint.size);
    /* the input as indices and hashes */
    if (size >= 80) {
        uint64_t index = hbs_le64(data), old = hbs_le64(data + 8);
        size_t count = (size - 80) / 32;
        const uint8_t(*hashes)[32] = (const uint8_t(*)[32])(data + 80);
        if (count <= HBS_LEDGER_PROOF_MAX) {
            err = hbs_ledger_check_inclusion(ctx, index, old, data + 16, hashes, count, data + 48);
            FUZZ_PROMISE(err || (old == 1 && !memcmp(data + 16, data + 48, 32)) || count);
            (void)!hbs_ledger_check_consistency(ctx, index, data + 16, old, data + 48, hashes, count);
        }
    }
    hbs_ledger_opened_close(&opened);
    hbs_buf_close(&text);
    fuzz_close(ctx);
    return 0;
}
