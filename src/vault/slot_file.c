/* SPDX-License-Identifier: MPL-2.0
 *
 * Room vault: a root in a file of two blocks of 512 bytes. The new root goes into the block that does not
 * hold the present one and is synced; then the other block is overwritten and synced. So there is
 * always one whole root, and what a stop leaves over is seen and cleared at the next opening. With a
 * systemd credential the blocks are sealed under a key made of it (systemd.exec(5), LoadCredential=).
 * Touches its file through the caller's table, and reads $CREDENTIALS_DIRECTORY/NAME.
 */
#include "vault_int.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define BLOCK 512u
#define HEAD 16u
#define CREDENTIAL_MIN 32u
#define CREDENTIAL_MAX 4096u

static const uint8_t magic[8] = "HbsSlot1";
static const char purpose[] = "habeas root slot";

struct work { /* in secret memory */
    uint8_t block[2][BLOCK];
    uint8_t root[2][HBS_VAULT_ROOT_BYTES];
    uint8_t fresh[BLOCK];
    struct vault_root decoded;
    uint8_t key[HBS_VAULT_KEY]; /* of the credential */
};

struct file_slot {
    struct hbs_vault_slot slot;
    const struct hbs_vault_io *io;
    char *path;
    bool sealed;
    struct work *work;
};

/* A block to a root: 1, an empty block: 0, neither: -1. A block is one sector of 512 bytes, so it is old or new
 * after a power loss, and if it is neither its sum says so. */
static int block_open(struct file_slot *f, const uint8_t *block, uint8_t *root)
{
    if (sodium_is_zero(block, BLOCK))
        return 0;
    size_t size = f->sealed ? VAULT_NONCE + HBS_VAULT_ROOT_BYTES + VAULT_TAG : HBS_VAULT_ROOT_BYTES;
    if (memcmp(block, magic, 8) || block[8] != f->sealed || !sodium_is_zero(block + 9, 7) ||
        !sodium_is_zero(block + HEAD + size, BLOCK - HEAD - size))
        return -1;
    if (!f->sealed)
        memcpy(root, block + HEAD, HBS_VAULT_ROOT_BYTES);
    else if (crypto_aead_xchacha20poly1305_ietf_decrypt(
                 root, NULL, NULL, block + HEAD + VAULT_NONCE, HBS_VAULT_ROOT_BYTES + VAULT_TAG, block, HEAD,
                 block + HEAD, f->work->key) != 0)
        return -1;
    return vault_root_decode(root, &f->work->decoded) ? 1 : -1;
}

static void block_make(struct file_slot *f, const uint8_t *root)
{
    uint8_t *block = f->work->fresh;
    memset(block, 0, BLOCK);
    memcpy(block, magic, 8);
    block[8] = f->sealed;
    if (!f->sealed) {
        memcpy(block + HEAD, root, HBS_VAULT_ROOT_BYTES);
        return;
    }
    randombytes_buf(block + HEAD, VAULT_NONCE);
    crypto_aead_xchacha20poly1305_ietf_encrypt(block + HEAD + VAULT_NONCE, NULL, root, HBS_VAULT_ROOT_BYTES,
                                               block, HEAD, NULL, block + HEAD, f->work->key);
}

/* Reads both blocks. *best: the block with the newest root, -1 none. *remains: the other one is not
 * empty. *bad: some block is neither empty nor a root. */
static enum hbs_err read_blocks(struct file_slot *f, void *file, int *best, bool *remains, bool *bad)
{
    struct work *w = f->work;
    size_t got = 0;
    memset(w->block, 0, sizeof w->block);
    int code = f->io->read(f->io->user, file, w->block, sizeof w->block, 0, &got);
    if (code)
        return vault_io_fail(f->slot.ctx, f->path, "read", code);
    int state[2];
    uint64_t epoch[2] = {0, 0};
    *best = -1;
    *bad = *remains = false;
    for (int i = 0; i < 2; i++) {
        state[i] = block_open(f, w->block[i], w->root[i]);
        if (state[i] == 1) {
            epoch[i] = w->decoded.epoch;
            if (*best < 0 || epoch[i] > epoch[*best])
                *best = i;
        }
        *bad |= state[i] < 0;
    }
    *remains = *best >= 0 && state[!*best] != 0;
    sodium_memzero(&w->decoded, sizeof w->decoded);
    return HBS_OK;
}

