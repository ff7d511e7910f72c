#ifndef RITZ_ELEMENTWISE_H
#define RITZ_ELEMENTWISE_H

// The kernels of fused elementwise programs, single-threaded, run over tiles that fit in L1. Suffix _s is float, _d double.
// An element's value depends on its operands only, never on its position in the tile, on the tile's length or on alignment,
// so that cutting the work into other tiles gives the same bits. Booleans are 0 and 1 in the scalar type, and every non-zero
// operand (NaN too) counts as true. Comparisons with NaN are false, except RITZ_NOT_EQUAL.
// The worst errors of exp, expm1, log, log1p, tanh, logistic and erf are below 1.5 units in the last place in both types;
// signed zeros, infinities and NaN come out as in the C library, and results in the subnormal range are gradual. Instruction
// sets with and without a fused multiply-add differ in the last bits.
enum ritz_opcode {
  // One operand.
  RITZ_COPY,
  RITZ_NEGATE,
  RITZ_ABSOLUTE,
  RITZ_SIGN,  // −1, 0 or 1; keeps ±0 and NaN
  RITZ_SQUARE,
  RITZ_RECIPROCAL,
  RITZ_SQRT,
  RITZ_RSQRT,  // 1/√a, each operation rounded
  RITZ_EXPONENTIAL,
  RITZ_EXPONENTIAL_MINUS_ONE,
  RITZ_LOG,
  RITZ_LOG_PLUS_ONE,
  RITZ_TANH,
  RITZ_LOGISTIC,  // 1/(1 + exp(−a))
  RITZ_ERF,
  RITZ_SINE,    // the C library's, one element at a time
  RITZ_COSINE,  // the C library's, one element at a time
  RITZ_NOT,
  // Two operands.
  RITZ_ADD,
  RITZ_SUBTRACT,
  RITZ_MULTIPLY,
  RITZ_DIVIDE,
  RITZ_MAXIMUM,  // NaN if either operand is
  RITZ_MINIMUM,  // NaN if either operand is
  RITZ_POWER,    // the C library's, one element at a time
  RITZ_EQUAL,
  RITZ_NOT_EQUAL,
  RITZ_LESS,
  RITZ_LESS_EQUAL,
  RITZ_GREATER,
  RITZ_GREATER_EQUAL,
  RITZ_AND,
  RITZ_OR,
  RITZ_MASK_POSITIVE,  // a > 0 ? b : 0
  // Three operands.
  RITZ_SELECT,        // a != 0 ? b : c
  RITZ_MULTIPLY_ADD,  // a b + c, rounded once where the processor has a fused multiply-add
  RITZ_OPCODE_COUNT
};

// Operands an opcode does not use are not read (pass NULL). `result` may be the same array as any operand, but must not
// overlap one in any other way.
typedef void (*ritz_step_s)(float *result, const float *a, const float *b, const float *c, long n);
typedef void (*ritz_step_d)(double *result, const double *a, const double *b, const double *c, long n);

// The kernel of an opcode; NULL for a number that is none.
ritz_step_s ritz_step_kernel_s(int opcode);
ritz_step_d ritz_step_kernel_d(int opcode);

// Tiles are row-major [rows, columns] without gaps.

void ritz_fill_s(float value, float *result, long n);
void ritz_fill_d(double value, double *result, long n);

// result[r, c] = row[c]
void ritz_repeat_row_s(const float *row, float *result, long rows, long columns);
void ritz_repeat_row_d(const double *row, double *result, long rows, long columns);
// result[r, c] = column[r]
void ritz_repeat_column_s(const float *column, float *result, long rows, long columns);
void ritz_repeat_column_d(const double *column, double *result, long rows, long columns);

// result[r, c] = a[r, c] op row[c], or a[r, c] op column[r]; `result` may be `a`.
typedef void (*ritz_vector_step_s)(float *result, const float *a, const float *vector, long rows, long columns);
typedef void (*ritz_vector_step_d)(double *result, const double *a, const double *vector, long rows, long columns);

// For RITZ_ADD, RITZ_SUBTRACT, RITZ_MULTIPLY and RITZ_DIVIDE; NULL for every other opcode.
ritz_vector_step_s ritz_row_kernel_s(int opcode);
ritz_vector_step_d ritz_row_kernel_d(int opcode);
ritz_vector_step_s ritz_column_kernel_s(int opcode);
ritz_vector_step_d ritz_column_kernel_d(int opcode);

// result[r] = Σ_c a[r, c], accumulated in double in an order that depends on `columns` only. 0 for no columns.
void ritz_row_sum_s(const float *a, float *result, long rows, long columns);
void ritz_row_sum_d(const double *a, double *result, long rows, long columns);
// result[r] = max_c a[r, c]; NaN if the row has one, −∞ for no columns.
void ritz_row_max_s(const float *a, float *result, long rows, long columns);
void ritz_row_max_d(const double *a, double *result, long rows, long columns);
// result[r] = Σ_c a[r, c] b[r, c], accumulated like the sum.
void ritz_row_dot_s(const float *a, const float *b, float *result, long rows, long columns);
void ritz_row_dot_d(const double *a, const double *b, double *result, long rows, long columns);
// result[c] += Σ_r a[r, c], added in order of r in the scalar type.
void ritz_column_sum_s(const float *a, float *result, long rows, long columns);
void ritz_column_sum_d(const double *a, double *result, long rows, long columns);

// result[c, r] = a[r, c] for 0 ≤ r < rows, 0 ≤ c < columns, with the distance between rows given for both.
void ritz_transpose_s(const float *a, long a_stride, float *result, long result_stride, long rows, long columns);
void ritz_transpose_d(const double *a, long a_stride, double *result, long result_stride, long rows, long columns);

// A box of up to RITZ_MAXIMUM_RANK dimensions whose strides (in elements, zero and negative ones included) are free, to and
// from an array without gaps, row-major. Gather: result = source[box]. Scatter: result[box] = source, or += source where
// `accumulate` is non-zero. Elements of an accumulating scatter's box may coincide: they are added in an order that depends
// on the shape and the strides only. Without accumulation they must be distinct.
#define RITZ_MAXIMUM_RANK 8
void ritz_gather_s(const float *source, const long *strides, const long *extents, int rank, float *result);
void ritz_gather_d(const double *source, const long *strides, const long *extents, int rank, double *result);
void ritz_scatter_s(const float *source, float *result, const long *strides, const long *extents, int rank,
                    int accumulate);
void ritz_scatter_d(const double *source, double *result, const long *strides, const long *extents, int rank,
                    int accumulate);

#endif
