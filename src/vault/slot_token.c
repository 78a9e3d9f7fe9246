/* SPDX-License-Identifier: MPL-2.0
 *
 * Room vault: a root on a PKCS#11 token (OASIS PKCS #11 Cryptographic Token Interface Base Specification
 * 2.40, sections 5.5 to 5.7). It is a private data object; a new one is created, then the old ones are
 * destroyed (C_DestroyObject), so a stop between leaves two, of which the higher epoch counts. The
 * module is loaded when asked for, and stays loaded and initialised: somebody else in this process may
 * use it too. Touches the module and the file with the PIN.
 */
#include "vault_int.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <p11-kit/pkcs11.h>
#include <sodium.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define PIN_MAX 255u
#define OBJECTS_MAX 16u /* roots of one name: one, or two after a stop */
#define TOKENS_MAX 64u

static char application[] = "habeas";

struct work { /* in secret memory */
    uint8_t value[OBJECTS_MAX][HBS_VAULT_ROOT_BYTES];
    struct vault_root decoded;
    char pin[PIN_MAX + 1];
};

struct token_slot {
    struct hbs_vault_slot slot;
    CK_FUNCTION_LIST *f;
    CK_SESSION_HANDLE session;
    bool open;
    char token[33];
    char object[64];
    char *pin_file;
    struct work *work;
    CK_OBJECT_HANDLE handle[OBJECTS_MAX]; /* of the last search */
    CK_ULONG objects;
};

static enum hbs_err fail_token(struct token_slot *t, const char *verb, CK_RV rv)
{
    const char *what = rv == CKR_PIN_INCORRECT       ? "the PIN is wrong"
                       : rv == CKR_PIN_LOCKED        ? "the PIN is locked"
                       : rv == CKR_TOKEN_NOT_PRESENT ? "the token is not there"
                       : rv == CKR_DEVICE_REMOVED    ? "the token was taken away"
                       : rv == CKR_DEVICE_MEMORY     ? "the token is full"
                       : rv == CKR_TOKEN_WRITE_PROTECTED ? "the token is write-protected"
                                                         : "the token refuses";
    return hbs_fail(t->slot.ctx, HBS_ERR_IO, t->slot.name, "check the token and its PIN file",
                    "cannot %s: %s (PKCS#11 0x%lx)", verb, what, (unsigned long)rv);
}

