#include "ritz_elementwise.h"

#include <math.h>
#include <stddef.h>

#include "elementwise_steps.h"

// Steps the C library computes, one element at a time.
#define LIBRARY_STEP(name, scalar, expression)                                                     \
  static void name(scalar *result, const scalar *a, const scalar *b, const scalar *c, long n) {    \
    (void)b, (void)c;                                                                              \
    for (long i = 0; i < n; i++) result[i] = (expression);                                         \
  }
LIBRARY_STEP(ritz_sine_s, float, sinf(a[i]))
LIBRARY_STEP(ritz_sine_d, double, sin(a[i]))
LIBRARY_STEP(ritz_cosine_s, float, cosf(a[i]))
LIBRARY_STEP(ritz_cosine_d, double, cos(a[i]))
LIBRARY_STEP(ritz_power_s, float, powf(a[i], b[i]))
LIBRARY_STEP(ritz_power_d, double, pow(a[i], b[i]))

#define STEPS(suffix, scalar)                                                             \
  RITZ_STEP_1(ritz_copy_##suffix, scalar, x)                                              \
  RITZ_STEP_1(ritz_negate_##suffix, scalar, -x)                                           \
  RITZ_STEP_1(ritz_absolute_##suffix, scalar, __builtin_elementwise_abs(x))               \
  RITZ_STEP_1(ritz_sign_##suffix, scalar, x > 0 ? 1 : x < 0 ? -1 : x)                     \
  RITZ_STEP_1(ritz_square_##suffix, scalar, x *x)                                         \
  RITZ_STEP_1(ritz_reciprocal_##suffix, scalar, 1 / x)                                    \
  RITZ_STEP_1(ritz_sqrt_##suffix, scalar, __builtin_elementwise_sqrt(x))                  \
  RITZ_STEP_1(ritz_rsqrt_##suffix, scalar, 1 / __builtin_elementwise_sqrt(x))             \
  RITZ_STEP_1(ritz_not_##suffix, scalar, x != 0 ? 0 : 1)                                  \
  RITZ_STEP_2(ritz_add_##suffix, scalar, x + y)                                           \
  RITZ_STEP_2(ritz_subtract_##suffix, scalar, x - y)                                      \
  RITZ_STEP_2(ritz_multiply_##suffix, scalar, x *y)                                       \
  RITZ_STEP_2(ritz_divide_##suffix, scalar, x / y)                                        \
  RITZ_STEP_2(ritz_maximum_##suffix, scalar, ((x > y) | (x != x)) ? x : y)                \
  RITZ_STEP_2(ritz_minimum_##suffix, scalar, ((x < y) | (x != x)) ? x : y)                \
  RITZ_STEP_2(ritz_equal_##suffix, scalar, x == y ? 1 : 0)                                \
  RITZ_STEP_2(ritz_not_equal_##suffix, scalar, x != y ? 1 : 0)                            \
  RITZ_STEP_2(ritz_less_##suffix, scalar, x < y ? 1 : 0)                                  \
  RITZ_STEP_2(ritz_less_equal_##suffix, scalar, x <= y ? 1 : 0)                           \
  RITZ_STEP_2(ritz_greater_##suffix, scalar, x > y ? 1 : 0)                               \
  RITZ_STEP_2(ritz_greater_equal_##suffix, scalar, x >= y ? 1 : 0)                        \
  RITZ_STEP_2(ritz_and_##suffix, scalar, ((x != 0) & (y != 0)) ? 1 : 0)                   \
  RITZ_STEP_2(ritz_or_##suffix, scalar, ((x != 0) | (y != 0)) ? 1 : 0)                    \
  RITZ_STEP_2(ritz_mask_positive_##suffix, scalar, x > 0 ? y : 0)                         \
  RITZ_STEP_3(ritz_select_##suffix, scalar, x != 0 ? y : z)                               \
  RITZ_STEP_3(ritz_multiply_add_##suffix, scalar, x *y + z)                               \
                                                                                          \
  ritz_step_##suffix ritz_step_kernel_##suffix(int opcode) {                              \
    switch (opcode) {                                                                     \
      case RITZ_COPY: return ritz_copy_##suffix;                                          \
      case RITZ_NEGATE: return ritz_negate_##suffix;                                      \
      case RITZ_ABSOLUTE: return ritz_absolute_##suffix;                                  \
      case RITZ_SIGN: return ritz_sign_##suffix;                                          \
      case RITZ_SQUARE: return ritz_square_##suffix;                                      \
      case RITZ_RECIPROCAL: return ritz_reciprocal_##suffix;                              \
      case RITZ_SQRT: return ritz_sqrt_##suffix;                                          \
      case RITZ_RSQRT: return ritz_rsqrt_##suffix;                                        \
      case RITZ_EXPONENTIAL: return ritz_exponential_##suffix;                            \
      case RITZ_EXPONENTIAL_MINUS_ONE: return ritz_exponential_minus_one_##suffix;        \
      case RITZ_LOG: return ritz_log_##suffix;                                            \
      case RITZ_LOG_PLUS_ONE: return ritz_log_plus_one_##suffix;                          \
      case RITZ_TANH: return ritz_tanh_##suffix;                                          \
      case RITZ_LOGISTIC: return ritz_logistic_##suffix;                                  \
      case RITZ_ERF: return ritz_erf_##suffix;                                            \
      case RITZ_SINE: return ritz_sine_##suffix;                                          \
      case RITZ_COSINE: return ritz_cosine_##suffix;                                      \
      case RITZ_NOT: return ritz_not_##suffix;                                            \
      case RITZ_ADD: return ritz_add_##suffix;                                            \
      case RITZ_SUBTRACT: return ritz_subtract_##suffix;                                  \
      case RITZ_MULTIPLY: return ritz_multiply_##suffix;                                  \
      case RITZ_DIVIDE: return ritz_divide_##suffix;                                      \
      case RITZ_MAXIMUM: return ritz_maximum_##suffix;                                    \
      case RITZ_MINIMUM: return ritz_minimum_##suffix;                                    \
      case RITZ_POWER: return ritz_power_##suffix;                                        \
      case RITZ_EQUAL: return ritz_equal_##suffix;                                        \
      case RITZ_NOT_EQUAL: return ritz_not_equal_##suffix;                                \
      case RITZ_LESS: return ritz_less_##suffix;                                          \
      case RITZ_LESS_EQUAL: return ritz_less_equal_##suffix;                              \
      case RITZ_GREATER: return ritz_greater_##suffix;                                    \
      case RITZ_GREATER_EQUAL: return ritz_greater_equal_##suffix;                        \
      case RITZ_AND: return ritz_and_##suffix;                                            \
      case RITZ_OR: return ritz_or_##suffix;                                              \
      case RITZ_MASK_POSITIVE: return ritz_mask_positive_##suffix;                        \
      case RITZ_SELECT: return ritz_select_##suffix;                                      \
      case RITZ_MULTIPLY_ADD: return ritz_multiply_add_##suffix;                          \
      default: return NULL;                                                               \
    }                                                                                     \
  }
STEPS(s, float)
STEPS(d, double)
