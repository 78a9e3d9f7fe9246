/* SPDX-License-Identifier: MPL-2.0
 *
 * habeas/score.h: what a matcher's raw score means: a log10 likelihood ratio (LLR) and a false match
 * rate (FMR), calibrated on scores of known pairs, and never more than those scores support.
 *
 *   hbs_score_train      scores of known pairs -> table (isotonic or logistic)
 *   hbs_score_llr, _fmr  table, raw score -> what it means
 *   hbs_score_logistic_* several features -> one LLR
 *   hbs_score_cllr, _cllr_min   how good LLRs are
 *   hbs_score_fuse       a person's fingers -> one LLR
 *   hbs_score_expected_false    how many false candidates to expect
 *
 * An LLR is log10 of P(score | same finger) / P(score | different fingers): +3 says the score is a
 * thousand times more probable if it is the same finger. It is evidence, not a probability that it is
 * the same finger, which also depends on everything else that is known.
 *
 * A raw score is a similarity: higher is more alike. All functions are pure; tables may be shared
 * between threads. Reading a table uses no mathematical library, so its answers are the same on every
 * machine.
 */
#ifndef HABEAS_SCORE_H
#define HABEAS_SCORE_H

#include "habeas/base.h"

#ifdef __cplusplus
extern "C" {
#endif

#define HBS_SCORE_SAMPLES_MAX 33554432u  /* scores to train on */
#define HBS_SCORE_KNOTS_MAX 1024u        /* of a table */
#define HBS_SCORE_NAME_MAX 63u           /* bytes of a table's name */
#define HBS_SCORE_TABLE_BYTES_MAX 262144u
#define HBS_SCORE_GROUPS_MAX 65536u      /* of a cross-validation */
#define HBS_SCORE_FEATURES_MAX 32u       /* of a logistic regression */

/* ---- Tables ---------------------------------------------------------------------------------- */

/* What a raw score means: at the knot the LLR is `llr`, and `fmr` is the FMR of the threshold `raw`. */
struct hbs_score_knot {
    double raw, llr, fmr;
};

/* A calibration: plain data, so that it can be compiled in as a C table. `raw` rises strictly, `llr`
 * never falls, `fmr` never rises and lies in (0, 1]. */
struct hbs_score_table {
    char name[HBS_SCORE_NAME_MAX + 1];    /* letters, digits, . _ - */
    uint64_t genuine, impostor;           /* pairs it was trained on */
    double genuine_units, impostor_units; /* independent units they count as (see training) */
    double impostor_most;                 /* the highest impostor score */
    uint32_t count;
    const struct hbs_score_knot *knots;
};

/* LLR of a raw score: straight lines between the knots, level beyond them; never falls with rising
 * score. A table without knots, or a score that is not a number, says nothing: 0. */
HBS_API double hbs_score_llr(const struct hbs_score_table *table, double raw) HBS_NONNULL(1);
/* FMR of a raw score taken as a threshold: that of the highest knot at or below it, so between knots
 * it errs to the high side; 1 below the first knot. The value at a knot is (k + 1)/(n + 1) with k of n
 * impostor scores at or above it: the probability that one more impostor, drawn like the n, scores so
 * high (order statistics; David and Nagaraja 2003, 2.5). It never falls below 1/(n + 1). */
HBS_API double hbs_score_fmr(const struct hbs_score_table *table, double raw) HBS_NONNULL(1);
/* Whether that FMR is only an upper bound: no impostor was seen so high. */
HBS_API bool hbs_score_fmr_is_bound(const struct hbs_score_table *table, double raw) HBS_NONNULL(1);

/* The calibration of habeas/finger.h's raw scores: sets of optical, capacitive, thermal-sweep and
 * synthetic prints, each scored with numbers that were chosen without it (src/score/finger.c). */
HBS_API extern const struct hbs_score_table hbs_score_finger;

/* HBS_ERR_FORMAT when the table breaks the rules above, with the knot in the message. */
HBS_API HBS_MUST_USE enum hbs_err hbs_score_table_check(struct hbs_ctx *ctx,
                                                        const struct hbs_score_table *table)
    HBS_NONNULL(1, 2);
/* Frees the knots of a table that hbs_score_train or hbs_score_table_read made with `ctx`; not for
 * compiled-in tables. */
HBS_API void hbs_score_table_close(struct hbs_ctx *ctx, struct hbs_score_table *table) HBS_NONNULL(1, 2);

/* The text form: lines `habeas-score 1`, `name N`, `pairs GENUINE IMPOSTOR`, `units G I`,
 * `impostor-most R`, `knots COUNT`, then COUNT lines `raw llr fmr`, then `end`. Numbers read back bit
 * for bit. */
HBS_API HBS_MUST_USE enum hbs_err hbs_score_table_write(const struct hbs_score_table *table,
                                                        struct hbs_buf *out) HBS_NONNULL(1, 2);
/* The same as C: a definition `const struct hbs_score_table SYMBOL` to be compiled in. */
HBS_API HBS_MUST_USE enum hbs_err hbs_score_table_write_c(const struct hbs_score_table *table,
                                                          const char *symbol, struct hbs_buf *out)
    HBS_NONNULL(1, 2, 3);
/* HBS_ERR_FORMAT (with the line in "where") or HBS_ERR_LIMIT; checks what hbs_score_table_check does. */
HBS_API HBS_MUST_USE enum hbs_err hbs_score_table_read(struct hbs_ctx *ctx, const void *data, size_t size,
                                                       struct hbs_score_table *out) HBS_NONNULL(1, 2, 4);

/* ---- Training -------------------------------------------------------------------------------- */

struct hbs_score_sample {
    double raw;
    uint32_t group; /* the set it comes from, for cross-validation */
    bool genuine;
};

enum hbs_score_method {
    /* Pool adjacent violators (Ayer et al., Ann. Math. Stat. 26, 1955) as optimal calibration: Bruemmer
     * and du Preez, "Application-independent evaluation of speaker detection", CSL 20, 2006. One
     * further genuine and one further impostor unit at either end (Laplace's rule) keep both ends
     * finite. */
    HBS_SCORE_ISOTONIC = 0,
    /* LLR = a + b * raw, by prior-weighted logistic regression (below); level where it leaves the
     * bounds. */
    HBS_SCORE_LOGISTIC = 1
};

/* With both methods the LLR is cut to what the data support: the empirical lower and upper bounds of
 * Vergeer, van Es, de Jongh, Alberink and Stoel, "Numerical likelihood ratios outputted by LR systems
 * are often based on extrapolation: when to stop extrapolating?", Sci. Justice 56:6, 2016: an LLR is
 * used only as far as the Bayes error rate with one further misleading unit on each side stays below
 * that of not using the score at all. It follows that -log10(genuine_units + 1) <= LLR <=
 * log10(impostor_units + 1).
 * Pairs that share fingers are not independent. The units say as how many independent ones they
 * count: the numbers of pairs are the most that can be said, the numbers of fingers and of pairs of
 * fingers the careful choice. */
struct hbs_score_training {
    const char *name;
    enum hbs_score_method method;
    double genuine_units, impostor_units; /* 0: the numbers of pairs */
};

/* HBS_ERR_FORMAT without samples of both kinds or with a score that is not finite. */
HBS_API HBS_MUST_USE enum hbs_err hbs_score_train(struct hbs_ctx *ctx,
                                                  const struct hbs_score_sample *samples, size_t count,
                                                  const struct hbs_score_training *training,
                                                  struct hbs_score_table *out) HBS_NONNULL(1, 2, 4, 5);

/* Leave-one-group-out: llr[i] is the LLR of sample i under the table trained on all other groups (the
 * units shrink in proportion). HBS_ERR_FORMAT with fewer than two groups, or when the rest of some
 * group lacks a kind. */
HBS_API HBS_MUST_USE enum hbs_err hbs_score_cross(struct hbs_ctx *ctx,
                                                  const struct hbs_score_sample *samples, size_t count,
                                                  const struct hbs_score_training *training, double *llr)
    HBS_NONNULL(1, 2, 4, 5);

/* The bounds themselves: LLRs of genuine and of impostor pairs, each sorted upwards. */
HBS_API void hbs_score_elub(const double *genuine, size_t genuine_count, double genuine_units,
                            const double *impostor, size_t impostor_count, double impostor_units,
                            double *lower, double *upper) HBS_NONNULL(1, 4, 7, 8);

/* Isotonic regression: the non-decreasing fit to value[i] with weight[i] > 0 that is nearest in
 * weighted squares. O(n). fit may be value. */
HBS_API HBS_MUST_USE enum hbs_err hbs_score_pav(struct hbs_ctx *ctx, const double *value,
                                                const double *weight, size_t count, double *fit)
    HBS_NONNULL(1, 2, 3, 5);

/* ---- Measures -------------------------------------------------------------------------------- */

/* Cllr in bits (Bruemmer and du Preez 2006, eq. 27): 0 perfect, 1 as good as saying nothing. `llr` is
 * log10. NAN without LLRs of both kinds. */
HBS_API double hbs_score_cllr(const double *llr, const bool *genuine, size_t count) HBS_NONNULL(1, 2);
/* Cllr after the best monotone recalibration: what discrimination alone costs. */
HBS_API HBS_MUST_USE enum hbs_err hbs_score_cllr_min(struct hbs_ctx *ctx, const double *score,
                                                     const bool *genuine, size_t count, double *out)
    HBS_NONNULL(1, 2, 3, 5);

/* ---- Logistic regression --------------------------------------------------------------------- */

struct hbs_score_logistic_options {
    double prior; /* effective prior of "genuine"; 0: 0.5 */
    double ridge; /* of the standardised weights; 0: none. With separable data only a ridge has an end */
};

/* llr = (bias + sum weight[j] * x[j]) in log10. */
struct hbs_score_logistic {
    uint32_t features;
    double bias, weight[HBS_SCORE_FEATURES_MAX];
    double gradient;     /* largest component at the end, in standardised features */
    uint32_t iterations;
};

/* Fits by Newton's method (iteratively reweighted least squares) the weights that minimise
 *   prior/G sum_genuine log(1 + exp(-l - o)) + (1 - prior)/I sum_impostor log(1 + exp(l + o))
 *   + ridge/2 |w|^2,   o = logit(prior)
 * so that l is a natural log LR whatever the numbers of pairs (Bruemmer et al., "Fusion of heterogeneous
 * speaker recognition systems", IEEE TASLP 15:7, 2007). x has `count` rows of `features` values.
 * HBS_ERR_FORMAT without both kinds or with values that are not finite, HBS_ERR_INCOMPLETE when it does
 * not converge (separable data without a ridge). */
HBS_API HBS_MUST_USE enum hbs_err hbs_score_logistic_fit(struct hbs_ctx *ctx, const double *x,
                                                         const bool *genuine, size_t count,
                                                         uint32_t features,
                                                         const struct hbs_score_logistic_options *options,
                                                         struct hbs_score_logistic *out)
    HBS_NONNULL(1, 2, 3, 6, 7);
HBS_API double hbs_score_logistic_llr(const struct hbs_score_logistic *model, const double *x)
    HBS_NONNULL(1, 2);
/* Leave-one-group-out as hbs_score_cross: llr[i] from the model of all other groups. */
HBS_API HBS_MUST_USE enum hbs_err hbs_score_logistic_cross(
    struct hbs_ctx *ctx, const double *x, const bool *genuine, const uint32_t *group, size_t count,
    uint32_t features, const struct hbs_score_logistic_options *options, double *llr)
    HBS_NONNULL(1, 2, 3, 4, 7, 8);

/* ---- Fusion and galleries -------------------------------------------------------------------- */

/* The dependence assumed between fingers of one person where none was measured: a careful choice, not
 * a measurement. */
#define HBS_SCORE_RHO_UNMEASURED 0.5

struct hbs_score_fusion {
    double rho;         /* dependence between fingers, 0 (independent) to 1 (one finger says it all) */
    double least, most; /* bounds of the sum, both 0: none */
};

/* One LLR from a person's fingers. llr[i] is NAN for a finger that is missing or was not compared: it
 * says nothing, for or against. Evidence for and evidence against are each sorted by strength and
 * summed with falling weights w_k = n(k) - n(k - 1), n(k) = k / (1 + (k - 1) rho): k equal LLRs count as
 * n(k) independent ones (Kish's design effect, Survey Sampling 1965, 8.2, with rho the intraclass
 * correlation). Rises with each LLR; a finger of LLR 0 changes nothing; rho = 0 is the plain sum.
 * count at most 64. No finger: 0. */
HBS_API double hbs_score_fuse(const double *llr, size_t count, const struct hbs_score_fusion *fusion)
    HBS_NONNULL(1, 3);

/* Measures rho: the one-way intraclass correlation of llr[person * fingers + finger] (Fisher; ICC(1) of
 * Shrout and Fleiss 1979), of genuine comparisons, NAN where missing; cut to [0, 1]. NAN when fewer than
 * two people have two fingers. */
HBS_API double hbs_score_dependence(const double *llr, size_t persons, size_t fingers) HBS_NONNULL(1);

/* How many people of a gallery who are not the one sought are expected at or above the threshold:
 * gallery * FMR(raw). An upper bound where hbs_score_fmr_is_bound says so. */
HBS_API double hbs_score_expected_false(const struct hbs_score_table *table, double raw, double gallery)
    HBS_NONNULL(1);
/* The same where there is no table of raw scores (fused LLRs): gallery * 10^-llr, at most the gallery.
 * An upper bound for calibrated LLRs: the mean LR of impostors is 1, so by Markov's inequality at most a
 * share 1/t of them reaches t. */
HBS_API double hbs_score_expected_false_llr(double llr, double gallery);

#ifdef __cplusplus
}
#endif
#endif