static enum hbs_err read_pin(struct token_slot *t, size_t *size)
{
    struct stat st;
    int fd = open(t->pin_file, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (fd < 0)
        return hbs_fail(t->slot.ctx, errno == ENOENT ? HBS_ERR_NOT_FOUND : HBS_ERR_IO, t->pin_file,
                        "check the name and your rights", "cannot open the PIN file: %s", strerror(errno));
    if (fstat(fd, &st) || st.st_mode & 077) {
        close(fd);
        return hbs_fail(t->slot.ctx, HBS_ERR_IO, t->pin_file, "chmod 600", "others may read the PIN file");
    }
    ssize_t n = read(fd, t->work->pin, PIN_MAX + 1);
    close(fd);
    const char *end = n > 0 ? memchr(t->work->pin, '\n', (size_t)n) : NULL;
    *size = end ? (size_t)(end - t->work->pin) : n > 0 ? (size_t)n : 0;
    if (!*size || *size > PIN_MAX)
        return hbs_fail(t->slot.ctx, HBS_ERR_FORMAT, t->pin_file, "put the PIN on the first line",
                        "no PIN of 1 to %u bytes", PIN_MAX);
    return HBS_OK;
}

static void end_session(struct token_slot *t)
{
    if (t->open)
        t->f->C_CloseSession(t->session);
    t->open = false;
}

/* A session that is logged in. An old one is asked whether it still lives. */
static enum hbs_err session(struct token_slot *t)
{
    CK_SESSION_INFO info;
    if (t->open && t->f->C_GetSessionInfo(t->session, &info) == CKR_OK && info.state == CKS_RW_USER_FUNCTIONS)
        return HBS_OK;
    end_session(t);
    CK_SLOT_ID ids[TOKENS_MAX];
    CK_ULONG count = TOKENS_MAX, i;
    CK_RV rv = t->f->C_GetSlotList(CK_TRUE, ids, &count);
    if (rv != CKR_OK)
        return fail_token(t, "list the tokens", rv);
    char label[33];
    snprintf(label, sizeof label, "%-32s", t->token); /* labels are padded with blanks */
    for (i = 0; i < count; i++) {
        CK_TOKEN_INFO token;
        if (t->f->C_GetTokenInfo(ids[i], &token) == CKR_OK && !memcmp(token.label, label, 32))
            break;
    }
    if (i == count)
        return fail_token(t, "find the token", CKR_TOKEN_NOT_PRESENT);
    size_t pin = 0;
    enum hbs_err err = read_pin(t, &pin);
    if (err)
        return err;
    rv = t->f->C_OpenSession(ids[i], CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL, &t->session);
    if (rv == CKR_OK) {
        t->open = true;
        rv = t->f->C_Login(t->session, CKU_USER, (CK_UTF8CHAR *)t->work->pin, pin);
        if (rv == CKR_USER_ALREADY_LOGGED_IN)
            rv = CKR_OK;
    }
    sodium_memzero(t->work->pin, sizeof t->work->pin);
    if (rv != CKR_OK) {
        end_session(t);
        return fail_token(t, "log in", rv);
    }
    return HBS_OK;
}

/* All objects of our name, their values into secret memory; a value of another size counts as zeros. */
static enum hbs_err read_objects(struct token_slot *t)
{
    CK_OBJECT_CLASS class = CKO_DATA;
    CK_BBOOL yes = CK_TRUE;
    CK_ATTRIBUTE like[] = {{CKA_CLASS, &class, sizeof class},
                           {CKA_TOKEN, &yes, sizeof yes},
                           {CKA_APPLICATION, application, sizeof application - 1},
                           {CKA_LABEL, t->object, strlen(t->object)}};
    enum hbs_err err = session(t);
    if (err)
        return err;
    CK_RV rv = t->f->C_FindObjectsInit(t->session, like, HBS_COUNT(like));
    if (rv == CKR_OK) {
        rv = t->f->C_FindObjects(t->session, t->handle, OBJECTS_MAX, &t->objects);
        CK_RV end = t->f->C_FindObjectsFinal(t->session);
        rv = rv == CKR_OK ? end : rv;
    }
    for (CK_ULONG i = 0; rv == CKR_OK && i < t->objects; i++) {
        CK_ATTRIBUTE value = {CKA_VALUE, NULL, 0};
        memset(t->work->value[i], 0, HBS_VAULT_ROOT_BYTES);
        rv = t->f->C_GetAttributeValue(t->session, t->handle[i], &value, 1); /* its size, first */
        if (rv == CKR_OK && value.ulValueLen == HBS_VAULT_ROOT_BYTES) {
            value.pValue = t->work->value[i];
            rv = t->f->C_GetAttributeValue(t->session, t->handle[i], &value, 1);
        }
    }
    if (rv != CKR_OK) {
        end_session(t);
        return fail_token(t, "read the root", rv);
    }
    return HBS_OK;
}

static void forget(struct token_slot *t) { sodium_memzero(t->work, sizeof *t->work); }

static enum hbs_err slot_get(struct hbs_vault_slot *slot, uint8_t *root, bool *found, bool *remains)
{
    struct token_slot *t = (struct token_slot *)slot;
    *found = *remains = false;
    enum hbs_err err = read_objects(t);
    if (err)
        goto done;
    uint64_t best = 0;
    for (CK_ULONG i = 0; i < t->objects; i++)
        if (vault_root_decode(t->work->value[i], &t->work->decoded) && t->work->decoded.epoch > best) {
            best = t->work->decoded.epoch;
            memcpy(root, t->work->value[i], HBS_VAULT_ROOT_BYTES);
            *found = true;
        }
    *remains = *found && t->objects > 1;
    if (!*found && t->objects)
        err = hbs_fail(slot->ctx, HBS_ERR_INTEGRITY, slot->name, "declare the slot lost",
                       "the token's object is no root");
done:
    forget(t);
    return err;
}

static enum hbs_err slot_put(struct hbs_vault_slot *slot, const uint8_t *root)
{
    struct token_slot *t = (struct token_slot *)slot;
    enum hbs_err err = read_objects(t);
    CK_RV rv = CKR_OK;
    CK_ULONG mine = OBJECTS_MAX;
    if (err)
        goto done;
    if (t->objects == OBJECTS_MAX) {
        err = hbs_fail(slot->ctx, HBS_ERR_LIMIT, slot->name, "give the root another name on the token",
                       "the token has %u objects of this name", OBJECTS_MAX);
        goto done;
    }
    for (CK_ULONG i = 0; i < t->objects; i++) /* there already, when a crash is being mended */
        if (mine == OBJECTS_MAX && !sodium_memcmp(t->work->value[i], root, HBS_VAULT_ROOT_BYTES))
            mine = i;
    if (mine == OBJECTS_MAX) {
        CK_OBJECT_CLASS class = CKO_DATA;
        CK_BBOOL yes = CK_TRUE;
        memcpy(t->work->value[OBJECTS_MAX - 1], root, HBS_VAULT_ROOT_BYTES);
        CK_ATTRIBUTE object[] = {{CKA_CLASS, &class, sizeof class},
                                 {CKA_TOKEN, &yes, sizeof yes},
                                 {CKA_PRIVATE, &yes, sizeof yes},
                                 {CKA_APPLICATION, application, sizeof application - 1},
                                 {CKA_LABEL, t->object, strlen(t->object)},
                                 {CKA_VALUE, t->work->value[OBJECTS_MAX - 1], HBS_VAULT_ROOT_BYTES}};
        CK_OBJECT_HANDLE made;
        rv = t->f->C_CreateObject(t->session, object, HBS_COUNT(object), &made);
    }
    for (CK_ULONG i = 0; rv == CKR_OK && i < t->objects; i++)
        if (i != mine)
            rv = t->f->C_DestroyObject(t->session, t->handle[i]);
    if (rv != CKR_OK) {
        end_session(t);
        err = fail_token(t, "replace the root", rv);
    }
done:
    forget(t);
    return err;
}

static void slot_close(struct hbs_vault_slot *slot)
{
    struct token_slot *t = (struct token_slot *)slot;
    struct hbs_ctx *ctx = slot->ctx;
    end_session(t);
    hbs_secret_close(t->work);
    hbs_free(ctx, t->pin_file);
    hbs_free(ctx, t);
}

enum hbs_err hbs_vault_slot_token(struct hbs_ctx *ctx, const struct hbs_vault_token *token,
                                  struct hbs_vault_slot **out)
{
    if (!token->module || !token->token || !token->object || !token->pin_file || !*token->object ||
        strlen(token->object) > 63 || !*token->token || strlen(token->token) > 32)
        return hbs_fail(ctx, HBS_ERR_USAGE, "token", "name module, token (32 bytes), object (63 bytes) and PIN file",
                        "a token needs four names");
    struct token_slot *t = hbs_alloc(ctx, 1, sizeof *t);
    if (!t)
        return hbs_fail_memory(ctx, sizeof *t);
    t->slot = (struct hbs_vault_slot){ctx, slot_get, slot_put, slot_close,
                                      "The token destroys the object that held the old root.", ""};
    snprintf(t->slot.name, sizeof t->slot.name, "token %s, object %s", token->token, token->object);
    snprintf(t->token, sizeof t->token, "%s", token->token);
    snprintf(t->object, sizeof t->object, "%s", token->object);
    size_t size = strlen(token->pin_file) + 1;
    void *work = NULL;
    enum hbs_err err = hbs_secret_open(ctx, sizeof *t->work, &work);
    t->work = work;
    if (!err && !(t->pin_file = hbs_alloc(ctx, 1, size)))
        err = hbs_fail_memory(ctx, size);
    if (err)
        goto done;
    memcpy(t->pin_file, token->pin_file, size);
    void *module = dlopen(token->module, RTLD_NOW | RTLD_LOCAL);
    CK_C_GetFunctionList list = NULL;
    if (module) {
        void *symbol = dlsym(module, "C_GetFunctionList");
        memcpy(&list, &symbol, sizeof list);
    }
    if (!list || list(&t->f) != CKR_OK || !t->f) {
        err = hbs_fail(ctx, HBS_ERR_NOT_FOUND, token->module, "install the token's PKCS#11 module",
                       "cannot load the module");
        goto done;
    }
    CK_C_INITIALIZE_ARGS args = {.flags = CKF_OS_LOCKING_OK};
    CK_RV rv = t->f->C_Initialize(&args);
    if (rv != CKR_OK && rv != CKR_CRYPTOKI_ALREADY_INITIALIZED)
        err = fail_token(t, "start the module", rv);
done:
    if (err)
        slot_close(&t->slot);
    else
        *out = &t->slot;
    return err;
}

void hbs_vault_slot_close(struct hbs_vault_slot *slot)
{
    if (slot)
        slot->close(slot);
}

const char *hbs_vault_slot_name(const struct hbs_vault_slot *slot) { return slot->name; }
const char *hbs_vault_slot_promise(const struct hbs_vault_slot *slot) { return slot->promise; }
