/* SPDX-License-Identifier: MPL-2.0
 *
 * Room image: the confined decoder. It answers as hbs_image_decode_here does; survives the death
 * of its worker at every moment; is not fooled by a worker that lies (this very program, started
 * under another name, plays the liars); and a confined process dies of any other system call.
 */
#include "image/worker_int.h"
#include "image_make.h"
#include "tap.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---- The liars: what a worker under an attacker's hand could say. ---- */

static void say(struct hbs_worker_message m, size_t payload, uint8_t fill)
{
    uint8_t header[HBS_WORKER_HEADER], block[4096];
    hbs_worker_pack(&m, header);
    memset(block, fill, sizeof block);
    bool good = write(HBS_WORKER_FD, header, sizeof header) == sizeof header;
    while (good && payload) {
        ssize_t n = write(HBS_WORKER_FD, block, payload < sizeof block ? payload : sizeof block);
        good = n > 0;
        payload -= good ? (size_t)n : 0;
    }
}

static const char *const liars[] = {
    "liar-magic", "liar-sequence", "liar-type", "liar-huge", "liar-size", "liar-ppi",
    "liar-format", "liar-error", "liar-error-size", "liar-cut", "liar-exit", "liar-hello",
    "liar-silent-start", "liar-text", "liar-extra",
};

static int lie(const char *name)
{
    uint8_t header[HBS_WORKER_HEADER], waste[4096];
    struct hbs_worker_message m = {.type = HBS_WORKER_HELLO};
    if (!strcmp(name, "liar-silent-start"))
        return 0;
    if (!strcmp(name, "liar-hello"))
        m.type = HBS_WORKER_PICTURE;
    say(m, 0, 0);
    for (;;) {
        size_t have = 0;
        while (have < sizeof header) {
            ssize_t n = read(HBS_WORKER_FD, header + have, sizeof header - have);
            if (n <= 0)
                return 0;
            have += (size_t)n;
        }
        if (!hbs_worker_unpack(header, &m))
            return 1;
        for (uint64_t left = m.bytes; left;) {
            ssize_t n = read(HBS_WORKER_FD, waste, left < sizeof waste ? left : sizeof waste);
            if (n <= 0)
                return 0;
            left -= (uint64_t)n;
        }
        struct hbs_worker_message a = {.type = HBS_WORKER_PICTURE, .sequence = m.sequence,
                                       .width = 4, .height = 4, .format = HBS_IMAGE_PGM,
                                       .bytes = 16};
        size_t payload = 16;
        uint8_t fill = 7;
        if (!strcmp(name, "liar-magic")) {
            if (write(HBS_WORKER_FD, waste, HBS_WORKER_HEADER) < 0)
                return 1;
            continue;
        }
        if (!strcmp(name, "liar-sequence"))
            a.sequence++;
        if (!strcmp(name, "liar-type"))
            a.type = 99;
        if (!strcmp(name, "liar-huge"))
            a.width = a.height = 60000, a.bytes = 60000ull * 60000;
        if (!strcmp(name, "liar-size"))
            a.bytes = 1 << 30;
        if (!strcmp(name, "liar-ppi"))
            a.ppi = 4000000000u;
        if (!strcmp(name, "liar-format"))
            a.format = HBS_IMAGE_TIFF;
        if (!strncmp(name, "liar-error", 10) || !strcmp(name, "liar-text")) {
            a = (struct hbs_worker_message){.type = HBS_WORKER_ERROR, .sequence = m.sequence,
                                            .err = HBS_ERR_FORMAT, .bytes = HBS_WORKER_TEXTS};
            payload = HBS_WORKER_TEXTS; /* all of one byte: no end in any text */
            fill = '\033';
            if (!strcmp(name, "liar-error"))
                a.err = HBS_ERR_REFUSED; /* not a reader's to say */
            if (!strcmp(name, "liar-error-size"))
                a.bytes = payload = 3;
        }
        if (!strcmp(name, "liar-exit"))
            return 9;
        if (!strcmp(name, "liar-cut"))
            payload = 5;
        say(a, payload, fill);
        if (!strcmp(name, "liar-cut"))
            return 0;
        if (!strcmp(name, "liar-extra")) /* an answer to a question not yet put */
            say((struct hbs_worker_message){.type = HBS_WORKER_PICTURE, .sequence = m.sequence + 7,
                                            .width = 1, .height = 1, .format = HBS_IMAGE_PGM,
                                            .bytes = 1}, 1, 0);
    }
}

