#include <math.h>

#include "elementwise_steps.h"

#define MATH(suffix, scalar)                                                        \
  RITZ_STEP_1(ritz_exponential_##suffix, scalar, (scalar)exp((double)x))             \
  RITZ_STEP_1(ritz_exponential_minus_one_##suffix, scalar, (scalar)expm1((double)x)) \
  RITZ_STEP_1(ritz_log_##suffix, scalar, (scalar)log((double)x))                     \
  RITZ_STEP_1(ritz_log_plus_one_##suffix, scalar, (scalar)log1p((double)x))          \
  RITZ_STEP_1(ritz_tanh_##suffix, scalar, (scalar)tanh((double)x))                   \
  RITZ_STEP_1(ritz_logistic_##suffix, scalar, (scalar)(1 / (1 + exp(-(double)x))))   \
  RITZ_STEP_1(ritz_erf_##suffix, scalar, (scalar)erf((double)x))
MATH(s, float)
MATH(d, double)