static void forget(struct file_slot *f)
{
    sodium_memzero(f->work->block, sizeof f->work->block);
    sodium_memzero(f->work->root, sizeof f->work->root);
    sodium_memzero(f->work->fresh, sizeof f->work->fresh);
}

static enum hbs_err slot_get(struct hbs_vault_slot *slot, uint8_t *root, bool *found, bool *remains)
{
    struct file_slot *f = (struct file_slot *)slot;
    void *file = NULL;
    int best;
    bool bad;
    *found = *remains = false;
    int code = f->io->open(f->io->user, f->path, false, false, &file);
    if (code == ENOENT)
        return HBS_OK;
    if (code)
        return vault_io_fail(slot->ctx, f->path, "open", code);
    enum hbs_err err = read_blocks(f, file, &best, remains, &bad);
    /* Whoever was killed may have written and not synced: what is read here shall be on the medium, or
     * a power loss brings back a root that was answered to be gone. */
    if (!err && (code = f->io->sync(f->io->user, file)))
        err = vault_io_fail(slot->ctx, f->path, "sync", code);
    if (!err && best < 0 && bad)
        err = hbs_fail(slot->ctx, HBS_ERR_INTEGRITY, f->path,
                       f->sealed ? "check the credential, or declare the slot lost" : "declare the slot lost",
                       "the file holds no whole root");
    if (!err && best >= 0) {
        memcpy(root, f->work->root[best], HBS_VAULT_ROOT_BYTES);
        *found = true;
    }
    forget(f);
    f->io->close(f->io->user, file);
    return err;
}

/* Two syncs: after the first the new root is durable, after the second the old one is gone as far as a file
 * can promise. Overwritten in place and not by a new file under the old name: the same blocks of a disk
 * are hit where the medium has such a thing, and a stop cannot leave an old root in a file without a name. */
static enum hbs_err slot_put(struct hbs_vault_slot *slot, const uint8_t *root)
{
    struct file_slot *f = (struct file_slot *)slot;
    const struct hbs_vault_io *io = f->io;
    void *file = NULL;
    int code = io->open(io->user, f->path, false, false, &file);
    if (code == ENOENT) {
        code = io->open(io->user, f->path, true, false, &file);
        if (!code && (code = io->sync_folder(io->user, f->path)))
            io->close(io->user, file);
    }
    if (code)
        return vault_io_fail(slot->ctx, f->path, "open", code);
    int best;
    bool remains, bad;
    enum hbs_err err = read_blocks(f, file, &best, &remains, &bad);
    if (err)
        goto done;
    int to = best == 0; /* the block without the present root */
    block_make(f, root);
    if ((code = io->write(io->user, file, f->work->fresh, BLOCK, (uint64_t)to * BLOCK)) ||
        (code = io->sync(io->user, file)))
        goto fail;
    memset(f->work->fresh, 0, BLOCK);
    if ((code = io->write(io->user, file, f->work->fresh, BLOCK, (uint64_t)!to * BLOCK)) ||
        (code = io->sync(io->user, file)))
        goto fail;
    goto done;
fail:
    err = vault_io_fail(slot->ctx, f->path, "write", code);
done:
    forget(f);
    io->close(io->user, file);
    return err;
}

static void slot_close(struct hbs_vault_slot *slot)
{
    struct file_slot *f = (struct file_slot *)slot;
    struct hbs_ctx *ctx = slot->ctx;
    hbs_secret_close(f->work);
    hbs_free(ctx, f->path);
    hbs_free(ctx, f);
}