/* ---- Helpers. ---- */

static bool printable(const char *s)
{
    for (; *s; s++)
        if (*s < 0x20 || *s > 0x7e)
            return false;
    return true;
}

/* The one child process of this program, found where the kernel lists processes; 0 if none. */
static pid_t worker_pid(void)
{
    pid_t found = 0;
    DIR *proc = opendir("/proc");
    if (!proc)
        return 0;
    for (struct dirent *e; (e = readdir(proc));) {
        long pid = strtol(e->d_name, NULL, 10);
        char path[64], text[512];
        if (pid <= 0)
            continue;
        snprintf(path, sizeof path, "/proc/%ld/stat", pid);
        FILE *f = fopen(path, "r");
        size_t n = f ? fread(text, 1, sizeof text - 1, f) : 0;
        if (f)
            fclose(f);
        text[n] = 0;
        const char *end = strrchr(text, ')'); /* the name may hold anything */
        char state;
        int parent;
        if (end && sscanf(end + 1, " %c %d", &state, &parent) == 2 && parent == getpid() &&
            state != 'Z')
            found = (pid_t)pid;
    }
    closedir(proc);
    return found;
}

static const uint8_t small[] = "P5 4 4 255\n0123456789abcdef";
enum { SMALL = sizeof small - 1 };

static enum hbs_err decode_small(struct hbs_decoder *d)
{
    struct hbs_image image = {0};
    enum hbs_err err = hbs_decoder_decode(d, small, SMALL, &image);
    if (!err && (image.width != 4 || image.height != 4 ||
                 memcmp(image.pixels, "0123456789abcdef", 16)))
        err = HBS_ERR_BUG;
    if (err && image.pixels)
        err = HBS_ERR_BUG;
    hbs_image_close(&image);
    return err;
}

/* ---- Tests. ---- */

static void test_same(struct hbs_ctx *ctx, struct hbs_decoder *d)
{
    struct hbs_ctx *other;
    if (hbs_ctx_open(NULL, &other)) {
        ok(false, "a second context");
        return;
    }
    struct made_list list = made_images();
    size_t pictures = 0, errors = 0, bad = 0;
    double cpu = hbs_decoder_cpu(d), before = cpu;
    bool falls = false;
    for (size_t i = 0; i < list.count; i++) {
        const struct made_image *m = &list.items[i];
        struct hbs_image here = {0}, there = {0};
        enum hbs_err e1 = hbs_image_decode_here(other, m->data, m->size, &here);
        enum hbs_err e2 = hbs_decoder_decode(d, m->data, m->size, &there);
        bool same = e1 == e2;
        if (same && e1) {
            same = !strcmp(hbs_ctx_what(ctx), hbs_ctx_what(other)) &&
                   !strcmp(hbs_ctx_where(ctx), hbs_ctx_where(other)) &&
                   !strcmp(hbs_ctx_do(ctx), hbs_ctx_do(other));
            errors++;
        } else if (same) {
            same = here.width == there.width && here.height == there.height &&
                   here.ppi == there.ppi && here.format == there.format &&
                   !memcmp(here.pixels, there.pixels, (size_t)here.width * here.height);
            pictures++;
        }
        falls |= hbs_decoder_cpu(d) < cpu; /* also where a worker was replaced */
        cpu = hbs_decoder_cpu(d);
        if (!same) {
            bad++;
            printf("# %s: here %d, worker %d (%s)\n", m->name, e1, e2, hbs_ctx_what(ctx));
        }
        hbs_image_close(&here);
        hbs_image_close(&there);
    }
    ok(!bad && pictures > 100 && errors > 40,
       "the worker answers as the readers do: %zu pictures, %zu errors", pictures, errors);
    ok(!falls && cpu > before, "and tells its CPU time, which only grows");
    made_free(&list);
    hbs_ctx_close(other);
}

