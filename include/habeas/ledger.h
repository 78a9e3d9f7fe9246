/* SPDX-License-Identifier: MPL-2.0
 *
 * habeas/ledger.h: an append-only log of acts that outsiders can check. It decides nothing and knows
 * nobody: it makes it impossible to hide that an act was done. Leaves are commitments; what they
 * commit to is sealed to the inspectors; each person that an act concerns gets a receipt.
 *
 *   hbs_ledger_key_*, _secret_*   keys of logs, witnesses and readers (inspectors, persons), as text
 *   hbs_ledger_note_*             C2SP signed notes, Ed25519 and cosignature/v1
 *   hbs_ledger_checkpoint_*       C2SP checkpoints
 *   hbs_ledger_check_*            inclusion and consistency proofs (RFC 6962, RFC 9162)
 *   hbs_ledger_proof_*            C2SP tlog-proof files
 *   hbs_ledger_seal, _unseal      an act to an entry; an entry to an act, with an inspector's key
 *   hbs_ledger_receipt_*          the file that opens one leaf and no other
 *   hbs_ledger_create, _open, _append, _publish, _close   the log itself, over a table of functions
 *   hbs_ledger_verify, _export    recompute everything; what the public may have
 *   hbs_ledger_witness_*          both sides of the C2SP witness protocol, without the network
 *
 * Formats: c2sp.org/signed-note, tlog-checkpoint, tlog-tiles, tlog-proof, tlog-cosignature (v1),
 * tlog-witness; ours are in docs/formats/ledger-entry.md and ledger-files.md. Cryptography is
 * libsodium's: Ed25519, X25519, SHA-256, HMAC-SHA-256, XChaCha20-Poly1305.
 *
 * Sizes: hashes are 32 bytes. Times are seconds since 1970. Errors beyond base.h's meaning:
 * HBS_ERR_INTEGRITY when a signature, hash or proof does not hold; HBS_ERR_REFUSED when no witness
 * has spoken for too long; HBS_ERR_BUSY when another process holds the log.
 */
#ifndef HABEAS_LEDGER_H
#define HABEAS_LEDGER_H

#include "habeas/base.h"

