/* SPDX-License-Identifier: MPL-2.0
 *
 * Room vault: what a core dump and a swap device would hold (S29, S44). A child process opens a tree, takes a
 * key, opens a record, and tells the parent through a pipe what its secrets are; the parent looks for
 * them in all memory of the child that a dump would contain, and in the dump itself where the system
 * writes one. Control: a buffer that is not protected is found by the same search.
 */
#include "tap.h"

#include "vault/vault_int.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* The sanitizers' run-time libraries make mlock do nothing. */
#ifdef __has_feature
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || __has_feature(memory_sanitizer)
#define NO_LOCKS
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define NO_LOCKS
#endif
#ifdef NO_LOCKS
static const bool locks = false;
#else
static const bool locks = true;
#endif

static struct hbs_ctx *ctx;

enum { SECRETS = 6, CONTROL = SECRETS };
static const char *const name_of[] = {"the root's key", "a subject's key", "a subject's key not asked for",
                                      "the tree's own key", "a record", "a derived key"};

struct told {
    uint8_t bytes[SECRETS + 1][32]; /* and the control */
    uint64_t at[SECRETS + 1];
};

static void tell(int fd, const void *p, size_t size)
{
    if (write(fd, p, size) != (ssize_t)size)
        _exit(3);
}

static _Noreturn void child(const char *folder, int out, int in)
{
    char keys[160], root[160], one;
    snprintf(keys, sizeof keys, "%s/keys", folder);
    snprintf(root, sizeof root, "%s/root", folder);
    const struct hbs_vault_io *io = hbs_vault_files();
    struct hbs_vault_slot *slot;
    struct hbs_vault *v;
    struct hbs_buf sealed;
    void *mine;
    uint64_t who[300];
    for (uint64_t i = 0; i < 300; i++)
        who[i] = i + 1;
    prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY, 0, 0, 0);
    hbs_buf_init(&sealed, ctx, 4096);
    if (hbs_secret_open(ctx, 4096, &mine) || hbs_vault_slot_file(ctx, io, root, &slot) ||
        hbs_vault_create(ctx, io, keys, &slot, 1) || hbs_vault_open(ctx, io, keys, &slot, 1, &v) ||
        hbs_vault_add(v, who, 300) || hbs_vault_erase(v, who, 10))
        _exit(2);
    /* One after another, so that each has been through all that it goes through in a service. */
    uint8_t *key = mine, *plain = key + 32, *derived = key + 64, *again = key + 1024;
    const struct hbs_vault_label label = {"templates", 77, 1};
    size_t size;
    if (hbs_vault_get(v, 77, key))
        _exit(2);
    hbs_secret_random(plain, 32);
    if (hbs_vault_seal(ctx, key, &label, plain, 32, &sealed) ||
        hbs_vault_unseal(ctx, key, &label, sealed.data, sealed.size, again, 32, &size) ||
        hbs_vault_own_key(v, "pages", derived) || hbs_vault_drill(v, 0) || hbs_vault_verify(v) ||
        hbs_vault_get(v, 77, again + 32) || memcmp(again, plain, 32))
        _exit(2);
    hbs_secret_scrub(); /* the comparison above has had the record in registers */
    uint8_t *control = malloc(4096);
    const uint8_t *leaf = v->s->path[0] + VAULT_LEAF_MAP; /* 78's key lies behind 77's, if in one leaf */
    if (!control)
        _exit(2);
    hbs_secret_random(control, 32);
    const uint8_t *secret[] = {v->s->root.key, key, leaf + 78 * HBS_VAULT_KEY, v->s->own, plain, derived, control};
    for (int i = 0; i <= CONTROL; i++) {
        uint64_t at = (uint64_t)(uintptr_t)secret[i];
        tell(out, &at, sizeof at);
        tell(out, secret[i], 32);
    }
    if (read(in, &one, 1) != 1) /* the parent has looked */
        _exit(4);
    struct rlimit most = {RLIM_INFINITY, RLIM_INFINITY};
    if (setrlimit(RLIMIT_CORE, &most)) {
        getrlimit(RLIMIT_CORE, &most);
        most.rlim_cur = most.rlim_max;
        setrlimit(RLIMIT_CORE, &most);
    }
    if (chdir(folder))
        _exit(5);
    signal(SIGABRT, SIG_DFL);
    abort();
}

