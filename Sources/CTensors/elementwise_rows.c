#include <math.h>
#include <stddef.h>

#include "elementwise_steps.h"
#include "ritz_elementwise.h"

#define VECTOR_STEP(operation, suffix, scalar, operator)                                                               \
  RITZ_CLONES static void row_##operation##_##suffix(scalar *result, const scalar *a, const scalar *vector, long rows, \
                                                     long columns) {                                                   \
    for (long r = 0; r < rows; r++, result += columns, a += columns)                                                   \
      RITZ_INDEPENDENT for (long c = 0; c < columns; c++) result[c] = a[c] operator vector[c];                         \
  }                                                                                                                    \
  RITZ_CLONES static void column_##operation##_##suffix(scalar *result, const scalar *a, const scalar *vector,         \
                                                        long rows, long columns) {                                     \
    for (long r = 0; r < rows; r++, result += columns, a += columns) {                                                 \
      scalar value = vector[r];                                                                                        \
      RITZ_INDEPENDENT for (long c = 0; c < columns; c++) result[c] = a[c] operator value;                             \
    }                                                                                                                  \
  }

#define CHOICE(direction, suffix)                                                \
  ritz_vector_step_##suffix ritz_##direction##_kernel_##suffix(int opcode) {     \
    switch (opcode) {                                                            \
      case RITZ_ADD: return direction##_add_##suffix;                            \
      case RITZ_SUBTRACT: return direction##_subtract_##suffix;                  \
      case RITZ_MULTIPLY: return direction##_multiply_##suffix;                  \
      case RITZ_DIVIDE: return direction##_divide_##suffix;                      \
      default: return NULL;                                                      \
    }                                                                            \
  }

// Sixteen independent partial results, joined as a balanced tree, and then the elements that did not fill a vector, one after
// the other: an order that depends on the row's length only.
#define LANES 16
typedef double double_lanes __attribute__((ext_vector_type(LANES)));
typedef float float_lanes __attribute__((ext_vector_type(LANES)));

#define LOAD(type, pointer)                        \
  ({                                               \
    type value_;                                   \
    __builtin_memcpy(&value_, pointer, sizeof value_); \
    value_;                                        \
  })
#define LOAD_DOUBLES(scalar, pointer) __builtin_convertvector(LOAD(scalar##_lanes, pointer), double_lanes)

#define JOIN(lanes, combined)                                \
  for (int width = LANES / 2; width > 0; width /= 2)         \
    for (int j = 0; j < width; j++) {                        \
      __typeof__(lanes[0]) x = lanes[j], y = lanes[j + width]; \
      lanes[j] = combined;                                   \
    }

// The larger of x and y, NaN if either is.
#define LARGER (((x > y) | (x != x)) ? x : y)

#define ROW_REDUCTION(name, scalar, parameters, advance, vector_product, product)  \
  RITZ_CLONES void name parameters {                                              \
    for (long r = 0; r < rows; r++, advance) {                                    \
      long c = 0;                                                                 \
      double sum = 0;                                                             \
      if (columns >= LANES) {                                                     \
        double_lanes sums = 0;                                                    \
        for (; c + LANES <= columns; c += LANES) sums += vector_product;          \
        JOIN(sums, x + y)                                                         \
        sum = sums[0];                                                            \
      }                                                                           \
      for (; c < columns; c++) sum += product;                                    \
      result[r] = (scalar)sum;                                                    \
    }                                                                             \
  }

// Rows of at most NARROW columns are added GROUP at a time: one row would fill a fraction of a vector.
enum { NARROW = 32, GROUP = 8 };

#define ROWS(suffix, scalar)                                                                                        \
  VECTOR_STEP(add, suffix, scalar, +)                                                                               \
  VECTOR_STEP(subtract, suffix, scalar, -)                                                                          \
  VECTOR_STEP(multiply, suffix, scalar, *)                                                                          \
  VECTOR_STEP(divide, suffix, scalar, /)                                                                            \
  CHOICE(row, suffix)                                                                                               \
  CHOICE(column, suffix)                                                                                            \
                                                                                                                    \
  RITZ_CLONES void ritz_fill_##suffix(scalar value, scalar *result, long n) {                                       \
    for (long i = 0; i < n; i++) result[i] = value;                                                                 \
  }                                                                                                                 \
  RITZ_CLONES void ritz_repeat_row_##suffix(const scalar *row, scalar *result, long rows, long columns) {           \
    for (long r = 0; r < rows; r++, result += columns)                                                              \
      RITZ_INDEPENDENT for (long c = 0; c < columns; c++) result[c] = row[c];                                       \
  }                                                                                                                 \
  RITZ_CLONES void ritz_repeat_column_##suffix(const scalar *column, scalar *result, long rows, long columns) {     \
    for (long r = 0; r < rows; r++, result += columns) {                                                            \
      scalar value = column[r];                                                                                     \
      RITZ_INDEPENDENT for (long c = 0; c < columns; c++) result[c] = value;                                        \
    }                                                                                                               \
  }                                                                                                                 \
                                                                                                                    \
  ROW_REDUCTION(ritz_row_sum_##suffix, scalar, (const scalar *a, scalar *result, long rows, long columns),            \
                a += columns, LOAD_DOUBLES(scalar, a + c), (double)a[c])                                               \
  ROW_REDUCTION(ritz_row_dot_##suffix, scalar,                                                                         \
                (const scalar *a, const scalar *b, scalar *result, long rows, long columns),                           \
                (a += columns, b += columns), LOAD_DOUBLES(scalar, a + c) * LOAD_DOUBLES(scalar, b + c),               \
                (double)a[c] * (double)b[c])                                                                           \
                                                                                                                       \
  RITZ_CLONES void ritz_row_max_##suffix(const scalar *a, scalar *result, long rows, long columns) {                   \
    for (long r = 0; r < rows; r++, a += columns) {                                                                    \
      long c = 0;                                                                                                      \
      scalar y = -(scalar)INFINITY;                                                                                    \
      if (columns >= LANES) {                                                                                          \
        scalar##_lanes best = LOAD(scalar##_lanes, a);                                                                 \
        for (c = LANES; c + LANES <= columns; c += LANES) {                                                            \
          scalar##_lanes x = LOAD(scalar##_lanes, a + c);                                                              \
          best = ((x > best) | (x != x)) ? x : best;                                                                   \
        }                                                                                                              \
        JOIN(best, LARGER)                                                                                             \
        y = best[0];                                                                                                   \
      }                                                                                                                \
      for (; c < columns; c++) {                                                                                       \
        scalar x = a[c];                                                                                               \
        y = LARGER;                                                                                                    \
      }                                                                                                                \
      result[r] = y;                                                                                                   \
    }                                                                                                                  \
  }                                                                                                                    \
  RITZ_CLONES void ritz_column_sum_##suffix(const scalar *a, scalar *result, long rows, long columns) {             \
    scalar sums[NARROW * GROUP] = {0};                                                                              \
    long r = 0, wide = columns * GROUP;                                                                             \
    if (columns <= NARROW && rows >= 2 * GROUP) {                                                                   \
      for (; r + GROUP <= rows; r += GROUP, a += wide)                                                              \
        for (long c = 0; c < wide; c++) sums[c] += a[c];                                                            \
      for (long c = 0; c < wide; c++) result[c % columns] += sums[c];                                               \
    }                                                                                                               \
    for (; r < rows; r++, a += columns)                                                                             \
      RITZ_INDEPENDENT for (long c = 0; c < columns; c++) result[c] += a[c];                                        \
  }

ROWS(s, float)
ROWS(d, double)
