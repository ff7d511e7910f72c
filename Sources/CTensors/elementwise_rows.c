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

// Sixteen independent sums, joined as a balanced tree: an order that depends on the row's length only.
#define SUMS 16
#define JOIN(sums)                                   \
  for (int width = SUMS / 2; width > 0; width /= 2)  \
    for (int j = 0; j < width; j++) sums[j] += sums[j + width];

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
  RITZ_CLONES void ritz_row_sum_##suffix(const scalar *a, scalar *result, long rows, long columns) {                \
    for (long r = 0; r < rows; r++, a += columns) {                                                                 \
      double sums[SUMS] = {0};                                                                                      \
      long c = 0;                                                                                                   \
      for (; c + SUMS <= columns; c += SUMS)                                                                        \
        for (int j = 0; j < SUMS; j++) sums[j] += (double)a[c + j];                                                 \
      for (int j = 0; c < columns; c++, j++) sums[j] += (double)a[c];                                               \
      JOIN(sums)                                                                                                    \
      result[r] = (scalar)sums[0];                                                                                  \
    }                                                                                                               \
  }                                                                                                                 \
  RITZ_CLONES void ritz_row_dot_##suffix(const scalar *a, const scalar *b, scalar *result, long rows,               \
                                         long columns) {                                                            \
    for (long r = 0; r < rows; r++, a += columns, b += columns) {                                                   \
      double sums[SUMS] = {0};                                                                                      \
      long c = 0;                                                                                                   \
      for (; c + SUMS <= columns; c += SUMS)                                                                        \
        for (int j = 0; j < SUMS; j++) sums[j] += (double)a[c + j] * (double)b[c + j];                              \
      for (int j = 0; c < columns; c++, j++) sums[j] += (double)a[c] * (double)b[c];                                \
      JOIN(sums)                                                                                                    \
      result[r] = (scalar)sums[0];                                                                                  \
    }                                                                                                               \
  }                                                                                                                 \
  RITZ_CLONES void ritz_row_max_##suffix(const scalar *a, scalar *result, long rows, long columns) {                \
    for (long r = 0; r < rows; r++, a += columns) {                                                                 \
      scalar best[SUMS];                                                                                            \
      for (int j = 0; j < SUMS; j++) best[j] = -(scalar)INFINITY;                                                   \
      long c = 0;                                                                                                   \
      for (; c + SUMS <= columns; c += SUMS)                                                                        \
        for (int j = 0; j < SUMS; j++) best[j] = LARGER(a[c + j], best[j]);                                         \
      for (int j = 0; c < columns; c++, j++) best[j] = LARGER(a[c], best[j]);                                       \
      for (int width = SUMS / 2; width > 0; width /= 2)                                                             \
        for (int j = 0; j < width; j++) best[j] = LARGER(best[j], best[j + width]);                                 \
      result[r] = best[0];                                                                                          \
    }                                                                                                               \
  }                                                                                                                 \
  RITZ_CLONES void ritz_column_sum_##suffix(const scalar *a, scalar *result, long rows, long columns) {             \
    for (long r = 0; r < rows; r++, a += columns)                                                                   \
      RITZ_INDEPENDENT for (long c = 0; c < columns; c++) result[c] += a[c];                                        \
  }

// The larger of the two, NaN if either is.
#define LARGER(x, y) ((((x) > (y)) | ((x) != (x))) ? (x) : (y))
ROWS(s, float)
ROWS(d, double)
