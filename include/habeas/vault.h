/* SPDX-License-Identifier: MPL-2.0
 *
 * habeas/vault.h: secrets in locked memory, records sealed each with a key of its own, and the keys
 * of people in a tree that can forget: after an erasure no older copy of the key file opens anything,
 * whoever holds it, and whatever root he has today.
 *
 *   hbs_secret_open           memory that is locked, guarded and left out of core dumps
 *   hbs_vault_seal, _unseal   a record <-> its sealed form, under a subject's key
 *   hbs_vault_slot_*          where the root key lives: a file, a systemd credential, a PKCS#11 token
 *   hbs_vault_create, _open   the key file with its one or two slots
 *   hbs_vault_add, _get, _erase   keys of subjects
 *   hbs_vault_drill           proves that one slot alone opens the tree
 *
 * The keys form a chain: root (in the slots only) -> pages of the tree -> the subject's key -> the
 * record's key -> the record. Whoever lacks one link has nothing below it. An erasure removes the
 * subject's key, writes the pages from its leaf to the top again under fresh random keys, and replaces
 * the root; the old root is then destroyed in every slot, and with it every older copy of those pages.
 * The method is the shadowing update of a key disclosure graph of Reardon, Ritzdorf, Basin and Capkun,
 * "Secure Data Deletion from Persistent Media", ACM CCS 2013. Ciphers are libsodium's
 * XChaCha20-Poly1305 (RFC 8439 with the extended nonce of draft-irtf-cfrg-xchacha) and BLAKE2b.
 *
 * Secrets come out only into memory of the caller's, who takes it from hbs_secret_open. They never go
 * through an argument of a command, the environment, an error's words or a backup.
 *
 * Errors, beyond those of base.h: HBS_ERR_INTEGRITY names what does not verify and where (file and
 * page, or table, subject and version); HBS_ERR_BUSY when another process has the key file;
 * HBS_ERR_INCOMPLETE when a slot is missing.
 * Threads: a vault and a slot belong to one thread at a time, with the context they were opened with.
 */
#ifndef HABEAS_VAULT_H
#define HABEAS_VAULT_H

#include "habeas/base.h"

