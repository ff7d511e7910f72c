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

RITZ_CLONES void ritz_sassign(const float *x, double *total, long n) {
  for (long i = 0; i < n; i++) total[i] = (double)x[i];
}
