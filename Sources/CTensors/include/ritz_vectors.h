#ifndef RITZ_VECTORS_H
#define RITZ_VECTORS_H

// Long-vector kernels, single-threaded. Reductions accumulate in double for both precisions, in a fixed order.
double ritz_sdot(const float *x, const float *y, long n);
double ritz_ddot(const double *x, const double *y, long n);
// y += a x
void ritz_saxpy(float a, const float *x, float *y, long n);
void ritz_daxpy(double a, const double *x, double *y, long n);
// x *= a
void ritz_sscal(float a, float *x, long n);
void ritz_dscal(double a, double *x, long n);
// x *= a, rounded once
void ritz_smul(double a, float *x, long n);
// total += x, total in double: the commit of a task's parameter sums
void ritz_scommit(const float *x, double *total, long n);
void ritz_dcommit(const double *x, double *total, long n);
// total = x
void ritz_sassign(const float *x, double *total, long n);
// y = (float) total
void ritz_sround(const double *total, float *y, long n);
// y = x_0 + x_1 + ... in double, rounded once; x_i begins at x + i stride
void ritz_ssum_columns(const float *x, long stride, long count, float *y, long n);
void ritz_dsum_columns(const double *x, long stride, long count, double *y, long n);
// y = total + x, rounded: the commit of the last task
void ritz_sfinish(const float *x, const double *total, float *y, long n);
void ritz_dfinish(const double *x, const double *total, double *y, long n);

// Kernels over several columns of one length, for tall bases, and several vectors. Elements offset ..< offset + n of
// every column and vector take part. sums[v count + k] = sum_i columns[k][i] vectors[v][i], accumulated in double
void ritz_sdots(
    const float *const *columns, long count, const float *const *vectors, long width, long offset, long n,
    double *sums);
void ritz_ddots(
    const double *const *columns, long count, const double *const *vectors, long width, long offset, long n,
    double *sums);
// vectors[v][i] += sum_k a[v count + k] columns[k][i], accumulated in double and rounded once
void ritz_saxpys(
    const double *a, const float *const *columns, long count, float *const *vectors, long width, long offset, long n);
void ritz_daxpys(
    const double *a, const double *const *columns, long count, double *const *vectors, long width, long offset, long n);

#endif
