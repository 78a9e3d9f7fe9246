/* SPDX-License-Identifier: MPL-2.0
 *
 * Room image: the parent's side of the confined decoder: finds the worker program, starts it with
 * nothing but a socket, sends it a file, and takes the picture or the error without trusting it.
 *
 * A worker lives for RECYCLE_PICTURES pictures or RECYCLE_SECONDS of work, so that one hostile
 * picture spoils few others at worst; it is replaced at once after a crash, a broken rule or a
 * picture that takes longer than the limit. One decoder serves one thread.
 */
#include "worker_int.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static const double PICTURE_SECONDS = 10, RECYCLE_SECONDS = 30;
enum { RECYCLE_PICTURES = 256, PATH_BYTES = 4096 };

struct hbs_decoder {
    struct hbs_ctx *ctx;
    char path[PATH_BYTES];
    pid_t pid;   /* 0: none runs */
    int pidfd;   /* -1 where the kernel has none */
    int fd;
    uint32_t sequence;
    unsigned pictures;
    double seconds; /* wall time this worker has worked */
    double cpu;     /* CPU time of the workers before it */
};

enum outcome { DONE, GONE, LATE, RULES };

static bool find_worker(char path[PATH_BYTES])
{
    char self[PATH_BYTES];
    ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
    if (n > 0) {
        self[n] = 0;
        char *slash = strrchr(self, '/');
        if (slash)
            *slash = 0;
        /* beside the program; where an installation that was moved has it; in the build folder, seen
         * from cmd/habeas and from tests, bench, examples */
        static const char *const places[] = {"habeas-decode", "../libexec/habeas/habeas-decode",
                                             "../decode/habeas-decode",
                                             "../cmd/decode/habeas-decode"};
        for (size_t i = 0; i < HBS_COUNT(places); i++) {
            int k = snprintf(path, PATH_BYTES, "%s/%s", self, places[i]);
            if (k > 0 && k < PATH_BYTES && access(path, X_OK) == 0)
                return true;
        }
    }
    snprintf(path, PATH_BYTES, "%s/habeas-decode", HBS_DECODE_DIR);
    return access(path, X_OK) == 0;
}

enum hbs_err hbs_decoder_open(struct hbs_ctx *ctx, const char *worker, struct hbs_decoder **out)
{
    struct hbs_decoder *d = hbs_alloc(ctx, 1, sizeof *d);
    if (!d)
        return hbs_fail_memory(ctx, sizeof *d);
    *d = (struct hbs_decoder){.ctx = ctx, .pidfd = -1, .fd = -1};
    enum hbs_err err = HBS_OK;
    if (!worker) {
        if (!find_worker(d->path))
            err = hbs_fail(ctx, HBS_ERR_NOT_FOUND, "habeas-decode", "install habeas whole",
                           "the decoder program is neither beside this program nor in %s",
                           HBS_DECODE_DIR);
    } else {
        int n = snprintf(d->path, sizeof d->path, "%s", worker);
        if (n < 0 || (size_t)n >= sizeof d->path)
            err = hbs_fail(ctx, HBS_ERR_USAGE, "", "use a shorter path", "the path is too long");
        else if (access(worker, X_OK))
            err = hbs_fail(ctx, HBS_ERR_NOT_FOUND, worker, "name the habeas-decode program",
                           "cannot run the decoder program: %s", strerror(errno));
    }
    if (err)
        hbs_free(ctx, d);
    else
        *out = d;
    return err;
}

