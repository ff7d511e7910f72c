#include "ritz_vectors.h"
#include "ritz_dispatch.h"

// Sixteen independent sums: enough to hide the latency of the adder, and an order that does not depend on the vector width.
#define DOT(name, scalar)                                                                \
  RITZ_CLONES double name(const scalar *x, const scalar *y, long n) {                    \
    double sums[16] = {0};                                                               \
    long i = 0;                                                                          \
    for (; i + 16 <= n; i += 16)                                                         \
      for (int j = 0; j < 16; j++) sums[j] += (double)x[i + j] * (double)y[i + j];       \
    for (int j = 0; i < n; i++, j++) sums[j] += (double)x[i] * (double)y[i];             \
    for (int width = 8; width > 0; width /= 2)                                           \
      for (int j = 0; j < width; j++) sums[j] += sums[j + width];                        \
    return sums[0];                                                                      \
  }
DOT(ritz_sdot, float)
DOT(ritz_ddot, double)

#define AXPY(name, scalar)                                              \
  RITZ_CLONES void name(scalar a, const scalar *x, scalar *y, long n) { \
    for (long i = 0; i < n; i++) y[i] += a * x[i];                      \
  }
AXPY(ritz_saxpy, float)
AXPY(ritz_daxpy, double)

#define SCAL(name, scalar)                             \
  RITZ_CLONES void name(scalar a, scalar *x, long n) { \
    for (long i = 0; i < n; i++) x[i] *= a;            \
  }
SCAL(ritz_sscal, float)
SCAL(ritz_dscal, double)

#define COMMIT(name, scalar)                                        \
  RITZ_CLONES void name(const scalar *x, double *total, long n) {   \
    for (long i = 0; i < n; i++) total[i] += (double)x[i];          \
  }
COMMIT(ritz_scommit, float)
COMMIT(ritz_dcommit, double)

RITZ_CLONES void ritz_sround(const double *total, float *y, long n) {
  for (long i = 0; i < n; i++) y[i] = (float)total[i];
}

// A strip at a time stays in the first-level cache while the columns are added to it.
#define SUM_COLUMNS(name, scalar)                                                                   \
  RITZ_CLONES void name(const scalar *x, long stride, long count, scalar *y, long n) {              \
    enum { strip = 512 };                                                                           \
    double sums[strip];                                                                             \
    for (long start = 0; start < n; start += strip) {                                               \
      long width = n - start < strip ? n - start : strip;                                           \
      for (long i = 0; i < width; i++) sums[i] = (double)x[start + i];                              \
      for (long c = 1; c < count; c++)                                                              \
        for (long i = 0; i < width; i++) sums[i] += (double)x[c * stride + start + i];              \
      for (long i = 0; i < width; i++) y[start + i] = (scalar)sums[i];                              \
    }                                                                                               \
  }
SUM_COLUMNS(ritz_ssum_columns, float)
SUM_COLUMNS(ritz_dsum_columns, double)

#define FINISH(name, scalar)                                                           \
  RITZ_CLONES void name(const scalar *x, const double *total, scalar *y, long n) {     \
    for (long i = 0; i < n; i++) y[i] = (scalar)(total[i] + (double)x[i]);             \
  }
FINISH(ritz_sfinish, float)
FINISH(ritz_dfinish, double)

RITZ_CLONES void ritz_sassign(const float *x, double *total, long n) {
  for (long i = 0; i < n; i++) total[i] = (double)x[i];
}
typedef double eight __attribute__((vector_size(64)));
typedef float eight_single __attribute__((vector_size(32), aligned(4)));
typedef double eight_double __attribute__((vector_size(64), aligned(8)));

static inline double sum_of_eight(const double *lane) {
  return ((lane[0] + lane[4]) + (lane[2] + lane[6])) + ((lane[1] + lane[5]) + (lane[3] + lane[7]));
}