#ifdef __cplusplus
extern "C" {
#endif

#define HBS_VAULT_KEY 32                    /* bytes of every key */
#define HBS_VAULT_RECORD_MAX (64u << 20)    /* bytes of a record before it is sealed */
#define HBS_VAULT_SEALED_EXTRA 120u         /* bytes that sealing adds */
#define HBS_VAULT_TABLE_MAX 63u             /* bytes of a table's name */
#define HBS_VAULT_SLOTS_MAX 2               /* slots of a tree */
#define HBS_VAULT_BATCH_MAX (1u << 20)      /* subjects of one call */
#define HBS_VAULT_SUBJECT_MAX 183247918u    /* the highest subject: what four levels of pages hold */
#define HBS_VAULT_ROOT_BYTES 128u           /* of a root as a slot keeps it */

/* ---- Memory for secrets ------------------------------------------------------------------------- */

/* Zeroed memory for `size` bytes, aligned to 16, that is never swapped (mlock), is left out of core
 * dumps, is zero in a forked child, and has unreadable pages on both sides. A lock that the system
 * refuses is HBS_ERR_NO_MEMORY and says LimitMEMLOCK; there is no unlocked memory instead. Each piece
 * locks whole pages. */
HBS_API HBS_MUST_USE enum hbs_err hbs_secret_open(struct hbs_ctx *ctx, size_t size, void **out)
    HBS_NONNULL(1, 3);
/* Overwrites and frees it. NULL is harmless. */
HBS_API void hbs_secret_close(void *secret);
/* Overwrites; the compiler cannot leave it out. */
HBS_API void hbs_secret_wipe(void *p, size_t size) HBS_NONNULL(1);
/* Overwrites what earlier calls of this thread may have left of secrets on the stack below the caller and in
 * vector registers (ciphers spill keys and texts there). The vault's own calls do it before they return;
 * whoever copies or enciphers secrets himself does it when done. Some 100 ns. */
HBS_API void hbs_secret_scrub(void);
/* Fresh random bytes of the system's generator. */
HBS_API void hbs_secret_random(void *p, size_t size) HBS_NONNULL(1);
/* A key for one purpose from another key: BLAKE2b keyed with it over the purpose. Purposes that differ
 * give keys that tell nothing of each other. */
HBS_API void hbs_secret_derive(const uint8_t key[HBS_VAULT_KEY], const char *purpose,
                               uint8_t out[HBS_VAULT_KEY]) HBS_NONNULL(1, 2, 3);

/* ---- Sealed records ----------------------------------------------------------------------------- */

/* What a record is: it is bound to this, and opens only where the same is said. `table` has 1 to
 * HBS_VAULT_TABLE_MAX bytes. `version` is the record's own: whoever writes a record again gives a
 * higher one, so that an older copy put back does not open. */
struct hbs_vault_label {
    const char *table;
    uint64_t subject;
    uint64_t version;
};

/* Appends the sealed form (size + HBS_VAULT_SEALED_EXTRA bytes) to `out`: a fresh random key for this
 * record, wrapped by the subject's key; both layers bound to the label. A record of 0 bytes is one. */
HBS_API HBS_MUST_USE enum hbs_err hbs_vault_seal(struct hbs_ctx *ctx,
                                                 const uint8_t subject_key[HBS_VAULT_KEY],
                                                 const struct hbs_vault_label *label, const void *plain,
                                                 size_t size, struct hbs_buf *out)
    HBS_NONNULL(1, 2, 3, 6);
/* The size of what is inside, from the sealed form's size and head alone: HBS_ERR_FORMAT when it cannot
 * be a sealed record, HBS_ERR_UNSUPPORTED for a later format, HBS_ERR_LIMIT when too large. */
HBS_API HBS_MUST_USE enum hbs_err hbs_vault_sealed_size(struct hbs_ctx *ctx, const void *sealed,
                                                        size_t size, size_t *out) HBS_NONNULL(1, 4);
/* Opens into `out`, which has `room` bytes (HBS_ERR_LIMIT when fewer than needed), in secret memory of
 * the caller's. HBS_ERR_INTEGRITY, naming table, subject and version, when key, label or any byte is
 * not the one it was sealed with; `out` is then zero. `*plain` is the size. */
HBS_API HBS_MUST_USE enum hbs_err hbs_vault_unseal(struct hbs_ctx *ctx,
                                                   const uint8_t subject_key[HBS_VAULT_KEY],
                                                   const struct hbs_vault_label *label,
                                                   const void *sealed, size_t size, void *out,
                                                   size_t room, size_t *plain) HBS_NONNULL(1, 2, 3, 8);

/* ---- Files ---------------------------------------------------------------------------------------- */

/* How the vault reads and writes: a table, so that tests can make each call fail. Every function
 * answers 0 or an errno value. `read` gives fewer bytes only at the end of the file; `write` writes all
 * or fails; `sync` returns when the file's bytes and size are on the medium, `sync_folder` when the
 * name of the file at `path` is. A file is private: read and written by its owner only. */
struct hbs_vault_io {
    void *user;
    /* `create`: a new file, EEXIST when there is one. EACCES when others may read it; EBUSY when
     * `lock` and another process has it locked. */
    int (*open)(void *user, const char *path, bool create, bool lock, void **file);
    int (*read)(void *user, void *file, void *data, size_t size, uint64_t at, size_t *got);
    int (*write)(void *user, void *file, const void *data, size_t size, uint64_t at);
    int (*sync)(void *user, void *file);
    int (*size)(void *user, void *file, uint64_t *out);
    int (*truncate)(void *user, void *file, uint64_t size);
    int (*sync_folder)(void *user, const char *path);
    int (*remove)(void *user, const char *path);
    void (*close)(void *user, void *file);
};

/* The system's files: pread, pwrite, fsync, flock. Static. */
HBS_API const struct hbs_vault_io *hbs_vault_files(void);

/* ---- Slots: where the root lives ------------------------------------------------------------------ */

/* A slot keeps one root of HBS_VAULT_ROOT_BYTES bytes and replaces it: the new one is durable, then the
 * old one destroyed. What "destroyed" is worth differs, and `hbs_vault_slot_promise` says it. */
struct hbs_vault_slot;

/* A file with mode 0600: overwritten in place. Media that write elsewhere (flash, snapshots,
 * copy-on-write file systems) may keep the old bytes: best effort. Made at the first root. `io` stays
 * the caller's. */
HBS_API HBS_MUST_USE enum hbs_err hbs_vault_slot_file(struct hbs_ctx *ctx, const struct hbs_vault_io *io,
                                                      const char *path, struct hbs_vault_slot **out)
    HBS_NONNULL(1, 2, 3, 4);
/* The same file, its content sealed under a systemd credential: `name` is a file of 32 to 4096 bytes in
 * the folder that $CREDENTIALS_DIRECTORY names (LoadCredentialEncrypted=). The credential itself cannot
 * be replaced while running, so this protects the root from whoever takes the medium without the
 * machine; against somebody who has the credential and an old copy of the file it promises no more
 * than the plain file. */
HBS_API HBS_MUST_USE enum hbs_err hbs_vault_slot_credential(struct hbs_ctx *ctx,
                                                            const struct hbs_vault_io *io,
                                                            const char *name, const char *path,
                                                            struct hbs_vault_slot **out)
    HBS_NONNULL(1, 2, 3, 4, 5);

/* A PKCS#11 token (OASIS PKCS #11 v2.40): the root is a private data object, made anew and the old one
 * destroyed at each change. `module` is the token's library, `token` its label, `object` the name of
 * the root on it (1 to 63 bytes), `pin_file` a private file with the user's PIN on its first line. */
struct hbs_vault_token {
    const char *module, *token, *object, *pin_file;
};
HBS_API HBS_MUST_USE enum hbs_err hbs_vault_slot_token(struct hbs_ctx *ctx,
                                                       const struct hbs_vault_token *token,
                                                       struct hbs_vault_slot **out) HBS_NONNULL(1, 2, 3);
HBS_API void hbs_vault_slot_close(struct hbs_vault_slot *slot);
/* "file /var/lib/...", "token habeas"; and what destroying means there, one sentence. */
HBS_API const char *hbs_vault_slot_name(const struct hbs_vault_slot *slot) HBS_NONNULL(1);
HBS_API const char *hbs_vault_slot_promise(const struct hbs_vault_slot *slot) HBS_NONNULL(1);

/* ---- The tree ------------------------------------------------------------------------------------- */

struct hbs_vault;

/* Makes an empty key file at `path` and puts its first root into every slot. HBS_ERR_USAGE when the file
 * is there or a slot holds a root already: nothing is overwritten. `slots` stay the caller's. */
HBS_API HBS_MUST_USE enum hbs_err hbs_vault_create(struct hbs_ctx *ctx, const struct hbs_vault_io *io,
                                                   const char *path,
                                                   struct hbs_vault_slot *const *slots, int count)
    HBS_NONNULL(1, 2, 3, 4);
/* Opens with the newest root of the slots, checks the inner pages, and ends what a crash interrupted: a
 * slot that was left behind gets the newest root, before this returns. A slot that does not answer makes
 * the vault read-only (hbs_vault_status says which and why): without it the old root cannot be
 * destroyed there. io, path and slots must outlive the vault.
 * HBS_ERR_NOT_FOUND: no file, or no slot has a root; HBS_ERR_INTEGRITY: the file is not the one that
 * the newest root belongs to (an older copy put back, or damage). */
HBS_API HBS_MUST_USE enum hbs_err hbs_vault_open(struct hbs_ctx *ctx, const struct hbs_vault_io *io,
                                                 const char *path, struct hbs_vault_slot *const *slots,
                                                 int count, struct hbs_vault **out)
    HBS_NONNULL(1, 2, 3, 4, 6);
HBS_API void hbs_vault_close(struct hbs_vault *vault);

/* Each of the calls that change is whole or not at all, and 0 means that it is durable and that the old
 * root is gone from every slot. After an error that came while slots were written the vault answers
 * HBS_ERR_IO to everything: open it again, which ends or undoes the call.
 *
 * Subjects are numbers from 1 to HBS_VAULT_SUBJECT_MAX that the caller gives out and never gives twice;
 * numbers that lie near each other share pages. `count` is at most HBS_VAULT_BATCH_MAX; the order is
 * free. A call costs (pages touched) writes, one sync of the key file and one change of each slot,
 * however many subjects it has: add keys ahead of need, erase together. */

/* Fresh random keys. HBS_ERR_USAGE when a subject has one already or is named twice. */
HBS_API HBS_MUST_USE enum hbs_err hbs_vault_add(struct hbs_vault *vault, const uint64_t *subjects,
                                                size_t count) HBS_NONNULL(1);
/* The key of a subject into secret memory. HBS_ERR_NOT_FOUND when it has none. */
HBS_API HBS_MUST_USE enum hbs_err hbs_vault_get(struct hbs_vault *vault, uint64_t subject,
                                                uint8_t key[HBS_VAULT_KEY]) HBS_NONNULL(1, 3);
/* Forgets. Subjects without a key are passed over, so an erasure can be asked for again. */
HBS_API HBS_MUST_USE enum hbs_err hbs_vault_erase(struct hbs_vault *vault, const uint64_t *subjects,
                                                  size_t count) HBS_NONNULL(1);
/* A key of the tree's own for one purpose (a file of the store, say): the same at every opening, and
 * never erased. */
HBS_API HBS_MUST_USE enum hbs_err hbs_vault_own_key(struct hbs_vault *vault, const char *purpose,
                                                    uint8_t key[HBS_VAULT_KEY]) HBS_NONNULL(1, 2, 3);

struct hbs_vault_status {
    uint64_t epoch;    /* changes since the file was made; never falls */
    uint64_t subjects; /* that have a key */
    uint64_t pages;    /* of the file, 4096 bytes each */
    uint64_t used;     /* pages that hold something */
    int height;        /* levels of pages, 1 to 4 */
    int slots;         /* that the tree has */
    bool writable;     /* every slot answers */
    char note[192];    /* why not, in words; "" */
};
HBS_API void hbs_vault_status(const struct hbs_vault *vault, struct hbs_vault_status *out)
    HBS_NONNULL(1, 2);

/* Says that the slots given at hbs_vault_open are all there are from now on: a new root goes into each of
 * them. For a slot that is lost, replaced or added. A lost slot still holds an old root: whoever finds
 * it and has a copy of the key file of that time can open that copy. Destroy it. */
HBS_API HBS_MUST_USE enum hbs_err hbs_vault_reslot(struct hbs_vault *vault) HBS_NONNULL(1);

/* Proves that slot `index` alone opens the tree: reads its root, is it today's, opens the pages down to
 * the canary's key and the canary with it. Changes nothing. */
HBS_API HBS_MUST_USE enum hbs_err hbs_vault_drill(struct hbs_vault *vault, int index) HBS_NONNULL(1);
/* Opens every page: HBS_ERR_INTEGRITY with the first that does not verify. Also finds a number of
 * subjects that is not the one the root knows. */
HBS_API HBS_MUST_USE enum hbs_err hbs_vault_verify(struct hbs_vault *vault) HBS_NONNULL(1);

#ifdef __cplusplus
}
#endif
#endif
