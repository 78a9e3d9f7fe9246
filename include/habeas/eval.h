/* SPDX-License-Identifier: MPL-2.0
 *
 * habeas/eval.h: how accurate and how fast a matcher is. The same engine for every modality.
 *
 *   struct hbs_eval_set     comparison scores with the two prints' names, from a matcher or a file
 *   struct hbs_eval_curve   the set sorted once: error rates, intervals, DET plot
 *   struct hbs_eval_result  the rates of one set
 *   hbs_eval_folder, hbs_eval_run   pictures of a folder, a protocol's pairs, a matcher over them
 *
 * Words and definitions are those of ISO/IEC 19795-1. A score is a similarity: higher is more alike;
 * a comparison is a match at threshold t when its score is at or above t.
 *   FMR(t)   share of impostor pairs at or above t
 *   FNMR(t)  share of genuine pairs below t
 *   EER      where the two cross. Between two neighbouring thresholds both are taken as straight
 *            lines, so a block of equal scores of both kinds is entered along its diagonal.
 *   FNMR at FMR x   at the lowest threshold at which at most the share x of the impostor pairs is at
 *            or above it: 0.1 % of 2,880 pairs are at most 2, of 45 pairs none (then it is the
 *            FNMR at zero FMR). All shares are compared in whole numbers.
 * A name is FINGER_IMPRESSION: what stands before the last underscore names the finger (iris, face);
 * a name without one is a finger of its own.
 */
#ifndef HABEAS_EVAL_H
#define HABEAS_EVAL_H

#include "habeas/base.h"

