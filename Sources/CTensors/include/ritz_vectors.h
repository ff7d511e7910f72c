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
// total += x, total in double: the commit of a task's parameter sums
void ritz_scommit(const float *x, double *total, long n);
void ritz_dcommit(const double *x, double *total, long n);
// total = x
void ritz_sassign(const float *x, double *total, long n);
// y = (float) total
void ritz_sround(const double *total, float *y, long n);

#endif