static void test_files(struct hbs_ctx *ctx, struct hbs_decoder *d)
{
    char folder[] = "/tmp/habeas_decoder_XXXXXX", path[64];
    if (!ok(mkdtemp(folder) != NULL, "a scratch folder"))
        return;
    struct hbs_image image = {0};
    snprintf(path, sizeof path, "%s/p.pgm", folder);
    is_int(hbs_file_write(ctx, path, small, SMALL), HBS_OK, "a file is written");
    is_int(hbs_decoder_read(d, path, &image), HBS_OK, "and read through the worker");
    hbs_image_close(&image);
    is_int(hbs_file_write(ctx, path, small, SMALL - 1), HBS_OK, "a cut file");
    is_int(hbs_decoder_read(d, path, &image), HBS_ERR_FORMAT, "is refused");
    is_text(hbs_ctx_where(ctx), path, "by its name");
    is_int(hbs_file_write(ctx, path, "", 0), HBS_OK, "an empty file");
    is_int(hbs_decoder_read(d, path, &image), HBS_ERR_FORMAT, "is refused");
    is_text(hbs_ctx_what(ctx), "the file is empty", "in these words");
    is_text(hbs_ctx_where(ctx), path, "by its name");
    FILE *f = fopen(path, "w");
    ok(f && ftruncate(fileno(f), HBS_IMAGE_BYTES_MAX + 1l) == 0 && fclose(f) == 0, "64 MiB and one");
    is_int(hbs_decoder_read(d, path, &image), HBS_ERR_LIMIT, "are over the limit");
    is_int(hbs_decoder_read(d, folder, &image), HBS_ERR_USAGE, "a folder is no file");
    unlink(path);
    is_int(hbs_decoder_read(d, path, &image), HBS_ERR_NOT_FOUND, "a missing file is said");
    is_text(hbs_ctx_where(ctx), path, "by its name");
    rmdir(folder);
}

static void *kill_soon(void *arg)
{
    pid_t pid = *(pid_t *)arg;
    usleep(150000);
    kill(pid, SIGKILL);
    return NULL;
}

static void test_death(struct hbs_ctx *ctx, struct hbs_decoder *d)
{
    is_int(decode_small(d), HBS_OK, "a picture");
    pid_t pid = worker_pid();
    if (!ok(pid > 0, "the worker is a child of this process"))
        return;
    is_int(decode_small(d), HBS_OK, "another picture");
    is_int(worker_pid(), pid, "comes from the same worker");

    kill(pid, SIGKILL);
    usleep(50000);
    is_int(decode_small(d), HBS_OK, "a worker that died idle is replaced and nobody told");
    pid_t second = worker_pid();
    ok(second > 0 && second != pid, "by another process");

    kill(second, SIGSTOP); /* it cannot answer; then it dies over the picture */
    pthread_t killer;
    bool made = !pthread_create(&killer, NULL, kill_soon, &second);
    is_int(decode_small(d), HBS_ERR_WORKER, "a death over a picture costs that picture");
    ok(strstr(hbs_ctx_what(ctx), "signal 9") && strstr(hbs_ctx_what(ctx), "PGM") &&
           *hbs_ctx_do(ctx), "and is said: %s", hbs_ctx_what(ctx));
    if (made)
        pthread_join(killer, NULL);
    is_int(decode_small(d), HBS_OK, "the next picture has a fresh worker");

    kill(worker_pid(), SIGSTOP);
    double begun = hbs_clock_wall();
    is_int(decode_small(d), HBS_ERR_WORKER, "a worker that stands still is given up");
    double took = hbs_clock_wall() - begun;
    ok(took > 9.5, "after 10 s and not before (%.1f)", took);
    ok(strstr(hbs_ctx_what(ctx), "10 s") != NULL, "and it is said: %s", hbs_ctx_what(ctx));
    is_int(decode_small(d), HBS_OK, "the next picture has a fresh worker");

    pid = worker_pid();
    int kept = 0;
    for (int i = 0; i < 255; i++)
        kept += decode_small(d) == HBS_OK && (i < 254 || worker_pid() == pid);
    is_int(kept, 255, "a worker serves 256 pictures");
    is_int(decode_small(d), HBS_OK, "and the 257th");
    ok(worker_pid() != pid && worker_pid() > 0, "has another");
}

static void *decode_in_thread(void *arg)
{
    struct hbs_decoder *d = arg;
    return decode_small(d) ? NULL : d;
}