static int found_in[SECRETS + 1];

static void search(const uint8_t *data, size_t size, const struct told *t)
{
    for (int i = 0; i <= CONTROL; i++) /* halves too: a part of a key is a part too many */
        found_in[i] += memmem(data, size, t->bytes[i], 16) != NULL || memmem(data, size, t->bytes[i] + 16, 16) != NULL;
}

/* Everything in the child's memory that a core dump contains: readable, and without the flag dd. Also
 * whether each secret lies in memory that is locked (lo), not dumped (dd) and wiped in forks (wf). */
static bool look_at(pid_t pid, const struct told *t, int *flags_wrong, long *kilobytes)
{
    char path[64], line[512];
    snprintf(path, sizeof path, "/proc/%d/smaps", (int)pid);
    FILE *maps = fopen(path, "r");
    snprintf(path, sizeof path, "/proc/%d/mem", (int)pid);
    int mem = open(path, O_RDONLY | O_CLOEXEC);
    if (!maps || mem < 0) {
        if (maps)
            fclose(maps);
        return false;
    }
    unsigned long from = 0, to = 0;
    char rights[8] = "";
    bool seen = false;
    *flags_wrong = 0;
    *kilobytes = 0;
    memset(found_in, 0, sizeof found_in);
    while (fgets(line, sizeof line, maps)) {
        unsigned long a, b;
        char r[8];
        if (sscanf(line, "%lx-%lx %7s", &a, &b, r) == 3 && !strchr(line, 'B')) {
            from = a;
            to = b;
            memcpy(rights, r, sizeof r);
            continue;
        }
        if (strncmp(line, "VmFlags:", 8))
            continue;
        for (int i = 0; i < SECRETS; i++)
            if (t->at[i] >= from && t->at[i] < to) {
                seen = true;
                *flags_wrong += (locks && !strstr(line, " lo")) || !strstr(line, " dd") || !strstr(line, " wf");
            }
        if (rights[0] != 'r' || strstr(line, " dd") || to - from > (512ul << 20))
            continue;
        uint8_t *data = malloc(to - from);
        ssize_t n = data ? pread(mem, data, to - from, (off_t)from) : -1;
        if (n > 0) {
            search(data, (size_t)n, t);
            *kilobytes += (long)(n >> 10);
        }
        free(data);
    }
    fclose(maps);
    close(mem);
    return seen;
}

static void say(const char *where)
{
    for (int i = 0; i < SECRETS; i++)
        is_int(found_in[i], 0, "S29: %s is not in %s", name_of[i], where);
    ok(found_in[CONTROL] > 0, "control: a buffer that is not protected is found there");
}

