#ifndef RITZ_FACTORIZATIONS_H
#define RITZ_FACTORIZATIONS_H

// Factorizations of large dense matrices, values only, in place and single-threaded. The library must have been loaded.
// All return LAPACK's info, −1000 for no memory, −1001 where the library lacks the routine.

// Eigenvalues, ascending, of a symmetric n×n matrix whose lower triangle (column-major) is given; `a` is overwritten.
// The reduction goes over a banded matrix where the library can, so that most of it is matrix products: the direct one
// to tridiagonal form reads the whole matrix n times.
int ritz_symmetric_eigenvalues(int n, double *a, double *eigenvalues);

// A = Q R of an m×n column-major matrix with leading dimension `lda`: R is left in the upper triangle, reflectors of Q below it.
int ritz_dgeqrf(int m, int n, double *a, int lda);

// Singular values, descending, of an m×n column-major matrix, which is overwritten.
int ritz_singular_values(int m, int n, double *a, double *values);

#endif