/* A worker started by a thread that is gone: the kernel has killed or is about to kill it. */
static void test_thread(struct hbs_ctx *ctx, const char *worker)
{
    int good = 0;
    for (int i = 0; i < 20; i++) {
        struct hbs_decoder *d = NULL;
        pthread_t thread;
        void *result = NULL;
        if (hbs_decoder_open(ctx, worker, &d) || pthread_create(&thread, NULL, decode_in_thread, d))
            break;
        pthread_join(thread, &result);
        good += result && decode_small(d) == HBS_OK;
        hbs_decoder_close(d);
    }
    is_int(good, 20, "a decoder outlives the thread that used it first");
}

static void test_liars(struct hbs_ctx *ctx)
{
    char folder[] = "/tmp/habeas_liars_XXXXXX", self[4096], path[128];
    ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
    if (!ok(n > 0 && mkdtemp(folder), "a folder of liars"))
        return;
    self[n] = 0;
    for (size_t i = 0; i < HBS_COUNT(liars); i++) {
        snprintf(path, sizeof path, "%s/%s", folder, liars[i]);
        struct hbs_decoder *d = NULL;
        if (symlink(self, path) || hbs_decoder_open(ctx, path, &d)) {
            ok(false, "%s can be started", liars[i]);
            continue;
        }
        struct hbs_image image = {0};
        enum hbs_err err = hbs_decoder_decode(d, small, SMALL, &image);
        if (!strcmp(liars[i], "liar-text")) {
            ok(err == HBS_ERR_FORMAT && !image.pixels && printable(hbs_ctx_what(ctx)) &&
                   printable(hbs_ctx_where(ctx)) && printable(hbs_ctx_do(ctx)),
               "%s: its texts are made harmless", liars[i]);
        } else if (!strcmp(liars[i], "liar-extra")) {
            ok(!err && image.pixels, "%s: the first answer is one", liars[i]);
            hbs_image_close(&image);
            err = hbs_decoder_decode(d, small, SMALL, &image);
            ok(err == HBS_ERR_WORKER && !image.pixels, "%s: what lay there before is none",
               liars[i]);
        } else {
            ok(err == HBS_ERR_WORKER && !image.pixels && *hbs_ctx_what(ctx), "%s: %s", liars[i],
               hbs_ctx_what(ctx));
        }
        hbs_image_close(&image);
        hbs_decoder_close(d);
        unlink(path);
    }
    rmdir(folder);
    is_int(worker_pid(), 0, "no liar is left behind");
    struct hbs_decoder *d = NULL;
    is_int(hbs_decoder_open(ctx, "/nonexistent/habeas-decode", &d), HBS_ERR_NOT_FOUND,
           "a program that is not there is said");
    is_int(hbs_decoder_open(ctx, "/dev/null", &d), HBS_ERR_NOT_FOUND, "one that is none, too");
}

/* What a confined process tries. */
enum deed { NOTHING, MEMORY, OPEN, SOCKET, EXEC, FORK, KILL, WRITE_ELSEWHERE, EXECUTABLE, PTRACE_READ,
            DEEDS };
static const char *const deeds[] = {"nothing", "memory within its limit", "open", "socket", "exec", "fork", "kill",
                                    "write to another descriptor", "executable memory",
                                    "reading another descriptor"};

static void try_deed(enum deed deed, int fd)
{
    if (hbs_worker_confine(fd))
        _exit(99);
    char c = 'x';
    switch (deed) {
    case OPEN: (void)!open("/dev/null", O_RDONLY); break;
    case SOCKET: (void)!socket(AF_INET, SOCK_STREAM, 0); break;
    case EXEC: execl("/bin/true", "true", (char *)NULL); break;
    case FORK: (void)!fork(); break;
    case KILL: (void)kill(getppid(), 0); break;
    case WRITE_ELSEWHERE: (void)!write(1, &c, 1); break;
    case PTRACE_READ: (void)!read(0, &c, 1); break;
    case EXECUTABLE:
        (void)!mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        break;
    case MEMORY: {
        size_t size = 1 << 20;
        char *p = malloc(size);
        for (int i = 0; p && i < 6; i++) {
            memset(p, 1, size);
            char *q = realloc(p, size *= 2);
            p = q ? q : p;
        }
        free(p);
        if (!HBS_WORKER_SANITIZED && malloc((size_t)HBS_WORKER_MEMORY))
            _exit(97); /* there is a limit */
        break;
    }
    default: break;
    }
    /* what is left: say so on the one socket */
    _exit(write(fd, &c, 1) == 1 ? 7 : 98);
}

