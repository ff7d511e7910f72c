// Kernels of normal weights that are trained: fast normal numbers, and the elementwise steps over mean and deviation.

#include "ritz_posterior.h"

#include <math.h>
#include <string.h>

#include "ritz_dispatch.h"

#define INLINE static inline __attribute__((always_inline))
#define BLOCKS (RITZ_NORMAL_GROUP / 4)

// −2 log u for u = (word + ½) 2⁻³², in single precision: u = 2^n m with √½ ≤ m < √2.
INLINE float minus_two_logarithms(uint32_t word) {
  float u = ((float)word + 0.5f) * 0x1p-32f;
  uint32_t pattern;
  memcpy(&pattern, &u, sizeof pattern);
  uint32_t moved = pattern + (0x3f800000u - 0x3f3504f3u);
  float n = (float)((int32_t)(moved >> 23) - 127);
  uint32_t fraction = (moved & 0x7fffffu) + 0x3f3504f3u;
  float m;
  memcpy(&m, &fraction, sizeof m);
  float f = m - 1;
  // (log(1 + f) − f + f²/2)/f³
  float y = -0x1.428300p-4f;
  y = y * f + 0x1.08319cp-3f;
  y = y * f - 0x1.0cf088p-3f;
  y = y * f + 0x1.2261d8p-3f;
  y = y * f - 0x1.5475dep-3f;
  y = y * f + 0x1.99a60ep-3f;
  y = y * f - 0x1.00022ap-2f;
  y = y * f + 0x1.55554ap-2f;
  float square = f * f;
  float logarithm = n * 0x1.62e430p-1f + (f - (0.5f * square - square * f * y));
  float result = -2 * logarithm;
  return result > 0 ? result : 0;
}

// Sine and cosine of 2π word/2³²: the nearest quarter turn, and polynomials in what is left, at most π/4.
INLINE void sine_cosine(uint32_t word, float *sine, float *cosine) {
  uint32_t quarter = (word + 0x20000000u) >> 30;
  float r = (float)(int32_t)(word - (quarter << 30)) * (float)(1.5707963267948966 / 0x1p30);
  float z = r * r;
  float s = 2.7525562e-6f;
  s = s * z - 1.9840874e-4f;
  s = s * z + 8.3333310e-3f;
  s = s * z - 1.6666667e-1f;
  s = r + r * z * s;
  float c = 2.4433157e-5f;
  c = c * z - 1.3887316e-3f;
  c = c * z + 4.1666646e-2f;
  c = 1 - 0.5f * z + z * z * c;
  int swap = quarter & 1;
  float x = swap ? s : c, y = swap ? c : s;
  *cosine = ((quarter + 1) & 2) ? -x : x;
  *sine = (quarter & 2) ? -y : y;
}

RITZ_CLONES void ritz_normal_groups(uint32_t key0, uint32_t key1, uint64_t stream, uint64_t first, long groups,
                                    float *result) {
  for (long group = 0; group < groups; group++) {
    uint32_t c0[BLOCKS], c1[BLOCKS], c2[BLOCKS], c3[BLOCKS];
    uint64_t start = (first + (uint64_t)group) * BLOCKS;
    for (int j = 0; j < BLOCKS; j++) {
      c0[j] = (uint32_t)(start + (uint64_t)j);
      c1[j] = (uint32_t)((start + (uint64_t)j) >> 32);
      c2[j] = (uint32_t)stream;
      c3[j] = (uint32_t)(stream >> 32);
    }
    uint32_t k0 = key0, k1 = key1;
    for (int round = 0; round < 10; round++) {
      for (int j = 0; j < BLOCKS; j++) {
        uint64_t p0 = (uint64_t)0xd2511f53u * c0[j];
        uint64_t p1 = (uint64_t)0xcd9e8d57u * c2[j];
        uint32_t d1 = c1[j], d3 = c3[j];
        c0[j] = (uint32_t)(p1 >> 32) ^ d1 ^ k0;
        c1[j] = (uint32_t)p1;
        c2[j] = (uint32_t)(p0 >> 32) ^ d3 ^ k1;
        c3[j] = (uint32_t)p0;
      }
      k0 += 0x9e3779b9u;
      k1 += 0xbb67ae85u;
    }
    float *x = result + group * RITZ_NORMAL_GROUP;
    for (int j = 0; j < BLOCKS; j++) {
      float sine, cosine;
      float radius = __builtin_elementwise_sqrt(minus_two_logarithms(c0[j]));
      sine_cosine(c1[j], &sine, &cosine);
      x[j] = radius * cosine;
      x[BLOCKS + j] = radius * sine;
    }
    for (int j = 0; j < BLOCKS; j++) {
      float sine, cosine;
      float radius = __builtin_elementwise_sqrt(minus_two_logarithms(c2[j]));
      sine_cosine(c3[j], &sine, &cosine);
      x[2 * BLOCKS + j] = radius * cosine;
      x[3 * BLOCKS + j] = radius * sine;
    }
  }
}

