/* SPDX-License-Identifier: MPL-2.0 */
/* Made by bench/tune_finger; included by tuning.c. */
const struct fx_tuning fx_tuning_shipped = {
    .fine = {0.8f, 1.3f, 0.8f}, .wide = {1.2f, 1.6f, 1.2f},
    .least_worth = 0.35f,
    .worth = {2.64129f, 1.62362f, 0.80745f, 1.42246f, 1.02234f, -1.26934f, -0.0670316f, -0.553578f,
        1.12307f, 0.314578f, -0.0176882f, -0.380281f, -0.458974f, -0.228631f, 0.197108f, -2.1107f,
        -0.372404f, 0.0199421f, 0.210604f, -5.37794f},
};
const struct fm_tuning fm_tuning_shipped = {
    .deviation = 8.5f,
    .deviation_angle = 0.52f,
    .threshold = 0.007f,
    .support = 6.0f,
    .near_first = 14.0f,
    .near_second = 12.0f,
    .weight = {4.18535f, 0.971461f, -0.079454f, 0.130022f, -1.2358f, -0.216412f, 0.181499f, 0.197866f,
        0.155572f, 0.346339f, 0.766429f, -0.219866f, -0.329007f, 1.5108f, 0.412391f, 0.88134f,
        -0.785513f, 3.27457f},
};