static void test_confinement(void)
{
    for (enum deed deed = NOTHING; deed < DEEDS; deed++) {
        int ends[2];
        if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends)) {
            ok(false, "a socket pair");
            continue;
        }
        fflush(stdout);
        pid_t pid = fork();
        if (pid == 0)
            try_deed(deed, ends[1]);
        int status = 0;
        waitpid(pid, &status, 0);
        if (deed <= MEMORY)
            ok(WIFEXITED(status) && WEXITSTATUS(status) == 7, "a confined process may do: %s",
               deeds[deed]);
        else
            ok(WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS, "a confined process dies of: %s",
               deeds[deed]);
        close(ends[0]);
        close(ends[1]);
    }
}

/* The worker as it runs: what the kernel says of it. */
static void test_process(struct hbs_decoder *d)
{
    is_int(decode_small(d), HBS_OK, "a picture");
    char path[64], text[8192];
    snprintf(path, sizeof path, "/proc/%d/status", (int)worker_pid());
    FILE *f = fopen(path, "r");
    size_t n = f ? fread(text, 1, sizeof text - 1, f) : 0;
    text[n] = 0;
    if (f)
        fclose(f);
    ok(strstr(text, "NoNewPrivs:\t1") != NULL, "the worker can get no new privileges");
    ok(strstr(text, "Seccomp:\t2") != NULL, "it has a system call filter");
    snprintf(path, sizeof path, "/proc/%d/fd", (int)worker_pid());
    DIR *dir = opendir(path);
    if (!dir) {
        tap_skip("the worker's descriptors cannot be listed with these rights");
        return;
    }
    int open_ones = 0;
    for (struct dirent *e; (e = readdir(dir));)
        open_ones += e->d_name[0] != '.';
    closedir(dir);
    is_int(open_ones, 4, "it has its socket and /dev/null three times, nothing else");
}

/* Every file under a folder through the worker: a picture, or one clear line; never a dead worker. */
struct walk {
    int files, pictures, deaths, unclear;
};
static void walk(struct hbs_ctx *ctx, struct hbs_decoder *d, const char *folder, struct walk *w)
{
    DIR *dir = opendir(folder);
    if (!dir)
        return;
    for (struct dirent *e; (e = readdir(dir));) {
        char path[4096];
        struct stat st;
        int n = snprintf(path, sizeof path, "%s/%s", folder, e->d_name);
        if (e->d_name[0] == '.' || n < 0 || n >= (int)sizeof path || stat(path, &st))
            continue;
        if (S_ISDIR(st.st_mode)) {
            walk(ctx, d, path, w);
            continue;
        }
        struct hbs_image image = {0};
        enum hbs_err err = hbs_decoder_read(d, path, &image);
        w->files++;
        w->pictures += !err;
        w->deaths += err == HBS_ERR_WORKER;
        bool clear = !err || (!image.pixels && *hbs_ctx_what(ctx) && printable(hbs_ctx_what(ctx)) &&
                              *hbs_ctx_do(ctx) && *hbs_ctx_where(ctx) &&
                              (err == HBS_ERR_FORMAT || err == HBS_ERR_UNSUPPORTED ||
                               err == HBS_ERR_LIMIT));
        if (!clear && w->unclear++ < 10)
            printf("# %s: %d %s\n", path, err, hbs_ctx_what(ctx));
        hbs_image_close(&image);
    }
    closedir(dir);
}

static void test_data(struct hbs_ctx *ctx, struct hbs_decoder *d)
{
    static const struct { const char *folder; int pictures; } folders[] = {
        {"finger", 480}, {"exchange/iso/images", 5}, {"exchange/iso", 9}, {"exchange/annist", 0},
        {"exchange/mosip", 5}};
    const char *data = getenv("HABEAS_DATA");
    for (size_t i = 0; i < HBS_COUNT(folders); i++) {
        char path[4096];
        snprintf(path, sizeof path, "%s/%s", data ? data : "", folders[i].folder);
        struct walk w = {0};
        walk(ctx, d, path, &w);
        if (!w.files)
            tap_skip("no such folder under HABEAS_DATA");
        else
            ok(!w.deaths && !w.unclear && w.pictures >= folders[i].pictures,
               "%s: %d files, %d pictures, the others refused in a clear line", folders[i].folder,
               w.files, w.pictures);
    }
}

/* The largest pictures within the limits must fit into the worker's memory and time. A sanitizer's
 * build has no limit of memory to prove, and is ten times slower: there they are lower. */
