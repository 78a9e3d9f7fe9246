/* Made by bench/tune_finger; included by tuning.c. */
const struct fx_tuning fx_tuning_shipped = {
    .fine = {0.8f, 1.3f, 0.8f}, .wide = {1.2f, 1.6f, 1.2f}, .least_worth = 0.35f,
    .worth = {0.5456,0.8411,1.0144,0.9924,0.4301,-1.0598,-0.0754,-0.2210,0.4085,0.6376,0.1951,-0.2824,-0.5421,-0.4286,0.0802,-1.0111,-0.4269,-0.0166,0.2504,-2.0947},
};
const struct fm_tuning fm_tuning_shipped = {
    .deviation = 8.5f, .deviation_angle = 0.52f, .threshold = 0.007f, .support = 6,
    .near_first = 14, .near_second = 12,
    .weight = {0},
};