// Four columns at a time share the loads and conversions of x; eight lanes whatever the vector width, so that the order of
// the additions is the same everywhere.
#define DOTS(name, scalar, packed)                                                                                     \
  RITZ_CLONES void name(const scalar *const *columns, long count, long offset, long n, const scalar *x, double *sums) { \
    for (long k = 0; k < count; k += 4) {                                                                              \
      long width = count - k < 4 ? count - k : 4;                                                                      \
      const scalar *c[4];                                                                                              \
      for (long j = 0; j < 4; j++) c[j] = columns[k + (j < width ? j : 0)] + offset;                                   \
      eight s0 = {0}, s1 = {0}, s2 = {0}, s3 = {0};                                                                    \
      long i = 0;                                                                                                      \
      if (width == 4) {                                                                                                \
        for (; i + 8 <= n; i += 8) {                                                                                   \
          eight v = __builtin_convertvector(*(const packed *)(x + i), eight);                                          \
          s0 += v * __builtin_convertvector(*(const packed *)(c[0] + i), eight);                                       \
          s1 += v * __builtin_convertvector(*(const packed *)(c[1] + i), eight);                                       \
          s2 += v * __builtin_convertvector(*(const packed *)(c[2] + i), eight);                                       \
          s3 += v * __builtin_convertvector(*(const packed *)(c[3] + i), eight);                                       \
        }                                                                                                              \
      } else {                                                                                                         \
        for (; i + 8 <= n; i += 8) {                                                                                   \
          eight v = __builtin_convertvector(*(const packed *)(x + i), eight);                                          \
          s0 += v * __builtin_convertvector(*(const packed *)(c[0] + i), eight);                                       \
          if (width > 1) s1 += v * __builtin_convertvector(*(const packed *)(c[1] + i), eight);                        \
          if (width > 2) s2 += v * __builtin_convertvector(*(const packed *)(c[2] + i), eight);                        \
        }                                                                                                              \
      }                                                                                                                \
      double lanes[4][8];                                                                                              \
      for (int l = 0; l < 8; l++) {                                                                                    \
        lanes[0][l] = s0[l];                                                                                           \
        lanes[1][l] = s1[l];                                                                                           \
        lanes[2][l] = s2[l];                                                                                           \
        lanes[3][l] = s3[l];                                                                                           \
      }                                                                                                                \
      for (long j = 0; j < width; j++) {                                                                               \
        for (long l = 0; i + l < n; l++) lanes[j][l] += (double)x[i + l] * (double)c[j][i + l];                        \
        sums[k + j] = sum_of_eight(lanes[j]);                                                                          \
      }                                                                                                                \
    }                                                                                                                  \
  }
DOTS(ritz_sdots, float, eight_single)
DOTS(ritz_ddots, double, eight_double)

// The sums of a tile stay in the first-level cache while the columns stream past four at a time.
#define AXPYS_TILE 1024
#define AXPYS(name, scalar)                                                                                      \
  RITZ_CLONES void name(const double *a, const scalar *const *columns, long count, long offset, long n, scalar *y) { \
    double sum[AXPYS_TILE];                                                                                      \
    for (long start = 0; start < n; start += AXPYS_TILE) {                                                       \
      long length = n - start < AXPYS_TILE ? n - start : AXPYS_TILE;                                             \
      long at = offset + start;                                                                                  \
      for (long i = 0; i < length; i++) sum[i] = (double)y[start + i];                                           \
      long k = 0;                                                                                                \
      for (; k + 4 <= count; k += 4) {                                                                           \
        const scalar *c0 = columns[k] + at, *c1 = columns[k + 1] + at;                                           \
        const scalar *c2 = columns[k + 2] + at, *c3 = columns[k + 3] + at;                                       \
        double a0 = a[k], a1 = a[k + 1], a2 = a[k + 2], a3 = a[k + 3];                                           \
        for (long i = 0; i < length; i++)                                                                        \
          sum[i] += (a0 * (double)c0[i] + a1 * (double)c1[i]) + (a2 * (double)c2[i] + a3 * (double)c3[i]);       \
      }                                                                                                          \
      for (; k < count; k++) {                                                                                   \
        const scalar *c = columns[k] + at;                                                                       \
        double factor = a[k];                                                                                    \
        for (long i = 0; i < length; i++) sum[i] += factor * (double)c[i];                                       \
      }                                                                                                          \
      for (long i = 0; i < length; i++) y[start + i] = (scalar)sum[i];                                           \
    }                                                                                                            \
  }
AXPYS(ritz_saxpys, float)
AXPYS(ritz_daxpys, double)

RITZ_CLONES void ritz_smul(double a, float *x, long n) {
  for (long i = 0; i < n; i++) x[i] = (float)(a * (double)x[i]);
}
