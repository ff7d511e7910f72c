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

// Four columns and up to four vectors at a time share loads and conversions; eight lanes whatever the vector width, so
// that the order of the additions is the same everywhere and for any number of vectors.
#define DOTS(name, tile, scalar, packed)                                                                           \
  static inline __attribute__((always_inline)) void tile(                                                          \
      const int width, const scalar *const *columns, long count, const scalar *const *vectors, long offset, long n, \
      double *sums) {                                                                                              \
    const scalar *x[4];                                                                                            \
    for (int v = 0; v < width; v++) x[v] = vectors[v] + offset;                                                    \
    for (long k = 0; k < count; k += 4) {                                                                          \
      long some = count - k < 4 ? count - k : 4;                                                                   \
      const scalar *c[4];                                                                                          \
      for (int j = 0; j < 4; j++) c[j] = columns[k + (j < some ? j : 0)] + offset;                                 \
      eight s[4][4];                                                                                               \
      for (int v = 0; v < width; v++)                                                                              \
        for (int j = 0; j < 4; j++) s[v][j] = (eight){0};                                                          \
      long i = 0;                                                                                                  \
      for (; i + 8 <= n; i += 8) {                                                                                 \
        eight e[4];                                                                                                \
        for (int j = 0; j < 4; j++) e[j] = __builtin_convertvector(*(const packed *)(c[j] + i), eight);            \
        for (int v = 0; v < width; v++) {                                                                          \
          eight element = __builtin_convertvector(*(const packed *)(x[v] + i), eight);                             \
          for (int j = 0; j < 4; j++) s[v][j] += element * e[j];                                                   \
        }                                                                                                          \
      }                                                                                                            \
      for (int v = 0; v < width; v++)                                                                              \
        for (long j = 0; j < some; j++) {                                                                          \
          double lanes[8];                                                                                         \
          for (int l = 0; l < 8; l++) lanes[l] = s[v][j][l];                                                       \
          for (long l = 0; i + l < n; l++) lanes[l] += (double)x[v][i + l] * (double)c[j][i + l];                  \
          sums[v * count + k + j] = sum_of_eight(lanes);                                                           \
        }                                                                                                          \
    }                                                                                                              \
  }                                                                                                                \
  RITZ_CLONES void name(                                                                                           \
      const scalar *const *columns, long count, const scalar *const *vectors, long width, long offset, long n,     \
      double *sums) {                                                                                              \
    long v = 0;                                                                                                    \
    for (; v + 4 <= width; v += 4) tile(4, columns, count, vectors + v, offset, n, sums + v * count);              \
    for (; v + 2 <= width; v += 2) tile(2, columns, count, vectors + v, offset, n, sums + v * count);              \
    if (v < width) tile(1, columns, count, vectors + v, offset, n, sums + v * count);                              \
  }
DOTS(ritz_sdots, sdots_tile, float, eight_single)
DOTS(ritz_ddots, ddots_tile, double, eight_double)

// The sums of a tile stay in the first-level cache while the columns stream past four at a time, for up to four vectors.
#define AXPYS_TILE 512
#define AXPYS(name, tile, scalar)                                                                                   \
  static inline __attribute__((always_inline)) void tile(                                                           \
      const int width, const double *a, const scalar *const *columns, long count, scalar *const *vectors, long at,  \
      long length) {                                                                                                \
    double sum[4][AXPYS_TILE];                                                                                      \
    for (int v = 0; v < width; v++)                                                                                 \
      for (long i = 0; i < length; i++) sum[v][i] = (double)vectors[v][at + i];                                     \
    long k = 0;                                                                                                     \
    for (; k + 4 <= count; k += 4) {                                                                                \
      const scalar *c0 = columns[k] + at, *c1 = columns[k + 1] + at;                                                \
      const scalar *c2 = columns[k + 2] + at, *c3 = columns[k + 3] + at;                                            \
      double f[4][4];                                                                                               \
      for (int v = 0; v < width; v++)                                                                               \
        for (int j = 0; j < 4; j++) f[v][j] = a[v * count + k + j];                                                 \
      for (long i = 0; i < length; i++) {                                                                           \
        double e0 = (double)c0[i], e1 = (double)c1[i], e2 = (double)c2[i], e3 = (double)c3[i];                      \
        for (int v = 0; v < width; v++)                                                                             \
          sum[v][i] += (f[v][0] * e0 + f[v][1] * e1) + (f[v][2] * e2 + f[v][3] * e3);                               \
      }                                                                                                             \
    }                                                                                                               \
    for (; k < count; k++) {                                                                                        \
      const scalar *c = columns[k] + at;                                                                            \
      for (int v = 0; v < width; v++) {                                                                             \
        double factor = a[v * count + k];                                                                           \
        for (long i = 0; i < length; i++) sum[v][i] += factor * (double)c[i];                                       \
      }                                                                                                             \
    }                                                                                                               \
    for (int v = 0; v < width; v++)                                                                                 \
      for (long i = 0; i < length; i++) vectors[v][at + i] = (scalar)sum[v][i];                                     \
  }                                                                                                                 \
  RITZ_CLONES void name(                                                                                            \
      const double *a, const scalar *const *columns, long count, scalar *const *vectors, long width, long offset,   \
      long n) {                                                                                                     \
    for (long start = 0; start < n; start += AXPYS_TILE) {                                                          \
      long length = n - start < AXPYS_TILE ? n - start : AXPYS_TILE;                                                \
      long v = 0;                                                                                                   \
      for (; v + 4 <= width; v += 4) tile(4, a + v * count, columns, count, vectors + v, offset + start, length);   \
      for (; v + 2 <= width; v += 2) tile(2, a + v * count, columns, count, vectors + v, offset + start, length);   \
      if (v < width) tile(1, a + v * count, columns, count, vectors + v, offset + start, length);                   \
    }                                                                                                               \
  }
AXPYS(ritz_saxpys, saxpys_tile, float)
AXPYS(ritz_daxpys, daxpys_tile, double)

RITZ_CLONES void ritz_smul(double a, float *x, long n) {
  for (long i = 0; i < n; i++) x[i] = (float)(a * (double)x[i]);
}