static void test_dump(void)
{
    char top[] = "/tmp/habeas-dump-XXXXXX";
    int out[2], in[2];
    if (!mkdtemp(top) || pipe(out) || pipe(in)) {
        ok(false, "a folder and pipes");
        return;
    }
    pid_t pid = fork();
    if (pid == 0) {
        close(out[0]);
        close(in[1]);
        child(top, out[1], in[0]);
    }
    close(out[1]);
    close(in[0]);
    struct told t;
    bool told = true;
    for (int i = 0; i <= CONTROL; i++)
        told &= read(out[0], &t.at[i], 8) == 8 && read(out[0], t.bytes[i], 32) == 32;
    ok(told, "a process with secrets");
    int wrong = 0;
    long kilobytes = 0;
    if (told && look_at(pid, &t, &wrong, &kilobytes)) {
        printf("# %ld kB looked at\n", kilobytes);
        is_int(wrong, 0, "S29: every secret lies in memory that is locked, not dumped and wiped in forks");
        say("memory that would be dumped");
    } else {
        tap_skip("another process's memory cannot be read here");
    }
    if (write(in[1], "x", 1) != 1)
        kill(pid, SIGKILL);
    int status;
    waitpid(pid, &status, 0);
    char path[512] = "";
    DIR *d = opendir(top);
    for (struct dirent *e; d && (e = readdir(d));)
        if (!strncmp(e->d_name, "core", 4))
            snprintf(path, sizeof path, "%s/%.200s", top, e->d_name);
    if (d)
        closedir(d);
    struct hbs_buf core;
    hbs_buf_init(&core, ctx, (size_t)1 << 30);
    if (path[0] && !hbs_file_read(ctx, path, &core)) {
        printf("# a core of %zu kB\n", core.size >> 10);
        memset(found_in, 0, sizeof found_in);
        search(core.data, core.size, &t);
        say("the core dump");
    } else {
        tap_skip("the system writes no core dump into the folder");
    }
    hbs_buf_close(&core);
    unlink(path);
    const char *const files[] = {"keys", "root"};
    for (int i = 0; i < 2; i++) {
        snprintf(path, sizeof path, "%s/%s", top, files[i]);
        unlink(path);
    }
    rmdir(top);
    close(out[0]);
    close(in[1]);
}

/* Without the right to lock there is no secret memory at all. 0 it was refused as promised, 1 otherwise. */
static void test_refused(void)
{
    if (!locks) {
        tap_skip("a sanitizer has taken mlock away");
        return;
    }
    pid_t pid = fork();
    if (pid == 0) {
        struct rlimit none = {0, 0};
        void *p = NULL;
        if (setrlimit(RLIMIT_MEMLOCK, &none) || (geteuid() == 0 && setresuid(65534, 65534, 65534)))
            _exit(9);
        enum hbs_err err = hbs_secret_open(ctx, 100, &p);
        _exit(err == HBS_ERR_NO_MEMORY && !p && strstr(hbs_ctx_do(ctx), "LimitMEMLOCK") ? 0 : 1);
    }
    int status = 0;
    waitpid(pid, &status, 0);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 9)
        tap_skip("the limit cannot be lowered here");
    else
        ok(WIFEXITED(status) && WEXITSTATUS(status) == 0, "a refused lock is one error that says LimitMEMLOCK");
}

/* Overruns end the process; a forked child sees zeros. */
static void test_guards(void)
{
    void *p = NULL;
    ok(!hbs_secret_open(ctx, 100, &p) && (uintptr_t)p % 16 == 0, "100 bytes, aligned");
    bool zero = true;
    for (int i = 0; i < 100; i++)
        zero &= !((uint8_t *)p)[i];
    ok(zero, "zeroed");
    memset(p, 0x5a, 100);
    pid_t pid = fork();
    if (pid == 0)
        _exit(((volatile uint8_t *)p)[50] == 0 ? 0 : 1);
    int status = 0;
    waitpid(pid, &status, 0);
    ok(WIFEXITED(status) && !WEXITSTATUS(status), "a forked child has zeros there");
    pid = fork();
    if (pid == 0) {
        signal(SIGSEGV, SIG_DFL);
        struct rlimit none = {0, 0};
        setrlimit(RLIMIT_CORE, &none);
        ((volatile uint8_t *)p)[128] = 1; /* 100 is rounded up to 128, then comes the guard */
        _exit(0);
    }
    waitpid(pid, &status, 0);
    ok(WIFSIGNALED(status) || WEXITSTATUS(status), "writing behind it ends the process");
    hbs_secret_close(p);
    hbs_secret_close(NULL);
    is_int(hbs_secret_open(ctx, 0, &p), HBS_ERR_USAGE, "no bytes");
    is_int(hbs_secret_open(ctx, SIZE_MAX, &p), HBS_ERR_USAGE, "all bytes");
}

int main(void)
{
    tap_begin();
    if (hbs_ctx_open(NULL, &ctx))
        return 1;
    test_guards();
    test_refused();
    test_dump();
    hbs_ctx_close(ctx);
    return tap_end();
}