#define POSTERIOR(suffix, scalar, root)                                                                              \
  RITZ_CLONES void ritz_posterior_step_##suffix(                                                                     \
      const ritz_posterior_step *step, const scalar *restrict gradient, const scalar *restrict noisy,                \
      const scalar *restrict prior, const scalar *restrict deviation, scalar *restrict mean,                         \
      scalar *restrict logarithm, scalar *restrict mean_square, scalar *restrict logarithm_square, long n) {         \
    scalar rate = (scalar)step->rate, kept = (scalar)step->smoothing, added = (scalar)(1 - step->smoothing);         \
    scalar epsilon = (scalar)step->epsilon, c = (scalar)step->divergence;                                            \
    scalar scaled = (scalar)(step->divergence * step->precision), scale = (scalar)step->scale;                       \
    for (long i = 0; i < n; i++) {                                                                                   \
      scalar w = mean[i], g = scale * gradient[i], sigma = deviation[i];                                             \
      scalar of_mean = g + scaled * (w - prior[i]);                                                                  \
      scalar of_logarithm = g * (noisy[i] - w) + (scaled * sigma * sigma - c);                                       \
      scalar v = kept * mean_square[i] + added * of_mean * of_mean;                                                  \
      scalar u = kept * logarithm_square[i] + added * of_logarithm * of_logarithm;                                   \
      mean_square[i] = v;                                                                                            \
      logarithm_square[i] = u;                                                                                       \
      mean[i] = w - rate * of_mean / (root(v) + epsilon);                                                            \
      logarithm[i] -= rate * of_logarithm / (root(u) + epsilon);                                                     \
    }                                                                                                                \
  }                                                                                                                  \
  RITZ_CLONES void ritz_perturb_##suffix(const scalar *restrict mean, const scalar *restrict deviation,              \
                                         const float *restrict normal, scalar *restrict result, long n) {            \
    for (long i = 0; i < n; i++) result[i] = mean[i] + deviation[i] * (scalar)normal[i];                             \
  }                                                                                                                  \
  RITZ_CLONES void ritz_posterior_sums_##suffix(const scalar *mean, const scalar *prior, const scalar *deviation,    \
                                                const scalar *logarithm, long n, double *sums) {                     \
    double a[8] = {0}, b[8] = {0}, c[8] = {0};                                                                       \
    long i = 0;                                                                                                      \
    for (; i + 8 <= n; i += 8) {                                                                                     \
      for (int l = 0; l < 8; l++) {                                                                                  \
        double move = (double)mean[i + l] - (double)prior[i + l], sigma = (double)deviation[i + l];                  \
        a[l] += move * move;                                                                                         \
        b[l] += sigma * sigma;                                                                                       \
        c[l] += (double)logarithm[i + l];                                                                            \
      }                                                                                                              \
    }                                                                                                                \
    for (int l = 0; i < n; i++, l++) {                                                                               \
      double move = (double)mean[i] - (double)prior[i], sigma = (double)deviation[i];                                \
      a[l] += move * move;                                                                                           \
      b[l] += sigma * sigma;                                                                                         \
      c[l] += (double)logarithm[i];                                                                                  \
    }                                                                                                                \
    sums[0] = ((a[0] + a[4]) + (a[2] + a[6])) + ((a[1] + a[5]) + (a[3] + a[7]));                                     \
    sums[1] = ((b[0] + b[4]) + (b[2] + b[6])) + ((b[1] + b[5]) + (b[3] + b[7]));                                     \
    sums[2] = ((c[0] + c[4]) + (c[2] + c[6])) + ((c[1] + c[5]) + (c[3] + c[7]));                                     \
  }
POSTERIOR(s, float, __builtin_elementwise_sqrt)
POSTERIOR(d, double, __builtin_elementwise_sqrt)