#ifdef __cplusplus
extern "C" {
#endif

#define HBS_EVAL_SCORES_MAX 33554432u    /* pairs in a set (32 Mi) */
#define HBS_EVAL_PRINTS_MAX 4194304u     /* different names in a set (4 Mi) */
#define HBS_EVAL_NAME_MAX 255u           /* bytes of a name */
#define HBS_EVAL_FILE_MAX 2147483648u    /* bytes of a score file (2 GiB) */
#define HBS_EVAL_RESAMPLES 1000u         /* of the bootstrap */
#define HBS_EVAL_RESAMPLES_MAX 100000u
#define HBS_EVAL_RANKS 20                /* of the CMC */

/* ---- Scores ---------------------------------------------------------------------------------- */

/* One comparison: its score and the numbers of its two prints in the set. */
struct hbs_eval_pair {
    double score;
    uint32_t a, b;
};

/* A set of scores. An owner; not to be changed by two threads at once. */
struct hbs_eval_set;

/* `most` pairs at most (0: HBS_EVAL_SCORES_MAX). The context must outlive the set. */
HBS_API HBS_MUST_USE enum hbs_err hbs_eval_set_open(struct hbs_ctx *ctx, size_t most,
                                                    struct hbs_eval_set **out) HBS_NONNULL(1, 3);
HBS_API void hbs_eval_set_close(struct hbs_eval_set *set);

/* The number of the print called name[0..size): numbers count from 0 in order of appearance.
 * HBS_ERR_LIMIT beyond the limits above, HBS_ERR_USAGE for an empty name. */
HBS_API HBS_MUST_USE enum hbs_err hbs_eval_set_print(struct hbs_eval_set *set, const char *name,
                                                     size_t size, uint32_t *out)
    HBS_NONNULL(1, 2, 4);
/* Adds a comparison of two prints of the set. HBS_ERR_USAGE for a score that is not finite. */
HBS_API HBS_MUST_USE enum hbs_err hbs_eval_set_add(struct hbs_eval_set *set, bool genuine,
                                                   uint32_t a, uint32_t b, double score)
    HBS_NONNULL(1);

/* Reads lines `G|I a b score`: G for a genuine pair, I for an impostor pair, two names without
 * blanks, a decimal number; blanks or tabs between, `#` and what follows a comment, empty lines
 * passed over, line ends LF or CRLF. `file` is the name for messages ("scores.txt:12").
 * HBS_ERR_FORMAT for anything else (nan and inf too), HBS_ERR_LIMIT. After an error the set holds
 * the lines before it. */
HBS_API HBS_MUST_USE enum hbs_err hbs_eval_set_read(struct hbs_eval_set *set, const char *file,
                                                    const void *data, size_t size)
    HBS_NONNULL(1, 2);
/* Appends the set in that form. Bytes of a name that the form cannot hold become %XX. */
HBS_API HBS_MUST_USE enum hbs_err hbs_eval_set_write(const struct hbs_eval_set *set,
                                                     struct hbs_buf *out) HBS_NONNULL(1, 2);

HBS_API size_t hbs_eval_set_count(const struct hbs_eval_set *set, bool genuine) HBS_NONNULL(1);
HBS_API const struct hbs_eval_pair *hbs_eval_set_pairs(const struct hbs_eval_set *set, bool genuine)
    HBS_NONNULL(1);
HBS_API uint32_t hbs_eval_set_prints(const struct hbs_eval_set *set) HBS_NONNULL(1);
HBS_API uint32_t hbs_eval_set_fingers(const struct hbs_eval_set *set) HBS_NONNULL(1);
/* The finger of a print, counted from 0 in order of appearance. */
HBS_API uint32_t hbs_eval_set_finger(const struct hbs_eval_set *set, uint32_t print) HBS_NONNULL(1);
/* Pairs whose label contradicts their names (genuine of two fingers, impostor of one). The label is
 * believed, but a person should know. */
HBS_API size_t hbs_eval_set_contradictions(const struct hbs_eval_set *set) HBS_NONNULL(1);

/* ---- Rates ----------------------------------------------------------------------------------- */

/* A rate as a fraction, its 95 % interval, and the threshold (the lowest score seen at which the
 * rate holds; for the EER the score at which FMR reaches FNMR). */
struct hbs_eval_rate {
    double value, low, high, threshold;
};

struct hbs_eval_result {
    uint64_t genuine, impostor;  /* pairs */
    uint32_t prints, fingers;
    /* Independent units behind the pairs: fingers that have genuine pairs, pairs of fingers that have
     * impostor pairs. */
    uint64_t genuine_units, impostor_units;
    struct hbs_eval_rate eer, fnmr_fmr100, fnmr_fmr1000, fnmr_zero_fmr;
    uint32_t resamples;          /* 0: there are no intervals (low and high equal the value) */
    /* Upper 95 % bound on a rate of which no error was seen: 1 - 0.05^(1/n), the exact form of
     * the rule of three (ISO/IEC 19795-1, annex B); n is genuine_units. A
     * bootstrap cannot know it: resampling no errors gives none. */
    double none_seen;
    /* Closed-set identification. A search is a print of a genuine pair that also took part in
     * impostor pairs, looked for among its mate and all prints it met as an impostor; equal scores
     * count against the mate. cmc[r]: share of searches that find the mate at rank r + 1 or before. */
    uint64_t searches;           /* 0: there is no CMC */
    double cmc[HBS_EVAL_RANKS];
};

struct hbs_eval_options {
    uint32_t resamples; /* 0: no intervals; usual HBS_EVAL_RESAMPLES */
    unsigned threads;   /* 0: all processors; changes no answer */
    uint64_t seed;      /* of the bootstrap */
};

/* A set sorted by score. It keeps nothing of the set it was made from. */
struct hbs_eval_curve;

/* HBS_ERR_FORMAT when the set lacks genuine or impostor pairs: rates need both. */
HBS_API HBS_MUST_USE enum hbs_err hbs_eval_curve_open(struct hbs_ctx *ctx,
                                                      const struct hbs_eval_set *set,
                                                      struct hbs_eval_curve **out)
    HBS_NONNULL(1, 2, 3);
HBS_API void hbs_eval_curve_close(struct hbs_eval_curve *curve);

/* All rates. Intervals: percentile bootstrap (Efron and Tibshirani 1993, ch. 13) over fingers, not
 * over pairs, because pairs that share a finger are not independent (Bolle, Ratha, Pankanti, "Error
 * analysis of pattern recognition systems: the subsets bootstrap", CVIU 93, 2004). Fingers are drawn
 * with replacement; a pair counts as often as the product of its two fingers' multiplicities (a
 * genuine pair as often as its one finger's): Owen, "The pigeonhole bootstrap", Ann. Appl. Stat.
 * 1:2, 2007. A draw that leaves no genuine or no impostor pair is drawn again; a set with fewer than
 * two fingers has no intervals. */
HBS_API HBS_MUST_USE enum hbs_err hbs_eval_measure(const struct hbs_eval_curve *curve,
                                                   const struct hbs_eval_options *options,
                                                   struct hbs_eval_result *out) HBS_NONNULL(1, 2, 3);

/* FMR and FNMR at a threshold. */
HBS_API void hbs_eval_rates_at(const struct hbs_eval_curve *curve, double threshold, double *fmr,
                               double *fnmr) HBS_NONNULL(1, 3, 4);

/* Appends a DET plot (Martin et al., "The DET curve in assessment of detection task performance",
 * Eurospeech 1997: both axes in normal deviates) as SVG, with each curve's EER marked. Up to
 * HBS_EVAL_CURVES curves; `names` are for the key. Reads well on light and on dark. */
#define HBS_EVAL_CURVES 6
HBS_API HBS_MUST_USE enum hbs_err hbs_eval_det_svg(const struct hbs_eval_curve *const *curves,
                                                   const char *const *names, size_t count,
                                                   struct hbs_buf *out) HBS_NONNULL(1, 2, 4);

/* ---- Pictures of a folder -------------------------------------------------------------------- */

#define HBS_EVAL_PICTURES_MAX 65536u

/* The pictures of a folder that are called FINGER_IMPRESSION.anything, one a stem: of several files
 * with one stem the first in the order of their names whose content is a picture (habeas/image.h).
 * All else in the folder is passed over and counted: other files, names without an underscore,
 * hidden ones, folders. An owner; its texts live as long as it does. */
struct hbs_eval_folder;

/* HBS_ERR_NOT_FOUND without any such picture or folder. */
HBS_API HBS_MUST_USE enum hbs_err hbs_eval_folder_open(struct hbs_ctx *ctx, const char *path,
                                                       struct hbs_eval_folder **out)
    HBS_NONNULL(1, 2, 3);
HBS_API void hbs_eval_folder_close(struct hbs_eval_folder *folder);
HBS_API size_t hbs_eval_folder_count(const struct hbs_eval_folder *folder) HBS_NONNULL(1);
/* In the order of hbs_eval_name_order. */
HBS_API const char *hbs_eval_folder_name(const struct hbs_eval_folder *folder, size_t i) HBS_NONNULL(1);
HBS_API const char *hbs_eval_folder_path(const struct hbs_eval_folder *folder, size_t i) HBS_NONNULL(1);
HBS_API size_t hbs_eval_folder_passed(const struct hbs_eval_folder *folder) HBS_NONNULL(1);

/* Order of two names: by finger, then by impression, runs of digits as numbers ("f_2" before
 * "f_10"). Below, at or above 0. Total: 0 for equal names only. */
HBS_API int hbs_eval_name_order(const char *a, const char *b) HBS_NONNULL(1, 2);

/* ---- Running a matcher ----------------------------------------------------------------------- */

/* Which pairs are compared. Genuine: all pairs of one finger's prints (both protocols). Impostor: */
enum hbs_eval_protocol {
    HBS_EVAL_FVC = 0, /* the fingers' first prints against each other (Maio et al., PAMI 24:3, 2002) */
    HBS_EVAL_FULL = 1 /* all pairs of prints of different fingers */
};

/* A matcher as a table of functions, so that one engine serves every modality. A state belongs to
 * one thread; `ctx` is that thread's own and outlives the state. What extract and prepare made is
 * freed with the state of the thread that made it. Scores must be finite and not below `lowest`. */
struct hbs_eval_matcher {
    void *user;
    double lowest; /* the score of a pair one of whose extractions failed */
    enum hbs_err (*open)(void *user, struct hbs_ctx *ctx, void **state);
    void (*close)(void *state);
    /* Picture file to template. HBS_ERR_NO_MEMORY, _BUG, _BUSY and _INCOMPLETE end the run; any other
     * error is a failed extraction. */
    enum hbs_err (*extract)(void *state, const char *path, void **sample);
    /* Template to what compare takes; its time counts as comparison, once a probe. */
    enum hbs_err (*prepare)(void *state, const void *sample, void **print);
    /* Any error ends the run. */
    enum hbs_err (*compare)(void *state, const void *probe, const void *candidate, double *score);
    void (*free_sample)(void *state, void *sample);
    void (*free_print)(void *state, void *print);
    /* CPU seconds that other processes (a confined decoder) have spent for this state so far. NULL:
     * not known; extraction is then timed by the wall clock. */
    double (*elsewhere)(void *state);
};

struct hbs_eval_run_options {
    enum hbs_eval_protocol protocol;
    unsigned threads;  /* 0: all processors; changes no score */
    bool timing;       /* measure the speeds, on one thread, after the scores */
    double seconds;    /* of comparisons timed at least; usual 1 */
    void *user;        /* for the two below, which are called by the calling thread only */
    void (*progress)(void *user, const char *what, size_t done, size_t total); /* may be NULL */
    void (*failed)(void *user, const char *path, enum hbs_err err, const char *what); /* may be NULL */
};

struct hbs_eval_speed {
    size_t failed;                /* extractions */
    /* Median over the pictures (at most 200 of them, evenly taken) of reading, decoding and
     * extraction on one thread: its CPU time and that spent elsewhere, or wall time (see above).
     * 0 when not measured. */
    double extract_ms;
    bool extract_wall;            /* it is wall time */
    /* Comparisons a second of thread CPU time, each probe's preparation included once for its
     * genuine and once for its impostor candidates; pairs with a failed extraction are not compared
     * and not counted. 0 when not measured. */
    double compares_per_s, genuine_per_s, impostor_per_s;
};

/* Extracts the pictures, compares the protocol's pairs and adds names and scores to `set`, which must
 * be empty. names must be in the order of hbs_eval_name_order, each FINGER_IMPRESSION and once.
 * Scores do not depend on the threads or on the rest of the set. HBS_ERR_LIMIT when the protocol has
 * more pairs than a set may hold (said before any work). */
HBS_API HBS_MUST_USE enum hbs_err hbs_eval_run(struct hbs_ctx *ctx,
                                               const struct hbs_eval_matcher *matcher,
                                               const char *const *names, const char *const *paths,
                                               size_t count,
                                               const struct hbs_eval_run_options *options,
                                               struct hbs_eval_set *set, struct hbs_eval_speed *out)
    HBS_NONNULL(1, 2, 3, 4, 6, 7, 8);

#ifdef __cplusplus
}
#endif
#endif
