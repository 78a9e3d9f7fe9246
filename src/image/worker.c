/* SPDX-License-Identifier: MPL-2.0
 *
 * Room image: the life of the confined decoder, in a process of its own (habeas-decode). It reads
 * untrusted files with libraries that have had holes and will have more; so before it reads the
 * first byte it gives up everything it does not need:
 *   no_new_privs, not dumpable (nobody traces it), a signal when its parent dies;
 *   resource limits: memory, CPU time, no file, no core, no new descriptor;
 *   a seccomp filter (allow-list; anything else kills the process): read and write on its one
 *   socket, private memory that is never executable, futex, clock, exit.
 * Its parent has already exec'ed it with an empty environment and no other descriptor.
 * Method: the privilege separation of OpenSSH (Provos, Friedl, Honeyman, USENIX Security 2003),
 * with seccomp-bpf through libseccomp.
 */
#include "worker_int.h"

#include <errno.h>
#include <seccomp.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

static int limit(int what, uint64_t most)
{
    struct rlimit r;
    if (getrlimit(what, &r))
        return -1;
    if (r.rlim_max != RLIM_INFINITY && r.rlim_max < most)
        most = r.rlim_max; /* never above what we were given */
    r.rlim_cur = r.rlim_max = most;
    return setrlimit(what, &r);
}

static int filter(int fd)
{
    static const int always[] = {
        SCMP_SYS(munmap), SCMP_SYS(mremap), SCMP_SYS(brk), SCMP_SYS(madvise), SCMP_SYS(futex),
        SCMP_SYS(exit), SCMP_SYS(exit_group), SCMP_SYS(rt_sigreturn), SCMP_SYS(restart_syscall),
        SCMP_SYS(clock_gettime), SCMP_SYS(gettimeofday), SCMP_SYS(time),
        SCMP_SYS(sysinfo), /* qsort of the C library, in libtiff: how much memory is there? */
    };
    /* What the run-time library of a sanitizer asks for while it watches; never in a release. */
    static const int sanitized[] = {
        SCMP_SYS(mprotect), SCMP_SYS(sigaltstack), SCMP_SYS(rt_sigaction),
        SCMP_SYS(rt_sigprocmask), SCMP_SYS(gettid), SCMP_SYS(getpid), SCMP_SYS(sched_yield),
        SCMP_SYS(tgkill), SCMP_SYS(nanosleep), SCMP_SYS(clock_nanosleep), SCMP_SYS(getrlimit),
        SCMP_SYS(prlimit64), SCMP_SYS(getrandom),
    };
    int bad = -1;
    scmp_filter_ctx f = seccomp_init(SCMP_ACT_KILL_PROCESS);
    if (!f)
        return -1;
    if (seccomp_attr_set(f, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS))
        goto done;
    if (seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(read), 1,
                         SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)fd)) ||
        seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(write), 1,
                         SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)fd)) ||
        /* a library's or the C library's last words; it is /dev/null */
        seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(write), 1, SCMP_A0(SCMP_CMP_EQ, 2)) ||
        /* memory: of no file, and not to be executed */
        seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 2,
                         SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0),
                         SCMP_A3(SCMP_CMP_MASKED_EQ, MAP_ANONYMOUS, MAP_ANONYMOUS)))
        goto done;
    for (size_t i = 0; i < HBS_COUNT(always); i++)
        if (seccomp_rule_add(f, SCMP_ACT_ALLOW, always[i], 0))
            goto done;
    for (size_t i = 0; HBS_WORKER_SANITIZED && i < HBS_COUNT(sanitized); i++)
        if (seccomp_rule_add(f, SCMP_ACT_ALLOW, sanitized[i], 0))
            goto done;
    bad = seccomp_load(f) ? -1 : 0;
done:
    seccomp_release(f);
    return bad;
}

int hbs_worker_confine(int fd)
{
    /* SIGHUP rather than SIGKILL: the parent tells it from a death of another cause. */
    if (signal(SIGHUP, SIG_DFL) == SIG_ERR || prctl(PR_SET_PDEATHSIG, SIGHUP) ||
        prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0))
        return -1;
    if ((!HBS_WORKER_SANITIZED && limit(RLIMIT_AS, HBS_WORKER_MEMORY)) || limit(RLIMIT_CORE, 0) ||
        limit(RLIMIT_FSIZE, 0) || limit(RLIMIT_CPU, HBS_WORKER_CPU_SECONDS) ||
        limit(RLIMIT_NOFILE, (uint64_t)fd + 1))
        return -1;
    return filter(fd);
}