static enum hbs_err slot_make(struct hbs_ctx *ctx, const struct hbs_vault_io *io, const char *path,
                              struct file_slot **out)
{
    size_t size = strlen(path) + 1;
    struct file_slot *f = hbs_alloc(ctx, 1, sizeof *f);
    if (!f)
        return hbs_fail_memory(ctx, sizeof *f);
    f->slot = (struct hbs_vault_slot){ctx, slot_get, slot_put, slot_close, NULL, ""};
    f->io = io;
    void *work = NULL;
    enum hbs_err err = hbs_secret_open(ctx, sizeof *f->work, &work);
    f->work = work;
    if (!err && !(f->path = hbs_alloc(ctx, 1, size)))
        err = hbs_fail_memory(ctx, size);
    if (err) {
        slot_close(&f->slot);
        return err;
    }
    memcpy(f->path, path, size);
    f->slot.promise = "The old root is overwritten in place. Flash, snapshots and copy-on-write file systems "
                      "may keep the old bytes.";
    snprintf(f->slot.name, sizeof f->slot.name, "file %s", path);
    *out = f;
    return HBS_OK;
}

enum hbs_err hbs_vault_slot_file(struct hbs_ctx *ctx, const struct hbs_vault_io *io, const char *path,
                                 struct hbs_vault_slot **out)
{
    struct file_slot *f;
    enum hbs_err err = slot_make(ctx, io, path, &f);
    if (!err)
        *out = &f->slot;
    return err;
}

/* The credential's bytes, hashed to a key: whatever its length, all of it counts. */
static enum hbs_err read_credential(struct hbs_ctx *ctx, const char *name, uint8_t key[HBS_VAULT_KEY])
{
    const char *folder = getenv("CREDENTIALS_DIRECTORY"); /* a place, not a secret */
    char path[4096];
    if (!folder || !*folder)
        return hbs_fail(ctx, HBS_ERR_NOT_FOUND, name, "run as a service with LoadCredentialEncrypted=",
                        "systemd has given this process no credentials");
    int n = strchr(name, '/') || !*name ? -1 : snprintf(path, sizeof path, "%s/%s", folder, name);
    if (n < 0 || (size_t)n >= sizeof path)
        return hbs_fail(ctx, HBS_ERR_USAGE, name, "give its name alone", "this is no name of a credential");
    void *secret;
    enum hbs_err err = hbs_secret_open(ctx, CREDENTIAL_MAX + 1, &secret);
    if (err)
        return err;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    ssize_t got = fd < 0 ? -1 : read(fd, secret, CREDENTIAL_MAX + 1);
    int saved = errno;
    if (fd >= 0)
        close(fd);
    if (got < 0)
        err = hbs_fail(ctx, saved == ENOENT ? HBS_ERR_NOT_FOUND : HBS_ERR_IO, name,
                       "check LoadCredentialEncrypted= of the service", "cannot read the credential: %s",
                       strerror(saved));
    else if (got < (ssize_t)CREDENTIAL_MIN || got > (ssize_t)CREDENTIAL_MAX)
        err = hbs_fail(ctx, HBS_ERR_FORMAT, name, "make it of 32 random bytes",
                       "a credential of %s bytes", got > 4096 ? "more than 4096" : "fewer than 32");
    else
        crypto_generichash(key, HBS_VAULT_KEY, secret, (size_t)got, NULL, 0);
    hbs_secret_close(secret);
    return err;
}

enum hbs_err hbs_vault_slot_credential(struct hbs_ctx *ctx, const struct hbs_vault_io *io, const char *name,
                                       const char *path, struct hbs_vault_slot **out)
{
    struct file_slot *f;
    enum hbs_err err = slot_make(ctx, io, path, &f);
    if (err)
        return err;
    f->sealed = true;
    uint8_t *raw = f->work->fresh; /* secret memory that is free now */
    if ((err = read_credential(ctx, name, raw))) {
        slot_close(&f->slot);
        return err;
    }
    hbs_secret_derive(raw, purpose, f->work->key);
    sodium_memzero(raw, HBS_VAULT_KEY);
    f->slot.promise = "The old root is overwritten in place, sealed under the credential. Who has the credential "
                      "and an old copy of the file has the old root.";
    snprintf(f->slot.name, sizeof f->slot.name, "credential %.60s, file %.110s", name, path);
    *out = &f->slot;
    return HBS_OK;
}
