/* SPDX-License-Identifier: MPL-2.0
 *
 * habeas-decode: the confined decoder as a program. libhabeas starts it (hbs_decoder_open) and
 * talks to it over descriptor 3; people have no use for it. Its life is in src/image/worker.c.
 */
#include "image/worker_int.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

int main(void)
{
    struct stat st;
    if (fstat(HBS_WORKER_FD, &st) || !S_ISSOCK(st.st_mode)) {
        static const char text[] = "habeas-decode: reads pictures for habeas, which starts it; "
                                   "it does nothing by itself\n";
        ssize_t n = write(STDERR_FILENO, text, sizeof text - 1);
        return n < 0 ? 6 : HBS_WORKER_EXIT_USAGE;
    }
    /* _exit: nothing is to run after the filter stands that the filter was not made for */
    _exit(hbs_worker_main(HBS_WORKER_FD));
}
