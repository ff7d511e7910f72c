// The transcendental steps in double precision: constants and polynomials. The polynomials minimise the largest weighted error
// (Remez exchange in 50 digits); `error` is that maximum before the coefficients were rounded to double.

#include <math.h>
#include <stdint.h>
#include <string.h>

#include "elementwise_steps.h"

#define INLINE static inline __attribute__((always_inline))
#define STEP(name, expression) RITZ_STEP_1(ritz_##name##_d, double, expression)

typedef double scalar;
typedef uint64_t bits;

#define FRACTION_BITS 52
#define EXPONENT_BIAS 1023
#define SMALLEST_NORMAL 0x1p-1022
#define HALF_EPSILON 0x1p-54
// Adding it leaves a number rounded to an integer, in two's complement, in the lowest bits.
#define SHIFTER 0x1.8p52
// An integer below 2^52 in its lowest bits is added to it.
#define INTEGER_BASE 0x1p52
// 1/log 2, and log 2 in two parts of which the first, times any exponent, is exact.
#define LOG2_E 0x1.71547652b82fep+0
#define LOG_2_HIGH 0x1.62e42fefa3p-1
#define LOG_2_LOW 0x1.3de6af278ece6p-42
// The bits of √½.
#define ROOT_HALF_BITS 0x3fe6a09e667f3bcd
// Beyond these, exp is 0 or infinite, exp − 1 is −1, tanh and erf are ±1.
#define EXPONENTIAL_LOWEST -746
#define EXPONENTIAL_HIGHEST 710
#define EXPONENTIAL_MINUS_ONE_LOWEST -40
#define TANH_HIGHEST 20
#define ERF_HIGHEST 5.95
// Brings every subnormal number into the normal range.
#define SUBNORMAL_SCALE 0x1p54
#define SUBNORMAL_EXPONENT 54

// (exp(r) − 1 − r)/r² for |r| ≤ log(2)/2; error 2^-58 of exp(r).
INLINE double exponential_polynomial(double r) {
  double y = 0x1.af85ce3f4998cp-26;
  y = y * r + 0x1.28b08651150fbp-22;
  y = y * r + 0x1.71dddfa50f66ap-19;
  y = y * r + 0x1.a019965a904f5p-16;
  y = y * r + 0x1.a01a01baf08d6p-13;
  y = y * r + 0x1.6c16c185b810dp-10;
  y = y * r + 0x1.111111110d61ap-7;
  y = y * r + 0x1.555555554ffffp-5;
  y = y * r + 0x1.5555555555561p-3;
  y = y * r + 0x1.000000000000bp-1;
  return y;
}

// (2 atanh(√z)/√z − 2)/z for 0 ≤ z ≤ (3 − 2√2)²; error 2^-58 of the series.
INLINE double log_polynomial(double z) {
  double y = 0x1.2f05b689a6df1p-3;
  y = y * z + 0x1.39a1f860366ebp-3;
  y = y * z + 0x1.7466394eb1a86p-3;
  y = y * z + 0x1.c71c5237f3164p-3;
  y = y * z + 0x1.2492494198ddcp-2;
  y = y * z + 0x1.9999999980710p-2;
  y = y * z + 0x1.5555555555590p-1;
  return y;
}

// log(1 + f) = 2 atanh(s) with s = f/(2 + f), which is f − f²/2 + s (f²/2 + s² log_polynomial(s²)): the first two terms are
// exact to the last bit or two, and only the small remainder carries the error of the division.
INLINE double log_remainder(double f, double half_square) {
  double s = f / (2 + f), z = s * s;
  return s * (half_square + z * log_polynomial(z));
}

// erf(x)/x − 1 in z = x² for |x| ≤ 0.9; error 2^-60.
INLINE double erf_polynomial(double z) {
  double y = -0x1.d32bb0847fed3p-31;
  y = y * z + 0x1.e2dcfeab54fdep-27;
  y = y * z - 0x1.5d8af025bb3b7p-23;
  y = y * z + 0x1.b9b866a819804p-20;
  y = y * z - 0x1.f4cf6f9e271bbp-17;
  y = y * z + 0x1.f9a307605bac0p-14;
  y = y * z - 0x1.c02db31efd183p-11;
  y = y * z + 0x1.565bcd0a6eef0p-8;
  y = y * z - 0x1.b82ce312736cfp-6;
  y = y * z + 0x1.ce2f21a042835p-4;
  y = y * z - 0x1.812746b0379e3p-2;
  y = y * z + 0x1.06eba8214db69p-3;
  return y;
}

// −log(1 − erf(a)) for 0.89 ≤ a ≤ 5.95; error 2^-58 of erf(a).
INLINE double erf_exponent(double a) {
  double y = -0x1.85b2a71635fdbp-40;
  y = y * a + 0x1.0fe848ca66b2ap-34;
  y = y * a - 0x1.635ecafe370dcp-30;
  y = y * a + 0x1.20c6f321dc69ap-26;
  y = y * a - 0x1.465b1c5a43eb5p-23;
  y = y * a + 0x1.0f23b30da0431p-20;
  y = y * a - 0x1.53f0673453f4cp-18;
  y = y * a + 0x1.41c5f3f3fd130p-16;
  y = y * a - 0x1.b992f9bbb4aa3p-15;
  y = y * a + 0x1.6f8f63e907caep-14;
  y = y * a + 0x1.c5b22e2c77f41p-17;
  y = y * a - 0x1.3877aca43e7f6p-11;
  y = y * a + 0x1.c236ba7803e8fp-10;
  y = y * a - 0x1.ebf64b46578c0p-13;
  y = y * a - 0x1.39165186de958p-6;
  y = y * a + 0x1.a4eaa4809cf37p-4;
  y = y * a + 0x1.45f37611a720ap-1;
  y = y * a + 0x1.20dd69a192b28p+0;
  y = y * a + 0x1.11ad33ec51553p-24;
  return y;
}

#include "elementwise_math.h"
