#ifndef RITZ_ELEMENTWISE_STEPS_H
#define RITZ_ELEMENTWISE_STEPS_H

#include "ritz_dispatch.h"

// The result may be an operand, element for element; saying that no iteration touches another's elements lets the compiler
// vectorise without checks for overlap, which would send every step in place through a scalar loop. Two vectors at a time
// hide some of the polynomials' latency.
#define RITZ_INDEPENDENT _Pragma("clang loop vectorize(assume_safety) interleave_count(2)")

// Steps of one, two and three operands; the expression is in x, y and z, which are loaded whatever it does with them.
#define RITZ_STEP_1(name, scalar, expression)                                                           \
  RITZ_CLONES void name(scalar *result, const scalar *a, const scalar *b, const scalar *c, long n) {    \
    (void)b, (void)c;                                                                                   \
    RITZ_INDEPENDENT for (long i = 0; i < n; i++) {                                                     \
      scalar x = a[i];                                                                                  \
      result[i] = (expression);                                                                         \
    }                                                                                                   \
  }
#define RITZ_STEP_2(name, scalar, expression)                                                           \
  RITZ_CLONES void name(scalar *result, const scalar *a, const scalar *b, const scalar *c, long n) {    \
    (void)c;                                                                                            \
    RITZ_INDEPENDENT for (long i = 0; i < n; i++) {                                                     \
      scalar x = a[i], y = b[i];                                                                        \
      result[i] = (expression);                                                                         \
    }                                                                                                   \
  }
#define RITZ_STEP_3(name, scalar, expression)                                                           \
  RITZ_CLONES void name(scalar *result, const scalar *a, const scalar *b, const scalar *c, long n) {    \
    RITZ_INDEPENDENT for (long i = 0; i < n; i++) {                                                     \
      scalar x = a[i], y = b[i], z = c[i];                                                              \
      result[i] = (expression);                                                                         \
    }                                                                                                   \
  }

// The steps that need polynomials, in files of their own.
#define RITZ_DECLARE(name, scalar) void name(scalar *result, const scalar *a, const scalar *b, const scalar *c, long n);
#define RITZ_DECLARE_MATH(suffix, scalar)                      \
  RITZ_DECLARE(ritz_exponential_##suffix, scalar)              \
  RITZ_DECLARE(ritz_exponential_minus_one_##suffix, scalar)    \
  RITZ_DECLARE(ritz_log_##suffix, scalar)                      \
  RITZ_DECLARE(ritz_log_plus_one_##suffix, scalar)             \
  RITZ_DECLARE(ritz_tanh_##suffix, scalar)                     \
  RITZ_DECLARE(ritz_logistic_##suffix, scalar)                 \
  RITZ_DECLARE(ritz_erf_##suffix, scalar)
RITZ_DECLARE_MATH(s, float)
RITZ_DECLARE_MATH(d, double)

#endif
