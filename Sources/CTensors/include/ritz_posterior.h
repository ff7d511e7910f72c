#ifndef RITZ_POSTERIOR_H
#define RITZ_POSTERIOR_H

#include <stdint.h>

// Standard normal numbers in groups of RITZ_NORMAL_GROUP: element i of group g is a function of the key, the stream, g and i only. Four
// 32-bit words of Philox4x32-10 at counter g RITZ_NORMAL_GROUP/4 + j give the elements j, 64 + j, 128 + j and 192 + j, in two pairs by the
// method of Box and Muller in single precision: |x| ≤ 6.77, and the distribution function is within 1e-7 of the normal one.
#define RITZ_NORMAL_GROUP 256
void ritz_normal_groups(uint32_t key0, uint32_t key1, uint64_t stream, uint64_t first, long groups, float *result);

// What a step of RMSprop on mean and log-deviation of independent normal weights needs to know.
typedef struct {
  double rate;         // η
  double smoothing;    // α of v ← αv + (1 − α) g²
  double epsilon;      // of η g/(√v + ε)
  double scale;        // of the gradient that is given
  double divergence;   // ∂bound/∂KL
  double precision;    // 1/λ of the prior
} ritz_posterior_step;

// With d = noisy − mean: the gradients s g + c (mean − prior)/λ of the mean and s g d + c (deviation²/λ − 1) of the
// log-deviation, s the scale, c = ∂bound/∂KL, and a step of RMSprop along each.
void ritz_posterior_step_s(const ritz_posterior_step *step, const float *gradient, const float *noisy, const float *prior,
                           const float *deviation, float *mean, float *logarithm, float *mean_square,
                           float *logarithm_square, long n);
void ritz_posterior_step_d(const ritz_posterior_step *step, const double *gradient, const double *noisy,
                           const double *prior, const double *deviation, double *mean, double *logarithm,
                           double *mean_square, double *logarithm_square, long n);

// result = mean + deviation ⊙ normal
void ritz_perturb_s(const float *mean, const float *deviation, const float *normal, float *result, long n);
void ritz_perturb_d(const double *mean, const double *deviation, const float *normal, double *result, long n);

// sums = Σ (mean − prior)², Σ deviation², Σ logarithm, accumulated in double in an order that depends on n only.
void ritz_posterior_sums_s(const float *mean, const float *prior, const float *deviation, const float *logarithm, long n,
                           double *sums);
void ritz_posterior_sums_d(const double *mean, const double *prior, const double *deviation, const double *logarithm,
                           long n, double *sums);

#endif