static void test_largest(struct hbs_ctx *ctx, struct hbs_decoder *d)
{
    enum { W = 8192, H = HBS_WORKER_SANITIZED ? 256 : 4096 };
    struct hbs_image image = {0};
    struct hbs_buf out;
    uint8_t *pixels = calloc(W * 3, H);
    hbs_buf_init(&out, ctx, HBS_IMAGE_BYTES_MAX);
    enum hbs_err err = pixels ? hbs_png_encode(ctx, W, H, 3, 0, pixels, &out) : HBS_ERR_NO_MEMORY;
    if (!err)
        err = hbs_decoder_decode(d, out.data, out.size, &image);
    ok(!err && image.width == W && image.height == H && image.pixels[W * H - 1] == 0,
       "the largest RGB picture that is allowed: %s", err ? hbs_ctx_what(ctx) : "PNG");
    hbs_image_close(&image);
    out.size = 0;
    err = hbs_buf_printf(&out, "P5 %d %d 255\n", W, H);
    if (!err && pixels)
        err = hbs_buf_put(&out, pixels, (size_t)W * H);
    if (!err)
        err = hbs_decoder_decode(d, out.data, out.size, &image);
    ok(!err && image.width == W && image.height == H, "the largest grey one: %s",
       err ? hbs_ctx_what(ctx) : "PGM");
    hbs_image_close(&image);
    hbs_buf_close(&out);
    free(pixels);
    static const char huge[] = "P5 20000 20000 255\n";
    is_int(hbs_decoder_decode(d, huge, sizeof huge - 1, &image), HBS_ERR_LIMIT,
           "20,000 x 20,000 is refused: %s", hbs_ctx_what(ctx));
}

/* The parent's own allocations, refused one after the other. */
struct miser {
    long left, blocks;
};
static void *miser_resize(void *user, void *old, size_t size)
{
    struct miser *m = user;
    if (m->left == 0)
        return NULL;
    if (m->left > 0)
        m->left--;
    void *p = realloc(old, size);
    m->blocks += p && !old;
    return p;
}
static void miser_release(void *user, void *p)
{
    ((struct miser *)user)->blocks -= p != NULL;
    free(p);
}

static void test_memory(void)
{
    struct miser m = {.left = -1};
    struct hbs_allocator allocator = {miser_resize, miser_release, &m};
    struct hbs_ctx *ctx = NULL;
    int refused = 0;
    bool good = hbs_ctx_open(&allocator, &ctx) == HBS_OK, through = false;
    for (long n = 0; good && !through && n < 10; n++) {
        struct hbs_decoder *d = NULL;
        m.left = n;
        enum hbs_err err = hbs_decoder_open(ctx, NULL, &d);
        if (!err)
            err = decode_small(d);
        m.left = -1;
        good = !err || err == HBS_ERR_NO_MEMORY;
        refused += err != 0;
        through = !err;
        if (err && d) /* a refusal costs one picture, as everything does */
            good = good && decode_small(d) == HBS_OK;
        hbs_decoder_close(d);
    }
    if (ctx)
        hbs_ctx_close(ctx);
    ok(good && through && refused == 2 && m.blocks == 0, "%d refused allocations: %ld blocks left",
       refused, m.blocks);
}

int main(int argc, char **argv)
{
    const char *name = strrchr(argv[0], '/');
    name = name ? name + 1 : argv[0];
    if (!strncmp(name, "liar-", 5))
        _exit(lie(name));
    tap_begin();
    struct hbs_ctx *ctx = NULL;
    struct hbs_decoder *d = NULL;
    if (!ok(hbs_ctx_open(NULL, &ctx) == HBS_OK, "a context"))
        return tap_end();
    test_confinement();
    test_liars(ctx);
    if (!ok(hbs_decoder_open(ctx, NULL, &d) == HBS_OK, "the worker program is found from here"))
        return tap_end();
    test_process(d);
    test_same(ctx, d);
    test_files(ctx, d);
    test_largest(ctx, d);
    test_data(ctx, d);
    test_death(ctx, d);
    hbs_decoder_close(d);
    is_int(worker_pid(), 0, "a closed decoder leaves no process");
    test_thread(ctx, NULL);
    test_memory();
    hbs_ctx_close(ctx);
    return tap_end();
}