double hbs_decoder_cpu(const struct hbs_decoder *d)
{
    clockid_t clock;
    struct timespec t;
    if (d->pid <= 0 || clock_getcpuclockid(d->pid, &clock) || clock_gettime(clock, &t))
        return d->cpu;
    return d->cpu + (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* Kills the worker and says how it ended (a wait status; -1 when that is not to be had). The
 * process is killed through a descriptor: its number may belong to another by now, when this
 * program ignores SIGCHLD. A worker that died by itself keeps its own status. */
static int stop(struct hbs_decoder *d)
{
    int status = -1;
    d->cpu = hbs_decoder_cpu(d); /* a process that ended can still be asked until it is waited for */
    if (d->pid > 0) {
        if (d->pidfd >= 0)
            (void)syscall(SYS_pidfd_send_signal, d->pidfd, SIGKILL, NULL, 0);
        else
            (void)kill(d->pid, SIGKILL);
        while (waitpid(d->pid, &status, 0) < 0)
            if (errno != EINTR) {
                status = -1;
                break;
            }
    }
    if (d->pidfd >= 0)
        close(d->pidfd);
    if (d->fd >= 0)
        close(d->fd);
    d->pid = 0;
    d->pidfd = d->fd = -1;
    d->pictures = 0;
    d->seconds = 0;
    return status;
}

void hbs_decoder_close(struct hbs_decoder *d)
{
    if (!d)
        return;
    stop(d);
    hbs_free(d->ctx, d);
}

/* Waits until the socket can be read or written. */
static enum outcome wait_for(int fd, short event, double deadline)
{
    for (;;) {
        double left = deadline - hbs_clock_wall();
        if (left <= 0)
            return LATE;
        struct pollfd p = {.fd = fd, .events = event};
        int n = poll(&p, 1, (int)(left * 1000) + 1);
        if (n > 0)
            return DONE; /* an error or hang-up is told by the next call */
        if (n < 0 && errno != EINTR)
            return GONE;
    }
}

static enum outcome send_all(int fd, const void *from, size_t size, double deadline)
{
    const uint8_t *p = from;
    while (size) {
        ssize_t n = send(fd, p, size, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n > 0) {
            p += n;
            size -= (size_t)n;
        } else if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
            enum outcome o = wait_for(fd, POLLOUT, deadline);
            if (o)
                return o;
        } else if (n == 0 || errno != EINTR) {
            return GONE;
        }
    }
    return DONE;
}

static enum outcome receive_all(int fd, void *to, size_t size, double deadline)
{
    uint8_t *p = to;
    while (size) {
        ssize_t n = recv(fd, p, size, MSG_DONTWAIT);
        if (n > 0) {
            p += n;
            size -= (size_t)n;
            if (size && hbs_clock_wall() > deadline) /* a worker that drips is late, too */
                return LATE;
        } else if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
            enum outcome o = wait_for(fd, POLLIN, deadline);
            if (o)
                return o;
        } else if (n == 0 || errno != EINTR) {
            return GONE;
        }
    }
    return DONE;
}

/* Starts the program with the socket as descriptor 3, /dev/null as 0 to 2, nothing else open, no
 * environment, no signal blocked, in a session of its own (a terminal's signals are the parent's).
 * posix_spawn, because fork would copy the page tables of a process that holds a gallery. */
static int spawn(struct hbs_decoder *d, int socket)
{
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attributes;
    if (posix_spawn_file_actions_init(&files))
        return ENOMEM;
    if (posix_spawnattr_init(&attributes)) {
        posix_spawn_file_actions_destroy(&files);
        return ENOMEM;
    }
    sigset_t none, standard;
    sigemptyset(&none);
    sigfillset(&standard);
    char *arguments[] = {d->path, NULL}, *environment[] = {NULL};
    int bad = posix_spawn_file_actions_adddup2(&files, socket, HBS_WORKER_FD);
    if (!bad)
        bad = posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDWR, 0);
    if (!bad)
        bad = posix_spawn_file_actions_adddup2(&files, 0, 1);
    if (!bad)
        bad = posix_spawn_file_actions_adddup2(&files, 0, 2);
    if (!bad)
        bad = posix_spawn_file_actions_addclosefrom_np(&files, HBS_WORKER_FD + 1);
    if (!bad)
        bad = posix_spawnattr_setsigmask(&attributes, &none);
    if (!bad)
        bad = posix_spawnattr_setsigdefault(&attributes, &standard);
    if (!bad)
        bad = posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF |
                                                        POSIX_SPAWN_SETSID);
    if (!bad)
        bad = posix_spawn(&d->pid, d->path, &files, &attributes, arguments, environment);
    if (bad)
        d->pid = 0;
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&files);
    return bad;
}

static enum hbs_err start(struct hbs_decoder *d)
{
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends))
        return hbs_fail(d->ctx, HBS_ERR_IO, "", "close some files",
                        "no socket for the decoder process: %s", strerror(errno));
    int bad = spawn(d, ends[1]);
    close(ends[1]);
    if (bad) {
        close(ends[0]);
        return hbs_fail(d->ctx, HBS_ERR_IO, d->path, "install habeas whole",
                        "cannot start the decoder process: %s", strerror(bad));
    }
    d->fd = ends[0];
    d->pidfd = (int)syscall(SYS_pidfd_open, d->pid, 0);
    uint8_t header[HBS_WORKER_HEADER];
    struct hbs_worker_message m;
    enum outcome o = receive_all(d->fd, header, sizeof header, hbs_clock_wall() + PICTURE_SECONDS);
    if (!o && (!hbs_worker_unpack(header, &m) || m.type != HBS_WORKER_HELLO || m.sequence ||
               m.bytes))
        o = RULES;
    if (!o)
        return HBS_OK;
    int status = stop(d);
    if (o == GONE && status != -1 && WIFEXITED(status) &&
        WEXITSTATUS(status) == HBS_WORKER_EXIT_CONFINE)
        return hbs_fail(d->ctx, HBS_ERR_WORKER, d->path, "use a kernel with seccomp filters",
                        "the decoder process cannot confine itself here and will not go on");
    return hbs_fail(d->ctx, HBS_ERR_WORKER, d->path, "install the program of this version",
                    o == LATE    ? "the decoder process does not begin"
                    : o == RULES ? "the decoder program is not of this version"
                                 : "the decoder process ended before it began");
}