#ifdef __cplusplus
extern "C" {
#endif

#define HBS_LEDGER_HASH 32u
#define HBS_LEDGER_NAME_MAX 127u         /* bytes of a key's name or an origin */
#define HBS_LEDGER_TEXT_MAX 64u          /* bytes of a word of an act */
#define HBS_LEDGER_NOTE_MAX 65536u       /* bytes of a note that is read */
#define HBS_LEDGER_SIGNATURES_MAX 64u    /* of a note (C2SP asks for at least 16) */
#define HBS_LEDGER_PROOF_MAX 64u         /* hashes of a proof */
#define HBS_LEDGER_RECEIPT_MAX 262144u   /* bytes of a receipt that is read */
#define HBS_LEDGER_ENTRY_MAX 65535u      /* bytes of an entry (tlog-tiles: a 16-bit length) */
#define HBS_LEDGER_DOCUMENT_MAX 60000u   /* bytes of a document that an entry carries */
#define HBS_LEDGER_PERSONS_MAX 16u       /* persons that one act concerns */
#define HBS_LEDGER_INSPECTORS_MAX 8u
#define HBS_LEDGER_WITNESSES_MAX 8u
#define HBS_LEDGER_OBLIGATIONS_MAX 16u
#define HBS_LEDGER_BINDINGS_MAX 4u
#define HBS_LEDGER_URL_MAX 255u
#define HBS_LEDGER_CONFIG_MAX 16384u

/* ---- Keys ------------------------------------------------------------------------------------- */

/* The kinds are C2SP's signature type bytes; 0xff with "habeas-x25519" is ours (readers). */
enum hbs_ledger_key_kind {
    HBS_LEDGER_KEY_LOG = 0x01,     /* Ed25519: signs checkpoints */
    HBS_LEDGER_KEY_WITNESS = 0x04, /* Ed25519: cosignature/v1 */
    HBS_LEDGER_KEY_READER = 0xff   /* X25519: an inspector or a person, to whom things are sealed */
};

/* A public key. `id` is the first four bytes of SHA-256(name, newline, kind, key) (signed-note). */
struct hbs_ledger_key {
    char name[HBS_LEDGER_NAME_MAX + 1];
    enum hbs_ledger_key_kind kind;
    uint32_t id;
    uint8_t bytes[32];
};

/* A private key: Ed25519's seed or X25519's scalar. Wipe it after use. */
struct hbs_ledger_secret {
    struct hbs_ledger_key key;
    uint8_t seed[32];
};

/* A fresh key pair. Names have no blanks, no plus and no control characters. */
HBS_API HBS_MUST_USE enum hbs_err hbs_ledger_secret_make(struct hbs_ctx *ctx, enum hbs_ledger_key_kind kind,
                                                         const char *name, struct hbs_ledger_secret *out)
    HBS_NONNULL(1, 3, 4);
HBS_API void hbs_ledger_secret_wipe(struct hbs_ledger_secret *secret) HBS_NONNULL(1);
/* NAME+ID+BASE64, a vkey of signed-note; blanks around it are passed over. HBS_ERR_FORMAT also when
 * the id is not the key's. */
HBS_API HBS_MUST_USE enum hbs_err hbs_ledger_key_parse(struct hbs_ctx *ctx, const char *text, size_t size,
                                                       struct hbs_ledger_key *out) HBS_NONNULL(1, 2, 4);
HBS_API HBS_MUST_USE enum hbs_err hbs_ledger_key_print(const struct hbs_ledger_key *key, struct hbs_buf *out)
    HBS_NONNULL(1, 2);
/* PRIVATE+KEY+NAME+ID+BASE64, as Go's golang.org/x/mod/sumdb/note writes it. */
HBS_API HBS_MUST_USE enum hbs_err hbs_ledger_secret_parse(struct hbs_ctx *ctx, const char *text, size_t size,
                                                          struct hbs_ledger_secret *out)
    HBS_NONNULL(1, 2, 4);
HBS_API HBS_MUST_USE enum hbs_err hbs_ledger_secret_print(const struct hbs_ledger_secret *secret,
                                                          struct hbs_buf *out) HBS_NONNULL(1, 2);
HBS_API bool hbs_ledger_key_same(const struct hbs_ledger_key *a, const struct hbs_ledger_key *b)
    HBS_NONNULL(1, 2);

/* ---- Notes and checkpoints -------------------------------------------------------------------- */

/* A note's parts, within the caller's bytes: nothing is copied. */
struct hbs_ledger_note {
    const char *text; /* with its last newline */
    size_t text_size;
    uint32_t count;
    struct {
        const char *name, *base64;
        size_t name_size, base64_size;
        uint32_t id;
    } signature[HBS_LEDGER_SIGNATURES_MAX];
};

/* Splits a note and checks its form (UTF-8, no control characters, signature lines); not yet a
 * signature. */
HBS_API HBS_MUST_USE enum hbs_err hbs_ledger_note_parse(struct hbs_ctx *ctx, const void *data, size_t size,
                                                        struct hbs_ledger_note *out) HBS_NONNULL(1, 2, 4);
/* Whether `key` signed it: HBS_OK; HBS_ERR_NOT_FOUND when there is no signature of that name and id;
 * HBS_ERR_INTEGRITY when there is one that does not hold. `time` (may be NULL) gets a cosignature's
 * time, 0 for a log's key. */
HBS_API HBS_MUST_USE enum hbs_err hbs_ledger_note_verify(struct hbs_ctx *ctx, const struct hbs_ledger_note *note,
                                                         const struct hbs_ledger_key *key, uint64_t *time)
    HBS_NONNULL(1, 2, 3);
/* Adds to `out` one signature line over `text`. `time` is the cosignature's, ignored for a log's key. */
HBS_API HBS_MUST_USE enum hbs_err hbs_ledger_note_sign(struct hbs_ctx *ctx, const char *text, size_t size,
                                                       const struct hbs_ledger_secret *secret, uint64_t time,
                                                       struct hbs_buf *out) HBS_NONNULL(1, 2, 4, 6);

struct hbs_ledger_checkpoint {
    char origin[HBS_LEDGER_NAME_MAX + 1];
    uint64_t size;
    uint8_t root[HBS_LEDGER_HASH];
};

/* From a note's text. Extension lines are passed over. A tree of size 0 must have the empty root. */
HBS_API HBS_MUST_USE enum hbs_err hbs_ledger_checkpoint_parse(struct hbs_ctx *ctx, const char *text, size_t size,
                                                              struct hbs_ledger_checkpoint *out)
    HBS_NONNULL(1, 2, 4);
/* The note's text: three lines. */
HBS_API HBS_MUST_USE enum hbs_err hbs_ledger_checkpoint_print(const struct hbs_ledger_checkpoint *checkpoint,
                                                              struct hbs_buf *out) HBS_NONNULL(1, 2);
/* Both at once: parses the note, checks that `key` signed it and that its origin is the key's name. */
HBS_API HBS_MUST_USE enum hbs_err hbs_ledger_checkpoint_open(struct hbs_ctx *ctx, const void *data, size_t size,
                                                             const struct hbs_ledger_key *key,
                                                             struct hbs_ledger_note *note,
                                                             struct hbs_ledger_checkpoint *out)
    HBS_NONNULL(1, 2, 4, 5, 6);

/* ---- The tree --------------------------------------------------------------------------------- */

/* SHA-256(0x00, entry) and SHA-256(0x01, left, right): RFC 6962, 2.1. */
HBS_API void hbs_ledger_leaf_hash(const void *entry, size_t size, uint8_t out[HBS_LEDGER_HASH]) HBS_NONNULL(3);
HBS_API void hbs_ledger_node_hash(const uint8_t left[HBS_LEDGER_HASH], const uint8_t right[HBS_LEDGER_HASH],
                                  uint8_t out[HBS_LEDGER_HASH]) HBS_NONNULL(1, 2, 3);
/* Whether the leaf lies at `index` of the tree of `size` with `root` (RFC 9162, 2.1.3.2): HBS_OK or
 * HBS_ERR_INTEGRITY. */
HBS_API HBS_MUST_USE enum hbs_err hbs_ledger_check_inclusion(struct hbs_ctx *ctx, uint64_t index, uint64_t size,
                                                             const uint8_t leaf[HBS_LEDGER_HASH],
                                                             const uint8_t (*proof)[HBS_LEDGER_HASH],
                                                             size_t count, const uint8_t root[HBS_LEDGER_HASH])
    HBS_NONNULL(1, 4, 7);
/* Whether the larger tree holds the smaller one unchanged (RFC 9162, 2.1.4.2). A tree of size 0 needs
 * no proof. */
HBS_API HBS_MUST_USE enum hbs_err
hbs_ledger_check_consistency(struct hbs_ctx *ctx, uint64_t old_size, const uint8_t old_root[HBS_LEDGER_HASH],
                             uint64_t new_size, const uint8_t new_root[HBS_LEDGER_HASH],
                             const uint8_t (*proof)[HBS_LEDGER_HASH], size_t count) HBS_NONNULL(1, 3, 5);

/* A tlog-proof's parts, within the caller's bytes but for the hashes. */
struct hbs_ledger_proof {
    uint64_t index;
    uint32_t count;
    uint8_t hash[HBS_LEDGER_PROOF_MAX][HBS_LEDGER_HASH];
    const char *extra; /* base64, NULL when there is none */
    size_t extra_size;
    const char *checkpoint; /* the note */
    size_t checkpoint_size;
};

HBS_API HBS_MUST_USE enum hbs_err hbs_ledger_proof_parse(struct hbs_ctx *ctx, const void *data, size_t size,
                                                         struct hbs_ledger_proof *out) HBS_NONNULL(1, 2, 4);
HBS_API HBS_MUST_USE enum hbs_err hbs_ledger_proof_print(const struct hbs_ledger_proof *proof,
                                                         struct hbs_buf *out) HBS_NONNULL(1, 2);

/* ---- Acts and entries ------------------------------------------------------------------------- */

struct hbs_ledger_binding {
    char kind[HBS_LEDGER_TEXT_MAX + 1]; /* "probe", "request", ... */
    uint8_t digest[32];                 /* a commitment of the caller's, under a key that it keeps */
};

/* What a leaf commits to. Words are of letters, digits and - . _ : @ / +, at most HBS_LEDGER_TEXT_MAX
 * bytes; no free text. Nothing here may be a sample, a template, a name of the person or a plain
 * hash of one: a digest of a picture finds the picture's owner. */
struct hbs_ledger_act {
    uint64_t time;
    bool allowed;                            /* the ruling */
    char act[HBS_LEDGER_TEXT_MAX + 1];       /* "enrol", "verify", ... */
    char actor[HBS_LEDGER_TEXT_MAX + 1];     /* who did it: an id, whose key signed the request */
    char purpose[HBS_LEDGER_TEXT_MAX + 1];
    char outcome[HBS_LEDGER_TEXT_MAX + 1];   /* its class: "done", "lead", "nothing", ... */
    uint8_t law[32];                         /* SHA-256 of the law pack */
    uint8_t ruling[32];                      /* SHA-256 of the ruling's text; zeros: none kept */
    uint32_t obligation_count;
    char obligation[HBS_LEDGER_OBLIGATIONS_MAX][HBS_LEDGER_TEXT_MAX + 1]; /* those met; kept sorted */
    uint32_t binding_count;
    struct hbs_ledger_binding binding[HBS_LEDGER_BINDINGS_MAX];
};

/* What is appended: an act, or a document (any bytes), and whom it concerns. */
struct hbs_ledger_item {
    const struct hbs_ledger_act *act; /* NULL: the document */
    const void *document;
    size_t document_size;
    uint32_t persons;                 /* at most HBS_LEDGER_PERSONS_MAX; may be 0 */
    /* One a person, NULL for a person without a key; NULL: nobody has one. X25519. */
    const struct hbs_ledger_key *const *person_keys;
};

/* An entry that has been sealed, with the keys that open it. */
struct hbs_ledger_sealed {
    struct hbs_buf entry;   /* what is logged: docs/formats/ledger-entry.md */
    struct hbs_buf content; /* what the commitments hold: sealed to the inspectors; part of receipts */
    uint32_t persons;
    uint8_t person_key[HBS_LEDGER_PERSONS_MAX][32]; /* opens one person's commitment; goes into the receipt */
};
HBS_API void hbs_ledger_sealed_init(struct hbs_ledger_sealed *sealed, struct hbs_ctx *ctx) HBS_NONNULL(1, 2);
/* Wipes the keys and gives the memory back. */
HBS_API void hbs_ledger_sealed_close(struct hbs_ledger_sealed *sealed) HBS_NONNULL(1);

/* The public half of whoever seals: made anew from time to time, its private half forgotten then. */
struct hbs_ledger_sealer;

/* `inspectors` may be none: then only receipts open the entries. */
HBS_API HBS_MUST_USE enum hbs_err hbs_ledger_sealer_open(struct hbs_ctx *ctx,
                                                         const struct hbs_ledger_key *inspectors, uint32_t count,
                                                         struct hbs_ledger_sealer **out) HBS_NONNULL(1, 4);
HBS_API void hbs_ledger_sealer_close(struct hbs_ctx *ctx, struct hbs_ledger_sealer *sealer) HBS_NONNULL(1);
/* `out` was init-ed. Threads may share a sealer. HBS_ERR_USAGE for words that will not do. */
HBS_API HBS_MUST_USE enum hbs_err hbs_ledger_seal(struct hbs_ctx *ctx, const struct hbs_ledger_sealer *sealer,
                                                  const struct hbs_ledger_item *item,
                                                  struct hbs_ledger_sealed *out) HBS_NONNULL(1, 2, 3, 4);

/* An entry or a receipt, opened. */
struct hbs_ledger_opened {
    bool is_document;
    struct hbs_ledger_act act; /* zero for a document */
    struct hbs_buf document;   /* empty for an act */
    uint32_t persons;          /* whom it concerns */
};
HBS_API void hbs_ledger_opened_init(struct hbs_ledger_opened *opened, struct hbs_ctx *ctx) HBS_NONNULL(1, 2);
HBS_API void hbs_ledger_opened_close(struct hbs_ledger_opened *opened) HBS_NONNULL(1);

/* Opens an entry with an inspector's private key, and checks that every person's commitment in it
 * commits to the same. HBS_ERR_NOT_FOUND when it was not sealed to that key, HBS_ERR_INTEGRITY when it
 * was and does not hold. */
HBS_API HBS_MUST_USE enum hbs_err hbs_ledger_unseal(struct hbs_ctx *ctx, const void *entry, size_t size,
                                                    const struct hbs_ledger_secret *inspector,
                                                    struct hbs_ledger_opened *out) HBS_NONNULL(1, 2, 4, 5);
/* The key that opens a person's own commitment, from that person's private key. HBS_ERR_NOT_FOUND when
 * none of the entry's is theirs, which says only that. `content` is what the commitment holds. */
HBS_API HBS_MUST_USE enum hbs_err hbs_ledger_person_key(struct hbs_ctx *ctx, const void *entry, size_t size,
                                                        const struct hbs_ledger_secret *person,
                                                        const void *content, size_t content_size,
                                                        uint8_t out[32]) HBS_NONNULL(1, 2, 4, 5, 7);

/* A receipt: a tlog-proof whose extra data are the entry, one person's key and the content. It opens
 * one commitment of one leaf. `person` counts from 0. */
HBS_API HBS_MUST_USE enum hbs_err hbs_ledger_receipt_print(struct hbs_ctx *ctx,
                                                           const struct hbs_ledger_sealed *sealed,
                                                           uint32_t person,
                                                           const struct hbs_ledger_proof *proof,
                                                           struct hbs_buf *out) HBS_NONNULL(1, 2, 4, 5);
struct hbs_ledger_receipt {
    struct hbs_ledger_checkpoint checkpoint;
    uint64_t index;
    uint8_t leaf[HBS_LEDGER_HASH];
    uint64_t witnessed[HBS_LEDGER_WITNESSES_MAX]; /* the cosignatures' times, 0: not by that witness */
};
/* Checks everything that can be checked offline: the log's signature, the inclusion proof, the
 * commitment, and the cosignatures of the witnesses given. HBS_ERR_INTEGRITY with the reason. */
HBS_API HBS_MUST_USE enum hbs_err
hbs_ledger_receipt_open(struct hbs_ctx *ctx, const void *data, size_t size, const struct hbs_ledger_key *log,
                        const struct hbs_ledger_key *witnesses, uint32_t witness_count,
                        struct hbs_ledger_receipt *out, struct hbs_ledger_opened *opened)
    HBS_NONNULL(1, 2, 4, 7, 8);

/* ---- Where a log lies ------------------------------------------------------------------------- */

enum hbs_ledger_lock {
    HBS_LEDGER_LOCK_WRITE,  /* one writing process at a time */
    HBS_LEDGER_LOCK_PUBLISH /* shared by those who read all files, alone by who replaces them */
};

/* The table of functions that a log stands on; hbs_ledger_folder_open makes one of a plain folder.
 * Names are of letters, digits, '.', '-' and '/'. A table serves one log; `get` may be called by several
 * threads at once, the rest by one at a time. */
struct hbs_ledger_store {
    void *user;
    /* The whole object into a buffer that was init-ed; HBS_ERR_NOT_FOUND. */
    enum hbs_err (*get)(void *user, struct hbs_ctx *ctx, const char *name, struct hbs_buf *out);
    /* Makes or replaces the object, whole or not at all, seen at once, lasting from the next sync. Without a
     * sync two puts may outlive a crash in any combination. */
    enum hbs_err (*put)(void *user, struct hbs_ctx *ctx, const char *name, const void *data, size_t size);
    enum hbs_err (*drop)(void *user, struct hbs_ctx *ctx, const char *name); /* lasting from the next sync */
    enum hbs_err (*sync)(void *user, struct hbs_ctx *ctx);
    /* Writes into an object that is there, growing it; lasting from the next flush of that name. */
    enum hbs_err (*write)(void *user, struct hbs_ctx *ctx, const char *name, uint64_t offset, const void *data,
                          size_t size);
    enum hbs_err (*flush)(void *user, struct hbs_ctx *ctx, const char *name);
    /* All objects, in any order. */
    enum hbs_err (*list)(void *user, struct hbs_ctx *ctx,
                         void (*visit)(void *arg, const char *name, uint64_t size), void *arg);
    /* Between processes. HBS_ERR_BUSY after `seconds`. */
    enum hbs_err (*lock)(void *user, struct hbs_ctx *ctx, enum hbs_ledger_lock lock, bool shared, double seconds);
    void (*unlock)(void *user, enum hbs_ledger_lock lock);
};

/* A folder in tlog-tiles' layout. `create`: makes it when it is not there. The context must live as
 * long as the store. */
HBS_API HBS_MUST_USE enum hbs_err hbs_ledger_folder_open(struct hbs_ctx *ctx, const char *path, bool create,
                                                         struct hbs_ledger_store *out) HBS_NONNULL(1, 2, 4);
HBS_API void hbs_ledger_folder_close(struct hbs_ledger_store *store);

/* ---- The log ---------------------------------------------------------------------------------- */

struct hbs_ledger_witness {
    struct hbs_ledger_key key;
    char url[HBS_LEDGER_URL_MAX + 1]; /* its submission prefix */
};

/* What the log is. It is itself an entry, in clear, and each change is a further one. */
struct hbs_ledger_config {
    struct hbs_ledger_key log; /* the name is the origin */
    uint64_t entry;            /* the index of the entry that says so */
    uint64_t since;            /* when it was made */
    uint32_t cosign_within;    /* minutes in which a cosignature is to be fetched */
    uint32_t refuse_after;     /* minutes without one after which acts are refused */
    uint32_t witness_count, inspector_count;
    struct hbs_ledger_witness witness[HBS_LEDGER_WITNESSES_MAX];
    struct hbs_ledger_key inspector[HBS_LEDGER_INSPECTORS_MAX];
};

struct hbs_ledger;

/* Makes a log in an empty store: its first entry is the config, whose `log` is the secret's key. */
HBS_API HBS_MUST_USE enum hbs_err hbs_ledger_create(struct hbs_ctx *ctx, const struct hbs_ledger_store *store,
                                                    const struct hbs_ledger_secret *secret,
                                                    const struct hbs_ledger_config *config)
    HBS_NONNULL(1, 2, 3, 4);
/* Opens a log. With `secret` for writing: takes the write lock, waiting `wait` seconds, and mends what
 * a crash left (nothing that was acknowledged is lost by it). Without: for reading, what is there when it
 * is opened, also in a writer's journal; changes nothing. The context and the store must live as long.
 * HBS_ERR_INTEGRITY when what lies there does not verify; opening checks the edges of the tree only,
 * hbs_ledger_verify all. */
HBS_API HBS_MUST_USE enum hbs_err hbs_ledger_open(struct hbs_ctx *ctx, const struct hbs_ledger_store *store,
                                                  const struct hbs_ledger_secret *secret, double wait,
                                                  struct hbs_ledger **out) HBS_NONNULL(1, 2, 5);
/* Publishes, releases the lock, frees. The ledger is gone also when it fails: what was acknowledged is
 * in the journal then, and the next opening publishes it. */
HBS_API enum hbs_err hbs_ledger_close(struct hbs_ctx *ctx, struct hbs_ledger *ledger) HBS_NONNULL(1);

HBS_API const struct hbs_ledger_config *hbs_ledger_config(const struct hbs_ledger *ledger) HBS_NONNULL(1);
HBS_API uint64_t hbs_ledger_size(const struct hbs_ledger *ledger) HBS_NONNULL(1);

/* What an append answers. */
struct hbs_ledger_answer {
    struct hbs_ledger_sealed sealed;
    uint8_t leaf[HBS_LEDGER_HASH];
    struct hbs_ledger_proof proof;   /* its checkpoint points into `checkpoint` */
    struct hbs_buf checkpoint;       /* signed, covers the entry */
};
HBS_API void hbs_ledger_answer_init(struct hbs_ledger_answer *answer, struct hbs_ctx *ctx) HBS_NONNULL(1, 2);
HBS_API void hbs_ledger_answer_close(struct hbs_ledger_answer *answer) HBS_NONNULL(1);

/* Seals, logs, and returns when the entry is durable. May be called by any number of threads, each with
 * its own context and answer (init-ed): those who wait share one write and one sync (group commit).
 * HBS_ERR_REFUSED when a witness is configured and none has spoken for `refuse_after` minutes.
 * After HBS_ERR_IO the log takes nothing more until it is opened anew: what the disk holds is not known. */
HBS_API HBS_MUST_USE enum hbs_err hbs_ledger_append(struct hbs_ledger *ledger, struct hbs_ctx *ctx,
                                                    const struct hbs_ledger_item *item,
                                                    struct hbs_ledger_answer *out) HBS_NONNULL(1, 2, 3, 4);
/* Appends a changed config. Inspectors cannot be taken away. `entry`, `since` and `log` are filled in. */
HBS_API HBS_MUST_USE enum hbs_err hbs_ledger_configure(struct hbs_ledger *ledger, struct hbs_ctx *ctx,
                                                       const struct hbs_ledger_config *config)
    HBS_NONNULL(1, 2, 3);
/* Writes tiles, bundles and checkpoint of all that was appended, durably. Done by itself when the
 * journal is full, and by close. */
HBS_API HBS_MUST_USE enum hbs_err hbs_ledger_publish(struct hbs_ledger *ledger, struct hbs_ctx *ctx)
    HBS_NONNULL(1, 2);
/* The signed checkpoint of the log as it is. */
HBS_API HBS_MUST_USE enum hbs_err hbs_ledger_checkpoint(struct hbs_ledger *ledger, struct hbs_ctx *ctx,
                                                        struct hbs_buf *out) HBS_NONNULL(1, 2, 3);

/* Entry `index`; HBS_ERR_NOT_FOUND beyond the end. */
HBS_API HBS_MUST_USE enum hbs_err hbs_ledger_entry(struct hbs_ledger *ledger, struct hbs_ctx *ctx, uint64_t index,
                                                   struct hbs_buf *out) HBS_NONNULL(1, 2, 4);
HBS_API HBS_MUST_USE enum hbs_err hbs_ledger_leaf(struct hbs_ledger *ledger, struct hbs_ctx *ctx, uint64_t index,
                                                  uint8_t out[HBS_LEDGER_HASH]) HBS_NONNULL(1, 2, 4);
/* The root when it had `size` leaves. */
HBS_API HBS_MUST_USE enum hbs_err hbs_ledger_root(struct hbs_ledger *ledger, struct hbs_ctx *ctx, uint64_t size,
                                                  uint8_t out[HBS_LEDGER_HASH]) HBS_NONNULL(1, 2, 4);
/* Proofs; at most HBS_LEDGER_PROOF_MAX hashes. HBS_ERR_USAGE when the sizes make no sense. */
HBS_API HBS_MUST_USE enum hbs_err hbs_ledger_prove(struct hbs_ledger *ledger, struct hbs_ctx *ctx, uint64_t index,
                                                   uint64_t size, uint8_t (*hashes)[HBS_LEDGER_HASH],
                                                   uint32_t *count) HBS_NONNULL(1, 2, 5, 6);
HBS_API HBS_MUST_USE enum hbs_err hbs_ledger_consistency(struct hbs_ledger *ledger, struct hbs_ctx *ctx,
                                                         uint64_t old_size, uint64_t new_size,
                                                         uint8_t (*hashes)[HBS_LEDGER_HASH], uint32_t *count)
    HBS_NONNULL(1, 2, 5, 6);

/* ---- Checking a whole log --------------------------------------------------------------------- */

struct hbs_ledger_verify_options {
    const struct hbs_ledger_key *key; /* the log's, known from elsewhere; NULL: the one that lies there */
    const void *anchor;               /* a checkpoint or receipt of this log that was kept elsewhere */
    size_t anchor_size;
    /* Called for each thing that does not hold: the file with its place, and what. May be NULL. */
    void (*problem)(void *arg, const char *where, const char *what);
    void (*progress)(void *arg, uint64_t done, uint64_t total);
    void *arg;
    double wait;                      /* seconds, when somebody is replacing files */
};

struct hbs_ledger_report {
    struct hbs_ledger_checkpoint checkpoint; /* the last that verifies */
    uint64_t problems;
    uint64_t entries, files, bytes;     /* what was read */
    uint64_t anchored;                  /* the anchor's size; 0: there was none, a rollback is not excluded */
    uint64_t witnessed, witnessed_time; /* the largest size cosigned, and when */
    uint64_t unfinished;                /* bytes at the journal's end that a crash left: never acknowledged */
    struct hbs_ledger_config config;
};

/* Recomputes everything from the entries up, and looks at every file of the store. Each mismatch is
 * told; HBS_ERR_INTEGRITY when there was one. Other errors mean that it could not be checked. */
HBS_API HBS_MUST_USE enum hbs_err hbs_ledger_verify(struct hbs_ctx *ctx, const struct hbs_ledger_store *store,
                                                    const struct hbs_ledger_verify_options *options,
                                                    struct hbs_ledger_report *out) HBS_NONNULL(1, 2, 3, 4);

/* Checkpoint and hash tiles into another store, which any web server can publish; never an entry. What
 * is there already and right is left alone; tiles first, the checkpoint last. `files` counts the written. */
HBS_API HBS_MUST_USE enum hbs_err hbs_ledger_export(struct hbs_ledger *ledger, struct hbs_ctx *ctx,
                                                    const struct hbs_ledger_store *to, uint64_t *files)
    HBS_NONNULL(1, 2, 3, 4);

/* ---- Witnesses -------------------------------------------------------------------------------- */

/* The log's side. The body to POST to <url>/add-checkpoint of a witness of the config. */
HBS_API HBS_MUST_USE enum hbs_err hbs_ledger_witness_request(struct hbs_ledger *ledger, struct hbs_ctx *ctx,
                                                             uint32_t witness, struct hbs_buf *out)
    HBS_NONNULL(1, 2, 4);
/* What it answered to that request: HBS_OK: the cosignature is kept, durably. HBS_ERR_INCOMPLETE: it
 * knows another size; make the request anew. HBS_ERR_INTEGRITY: it has seen more of this log than is
 * here (a rollback), another history, or its signature does not hold. HBS_ERR_REFUSED: it does not know
 * or will not sign. */
HBS_API HBS_MUST_USE enum hbs_err hbs_ledger_witness_answer(struct hbs_ledger *ledger, struct hbs_ctx *ctx,
                                                            uint32_t witness, int status, const void *body,
                                                            size_t size) HBS_NONNULL(1, 2, 5);
/* When a witness last cosigned, and what size; 0: none has. */
HBS_API HBS_MUST_USE enum hbs_err hbs_ledger_witnessed(struct hbs_ledger *ledger, struct hbs_ctx *ctx,
                                                       uint64_t *size, uint64_t *time) HBS_NONNULL(1, 2, 3, 4);
/* The note with which witness number `witness` last cosigned; HBS_ERR_NOT_FOUND. */
HBS_API HBS_MUST_USE enum hbs_err hbs_ledger_witness_note(struct hbs_ledger *ledger, struct hbs_ctx *ctx,
                                                          uint32_t witness, struct hbs_buf *out)
    HBS_NONNULL(1, 2, 4);

/* The witness's side: one request to the answer. `logs` are the keys it trusts, each for the origin
 * that is its name. `last` is the note it cosigned last for that origin (hbs_ledger_witness_origin
 * finds the origin), empty for none; `keep` gets the note to be made durable before the answer leaves, and
 * is empty when nothing is to be kept. *status is the HTTP status, `reply` the body, *type its media
 * type. Errors are this side's own troubles (500), not the client's. */
HBS_API HBS_MUST_USE enum hbs_err
hbs_ledger_witness_serve(struct hbs_ctx *ctx, const struct hbs_ledger_secret *secret,
                         const struct hbs_ledger_key *logs, uint32_t log_count, uint64_t time, const void *body,
                         size_t size, const void *last, size_t last_size, int *status, const char **type,
                         struct hbs_buf *reply, struct hbs_buf *keep) HBS_NONNULL(1, 2, 6, 10, 11, 12, 13);
/* The origin that a request speaks of. HBS_ERR_FORMAT when it is not one. */
HBS_API HBS_MUST_USE enum hbs_err hbs_ledger_witness_origin(struct hbs_ctx *ctx, const void *body, size_t size,
                                                            char out[HBS_LEDGER_NAME_MAX + 1])
    HBS_NONNULL(1, 2, 4);

#ifdef __cplusplus
}
#endif
#endif
