// The transcendental steps in single precision: constants and polynomials. The polynomials minimise the largest weighted error
// (Remez exchange in 50 digits); `error` is that maximum before the coefficients were rounded to float.

#include <math.h>
#include <stdint.h>
#include <string.h>

#include "elementwise_steps.h"

#define INLINE static inline __attribute__((always_inline))
#define STEP(name, expression) RITZ_STEP_1(ritz_##name##_s, float, expression)

typedef float scalar;
typedef uint32_t bits;

#define FRACTION_BITS 23
#define EXPONENT_BIAS 127
#define SMALLEST_NORMAL 0x1p-126f
#define HALF_EPSILON 0x1p-25f
// Adding it leaves a number rounded to an integer, in two's complement, in the lowest bits.
#define SHIFTER 0x1.8p23f
// An integer below 2^23 in its lowest bits is added to it.
#define INTEGER_BASE 0x1p23f
// 1/log 2, and log 2 in two parts of which the first, times any exponent, is exact.
#define LOG2_E 0x1.715476p+0f
#define LOG_2_HIGH 0x1.62ep-1f
#define LOG_2_LOW 0x1.0bfbe8p-15f
// The bits of √½.
#define ROOT_HALF_BITS 0x3f3504f3
// Beyond these, exp is 0 or infinite, exp − 1 is −1, tanh and erf are ±1.
#define EXPONENTIAL_LOWEST -104
#define EXPONENTIAL_HIGHEST 89
#define EXPONENTIAL_MINUS_ONE_LOWEST -20
#define TANH_HIGHEST 10
#define ERF_HIGHEST 3.95f
// Brings every subnormal number into the normal range.
#define SUBNORMAL_SCALE 0x1p25f
#define SUBNORMAL_EXPONENT 25

// (exp(r) − 1 − r)/r² for |r| ≤ log(2)/2; error 2^-28 of exp(r).
INLINE float exponential_polynomial(float r) {
  float y = 0x1.6db4d0p-10f;
  y = y * r + 0x1.123bd0p-7f;
  y = y * r + 0x1.55545ep-5f;
  y = y * r + 0x1.55548ep-3f;
  y = y * r + 0x1.000000p-1f;
  return y;
}

// (log(1 + f) − f + f²/2)/f³ for √½ − 1 ≤ f ≤ √2 − 1; error 2^-27 of log(1 + f).
INLINE float log_polynomial(float f) {
  float y = -0x1.428300p-4f;
  y = y * f + 0x1.08319cp-3f;
  y = y * f - 0x1.0cf088p-3f;
  y = y * f + 0x1.2261d8p-3f;
  y = y * f - 0x1.5475dep-3f;
  y = y * f + 0x1.99a60ep-3f;
  y = y * f - 0x1.00022ap-2f;
  y = y * f + 0x1.55554ap-2f;
  return y;
}

// f³ times that: log(1 + f) = f − f²/2 + log_remainder.
INLINE float log_remainder(float f, float half_square) {
  (void)half_square;
  return f * f * f * log_polynomial(f);
}

// erf(x)/x − 1 in z = x² for |x| ≤ 0.9; error 2^-26.
INLINE float erf_polynomial(float z) {
  float y = -0x1.406860p-11f;
  y = y * z + 0x1.48be62p-8f;
  y = y * z - 0x1.b6cbb0p-6f;
  y = y * z + 0x1.ce1ec2p-4f;
  y = y * z - 0x1.812700p-2f;
  y = y * z + 0x1.06eba6p-3f;
  return y;
}

// −log(1 − erf(a)) for 0.89 ≤ a ≤ 3.95; error 2^-29 of erf(a).
INLINE float erf_exponent(float a) {
  float y = -0x1.9fd266p-13f;
  y = y * a + 0x1.91e7cap-9f;
  y = y * a - 0x1.6dae1ep-6f;
  y = y * a + 0x1.aa7e2ep-4f;
  y = y * a + 0x1.461fd8p-1f;
  y = y * a + 0x1.20b7f8p+0f;
  y = y * a + 0x1.575766p-13f;
  return y;
}

#include "elementwise_math.h"