/* Whether the worker died while nobody asked it anything: then it is replaced and nobody told. */
static bool is_dead(struct hbs_decoder *d)
{
    int status;
    double cpu = hbs_decoder_cpu(d);
    pid_t p = waitpid(d->pid, &status, WNOHANG);
    if (p == 0)
        return false;
    d->cpu = cpu;
    d->pid = 0; /* reaped: its number is no longer ours */
    return true;
}

static enum outcome ask(struct hbs_decoder *d, const void *data, size_t size,
                        enum hbs_image_format format, enum hbs_err *err, struct hbs_image *image)
{
    double begun = hbs_clock_wall(), deadline = begun + PICTURE_SECONDS;
    uint8_t header[HBS_WORKER_HEADER], texts[HBS_WORKER_TEXTS];
    struct hbs_worker_message m = {.type = HBS_WORKER_DECODE, .sequence = ++d->sequence,
                                   .bytes = size};
    hbs_worker_pack(&m, header);
    enum outcome o;
    if ((o = send_all(d->fd, header, sizeof header, deadline)) ||
        (o = send_all(d->fd, data, size, deadline)) ||
        (o = receive_all(d->fd, header, sizeof header, deadline)))
        return o;
    *err = hbs_worker_check_answer(d->ctx, header, d->sequence, format, &m);
    if (*err)
        return RULES;
    if (m.type == HBS_WORKER_ERROR) {
        if ((o = receive_all(d->fd, texts, sizeof texts, deadline)))
            return o;
        *err = hbs_worker_take_error(d->ctx, &m, texts);
    } else {
        *err = hbs_image_alloc(d->ctx, m.width, m.height, m.ppi, format, image);
        if (*err)
            return RULES; /* our memory, not its fault; but its answer is still in the socket */
        if ((o = receive_all(d->fd, image->pixels, (size_t)m.bytes, deadline))) {
            hbs_image_close(image);
            return o;
        }
    }
    d->pictures++;
    d->seconds += hbs_clock_wall() - begun;
    return DONE;
}

enum hbs_err hbs_decoder_decode(struct hbs_decoder *d, const void *data, size_t size,
                                struct hbs_image *out)
{
    enum hbs_image_format format = HBS_IMAGE_UNKNOWN;
    enum hbs_err err = hbs_image_admit(d->ctx, data, size, &format);
    if (err)
        return err;
    for (int attempt = 0;; attempt++) {
        if (d->pid && (d->pictures >= RECYCLE_PICTURES || d->seconds >= RECYCLE_SECONDS ||
                       is_dead(d)))
            stop(d);
        if (!d->pid && (err = start(d)))
            return err;
        struct hbs_image image = {0};
        enum outcome o = ask(d, data, size, format, &err, &image);
        if (o == DONE) {
            if (!err)
                *out = image;
            return err;
        }
        int status = stop(d);
        /* The kernel sends SIGHUP when the thread that started the worker ends; the worker itself
         * cannot. That is no picture's fault: once more with a worker of this thread. */
        if (o == GONE && status != -1 && WIFSIGNALED(status) && WTERMSIG(status) == SIGHUP &&
            attempt == 0)
            continue;
        if (o == RULES)
            return err;
        char how[64] = "ended";
        if (o == LATE)
            snprintf(how, sizeof how, "took longer than %.0f s", PICTURE_SECONDS);
        else if (status != -1 && WIFSIGNALED(status))
            snprintf(how, sizeof how, "was stopped by signal %d", WTERMSIG(status));
        else if (status != -1 && WIFEXITED(status))
            snprintf(how, sizeof how, "ended with code %d", WEXITSTATUS(status));
        return hbs_fail(d->ctx, HBS_ERR_WORKER, "", "do not trust this picture; try another copy",
                        "the decoder process %s over this %s picture", how,
                        hbs_image_format_name(format));
    }
}

enum hbs_err hbs_decoder_read(struct hbs_decoder *d, const char *path, struct hbs_image *out)
{
    struct hbs_buf file;
    hbs_buf_init(&file, d->ctx, HBS_IMAGE_BYTES_MAX);
    enum hbs_err err = hbs_file_read(d->ctx, path, &file);
    if (!err) {
        /* An empty file has no bytes to point at. */
        err = hbs_decoder_decode(d, file.size ? (const void *)file.data : "", file.size, out);
        /* The worker's own troubles keep the worker's place. */
        if (err && !(err == HBS_ERR_IO || (err == HBS_ERR_WORKER && *hbs_ctx_where(d->ctx))))
            hbs_ctx_set_where(d->ctx, path);
    }
    hbs_buf_close(&file);
    return err;
}
