#ifndef RITZ_LINEAR_ALGEBRA_H
#define RITZ_LINEAR_ALGEBRA_H

// OpenBLAS is loaded at the first call, after OPENBLAS_CORETYPE has been set for the processor at hand: the library picks
// the kernels of an old processor on one that is newer than itself. Returns NULL, or a text that says what is missing.
const char *ritz_blas_load(void);

// What was loaded, for `result.json` and the benchmarks; "" before the first load.
const char *ritz_blas_description(void);
const char *ritz_onednn_description(void);

// C = alpha op(A) op(B) + beta C, row-major; op transposes where the flag is non-zero. Single-threaded.
void ritz_sgemm(int transpose_a, int transpose_b, long m, long n, long k, float alpha, const float *a, long lda,
                const float *b, long ldb, float beta, float *c, long ldc);
void ritz_dgemm(int transpose_a, int transpose_b, long m, long n, long k, double alpha, const double *a, long lda,
                const double *b, long ldb, double beta, double *c, long ldc);

// Eigenvalues ascending and, where asked for, eigenvectors of a symmetric matrix (divide and conquer). `a` is n×n, only its
// lower triangle (column-major) is read; with vectors, column j becomes eigenvector j. Returns LAPACK's info, −1000 for
// no memory.
int ritz_dsyevd(int want_vectors, int n, double *a, double *eigenvalues);

// The same for a symmetric tridiagonal matrix: `diagonal` becomes the eigenvalues; `vectors` is n×n column-major or NULL.
// `off_diagonal` has n − 1 elements and is overwritten.
int ritz_dstevd(int n, double *diagonal, double *off_diagonal, double *vectors);

// Singular value decomposition A = U diag(s) Vᵀ of an m×n column-major matrix, thin; u is m×k, vt is k×n, k = min(m, n).
// Values only where u or vt is NULL.
int ritz_dgesdd(int m, int n, double *a, double *s, double *u, double *vt);

#endif
