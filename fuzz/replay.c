/* SPDX-License-Identifier: MPL-2.0
 *
 * The main() of a fuzz target in an ordinary build: replays every file of a corpus folder, in the
 * order of their names, and of each a number of cut and changed copies. A TAP test: one line for
 * the folder. A crash ends the program before its plan, which the harness counts as a failure; the
 * last "# " line then names the input (and the copy, which is the same on every run).
 *
 *     fuzz_NAME FOLDER        or, to look at one input:    fuzz_NAME FILE
 */
#include "fuzz.h"

#include <dirent.h>
#include <sys/stat.h>

enum { FILE_MAX = 1 << 20, COPIES = 48 };

static int is_wanted(const struct dirent *e) { return e->d_name[0] != '.'; }

/* A copy on the heap with nothing behind its last byte, so that a sanitizer sees any overrun. */
static void run_exactly(const uint8_t *data, size_t size)
{
    uint8_t *copy = malloc(size ? size : 1);
    if (!copy)
        abort();
    memcpy(copy, data, size);
    LLVMFuzzerTestOneInput(copy, size);
    free(copy);
}

static bool run_file(const char *path, bool changed)
{
    static uint8_t data[FILE_MAX], other[FILE_MAX];
    FILE *f = fopen(path, "rb");
    if (!f)
        return false;
    size_t size = fread(data, 1, sizeof data, f);
    bool good = feof(f) && !ferror(f);
    fclose(f);
    if (!good)
        return false;
    printf("# %s\n", path);
    run_exactly(data, size);
    struct hbs_rng rng;
    hbs_rng_seed(&rng, size);
    for (int i = 0; changed && size && i < COPIES; i++) {
        printf("# %s, copy %d\n", path, i);
        memcpy(other, data, size);
        size_t n = size;
        if (i % 3 == 0)
            n = hbs_rng_below(&rng, (uint32_t)size);
        for (int k = 0; i % 3 && n && k <= i % 7; k++)
            other[hbs_rng_below(&rng, (uint32_t)n)] = (uint8_t)(
                i % 3 == 1 ? hbs_rng_u64(&rng) : (hbs_rng_u64(&rng) & 1 ? 0xff : 0));
        run_exactly(other, n);
    }
    return true;
}

int main(int argc, char **argv)
{
    struct stat st;
    if (argc != 2 || stat(argv[1], &st)) {
        fprintf(stderr, "usage: %s FOLDER|FILE\n", argv[0]);
        return 2;
    }
    setvbuf(stdout, NULL, _IOLBF, 0);
    if (S_ISREG(st.st_mode))
        return run_file(argv[1], false) ? 0 : 1;
    struct dirent **names = NULL;
    int count = scandir(argv[1], &names, is_wanted, alphasort), replayed = 0;
    for (int i = 0; i < count; i++) {
        char path[4096];
        snprintf(path, sizeof path, "%s/%s", argv[1], names[i]->d_name);
        replayed += run_file(path, true);
        free(names[i]);
    }
    free(names);
    bool good = count > 0 && replayed == count;
    printf("%sok 1 - %d of %d inputs replayed, each with %d cut or changed copies\n1..1\n",
           good ? "" : "not ", replayed, count, COPIES);
    return good ? 0 : 1;
}
