/* SPDX-License-Identifier: MPL-2.0
 *
 * Room vault: memory for secrets. libsodium's guarded pages (sodium_malloc), but a lock that the
 * system refuses is an error here, where libsodium goes on without it. Random bytes and derived keys
 * (BLAKE2b, RFC 7693, as a keyed hash). May touch nothing but memory.
 */
#include "vault_int.h"

#include <errno.h>
#include <sodium.h>
#include <sys/mman.h>
#include <unistd.h>

#define ALIGN 64u

enum hbs_err vault_sodium(struct hbs_ctx *ctx)
{
    if (sodium_init() < 0)
        return hbs_fail(ctx, HBS_ERR_BUG, "libsodium", "check that the system gives random numbers",
                        "libsodium does not start");
    return HBS_OK;
}

enum hbs_err hbs_secret_open(struct hbs_ctx *ctx, size_t size, void **out)
{
    enum hbs_err err = vault_sodium(ctx);
    if (err)
        return err;
    if (!size || size > SIZE_MAX / 2)
        return hbs_fail(ctx, HBS_ERR_USAGE, "", "ask for some bytes", "no memory of %zu bytes", size);
    /* The context's hook is asked first, for its answer only: so a test can refuse this too. */
    void *leave = hbs_alloc(ctx, 1, 1);
    if (!leave)
        return hbs_fail_memory(ctx, size);
    hbs_free(ctx, leave);
    size = (size + ALIGN - 1) / ALIGN * ALIGN; /* sodium_malloc puts the end at a page's end */
    void *p = sodium_malloc(size);
    if (!p)
        return hbs_fail_memory(ctx, size);
    /* sodium_malloc has tried to lock and does not say whether it could: ask again. */
    if (sodium_mlock(p, size) != 0) {
        int saved = errno;
        sodium_free(p);
        return hbs_fail(ctx, HBS_ERR_NO_MEMORY, "locked memory",
                        "raise LimitMEMLOCK= of the service (ulimit -l), then start again",
                        "the system refuses to lock %zu bytes for secrets: %s", size, strerror(saved));
    }
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    uintptr_t from = (uintptr_t)p / page * page;
    size_t whole = ((uintptr_t)p + size - from + page - 1) / page * page;
    bool dumped = madvise((void *)from, whole, MADV_DONTDUMP) != 0;
    bool forked = madvise((void *)from, whole, MADV_WIPEONFORK) != 0;
    if (dumped || forked) {
        sodium_free(p);
        return hbs_fail(ctx, HBS_ERR_NO_MEMORY, "locked memory", "run on Linux 4.14 or later",
                        "the system does not keep secrets out of %s", dumped ? "core dumps" : "forks");
    }
    sodium_memzero(p, size);
    *out = p;
    return HBS_OK;
}

void hbs_secret_close(void *secret)
{
    if (secret)
        sodium_free(secret); /* which overwrites it first */
}

void hbs_secret_wipe(void *p, size_t size) { sodium_memzero(p, size); }

/* libsodium wipes its named buffers, but the compiler spills words of keys and texts to the stack, and
 * memcpy leaves them in vector registers: a core dump has both (tests/test_vault_memory.c found them). */
void hbs_secret_scrub(void)
{
    /* Registers first: a call through the dynamic linker may save them on the stack. */
#if defined(__x86_64__)
#define ZERO(n) "pxor %%xmm" #n ", %%xmm" #n "\n\t"
#define ZERO_HIGH(n) "vpxord %%zmm" #n ", %%zmm" #n ", %%zmm" #n "\n\t"
#define LOW                                                                                               \
    "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9", "xmm10", "xmm11",         \
        "xmm12", "xmm13", "xmm14", "xmm15"
    __asm__ volatile(ZERO(0) ZERO(1) ZERO(2) ZERO(3) ZERO(4) ZERO(5) ZERO(6) ZERO(7) ZERO(8) ZERO(9) ZERO(10)
                     ZERO(11) ZERO(12) ZERO(13) ZERO(14) ZERO(15)::: LOW);
    if (__builtin_cpu_supports("avx"))
        __asm__ volatile("vzeroall" ::: LOW); /* the upper halves too */
    if (__builtin_cpu_supports("avx512f")) /* and those that vzeroall does not reach */
        __asm__ volatile(ZERO_HIGH(16) ZERO_HIGH(17) ZERO_HIGH(18) ZERO_HIGH(19) ZERO_HIGH(20) ZERO_HIGH(21)
                         ZERO_HIGH(22) ZERO_HIGH(23) ZERO_HIGH(24) ZERO_HIGH(25) ZERO_HIGH(26) ZERO_HIGH(27)
                         ZERO_HIGH(28) ZERO_HIGH(29) ZERO_HIGH(30) ZERO_HIGH(31) :::);
#endif
    sodium_stackzero(8192);
}

void hbs_secret_random(void *p, size_t size) { randombytes_buf(p, size); }

void hbs_secret_derive(const uint8_t key[HBS_VAULT_KEY], const char *purpose, uint8_t out[HBS_VAULT_KEY])
{
    crypto_generichash(out, HBS_VAULT_KEY, (const uint8_t *)purpose, strlen(purpose), key, HBS_VAULT_KEY);
    hbs_secret_scrub();
}