static bool read_all(int fd, void *to, size_t size)
{
    uint8_t *p = to;
    while (size) {
        ssize_t n = read(fd, p, size);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        p += n;
        size -= (size_t)n;
    }
    return true;
}

static bool write_all(int fd, const void *from, size_t size)
{
    const uint8_t *p = from;
    while (size) {
        ssize_t n = write(fd, p, size);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        p += n;
        size -= (size_t)n;
    }
    return true;
}

/* A text cut to its field; the field is zeroed before. */
static void put_text(uint8_t *to, size_t size, const char *text)
{
    size_t n = strnlen(text, size - 1);
    memcpy(to, text, n);
}

static bool send_error(int fd, const struct hbs_ctx *ctx, uint32_t sequence, enum hbs_err err)
{
    uint8_t answer[HBS_WORKER_HEADER + HBS_WORKER_TEXTS] = {0}, *texts = answer + HBS_WORKER_HEADER;
    struct hbs_worker_message m = {.type = HBS_WORKER_ERROR, .sequence = sequence,
                                   .err = (uint32_t)err, .bytes = HBS_WORKER_TEXTS};
    hbs_worker_pack(&m, answer);
    put_text(texts, HBS_WORKER_WHAT, hbs_ctx_what(ctx));
    put_text(texts + HBS_WORKER_WHAT, HBS_WORKER_WHERE, hbs_ctx_where(ctx));
    put_text(texts + HBS_WORKER_WHAT + HBS_WORKER_WHERE, HBS_WORKER_DO, hbs_ctx_do(ctx));
    return write_all(fd, answer, sizeof answer);
}

static bool send_picture(int fd, const struct hbs_image *image, uint32_t sequence)
{
    uint8_t header[HBS_WORKER_HEADER];
    struct hbs_worker_message m = {
        .type = HBS_WORKER_PICTURE, .sequence = sequence, .width = image->width,
        .height = image->height, .ppi = image->ppi, .format = (uint32_t)image->format,
        .bytes = (uint64_t)image->width * image->height};
    hbs_worker_pack(&m, header);
    return write_all(fd, header, sizeof header) && write_all(fd, image->pixels, (size_t)m.bytes);
}

/* Reads a question's bytes and answers it. False when the parent is gone. */
static bool answer(int fd, struct hbs_ctx *ctx, const struct hbs_worker_message *question)
{
    size_t size = (size_t)question->bytes;
    uint8_t *data = hbs_resize(ctx, NULL, size);
    if (!data) { /* the bytes come all the same */
        uint8_t waste[4096];
        for (size_t left = size; left;) {
            size_t n = left < sizeof waste ? left : sizeof waste;
            if (!read_all(fd, waste, n))
                return false;
            left -= n;
        }
        return send_error(fd, ctx, question->sequence, hbs_fail_memory(ctx, size));
    }
    bool good = read_all(fd, data, size);
    if (good) {
        struct hbs_image image = {0};
        enum hbs_err err = hbs_image_decode_here(ctx, data, size, &image);
        good = err ? send_error(fd, ctx, question->sequence, err)
                   : send_picture(fd, &image, question->sequence);
        hbs_image_close(&image);
    }
    hbs_free(ctx, data);
    return good;
}

int hbs_worker_main(int fd)
{
    struct hbs_ctx *ctx;
    if (hbs_worker_confine(fd) || hbs_ctx_open(NULL, &ctx))
        return HBS_WORKER_EXIT_CONFINE;
    uint8_t header[HBS_WORKER_HEADER];
    struct hbs_worker_message m = {.type = HBS_WORKER_HELLO};
    hbs_worker_pack(&m, header);
    int code = HBS_WORKER_EXIT_DONE;
    bool good = write_all(fd, header, sizeof header);
    while (good && read_all(fd, header, sizeof header)) {
        if (!hbs_worker_unpack(header, &m) || m.type != HBS_WORKER_DECODE || !m.bytes ||
            m.bytes > HBS_IMAGE_BYTES_MAX) {
            code = HBS_WORKER_EXIT_PROTOCOL;
            break;
        }
        good = answer(fd, ctx, &m);
    }
    hbs_ctx_close(ctx);
    return code;
}
