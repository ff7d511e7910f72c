#include "ritz_factorizations.h"
#include "ritz_linear_algebra.h"

#include <pthread.h>
#include <stdlib.h>

void *ritz_blas_symbol(const char *name);

typedef void (*dsyevd_function)(const char *, const char *, const int *, double *, const int *, double *, double *,
                                const int *, int *, const int *, int *, size_t, size_t);
typedef void (*dgeqrf_function)(const int *, const int *, double *, const int *, double *, double *, const int *, int *);
typedef void (*dgesdd_function)(const char *, const int *, const int *, double *, const int *, double *, double *,
                                const int *, double *, const int *, double *, const int *, int *, int *, size_t);

static dsyevd_function direct, two_stage;
static dgeqrf_function orthogonalize;
static dgesdd_function decompose;
static pthread_once_t once = PTHREAD_ONCE_INIT;

enum { no_memory = -1000, no_routine = -1001 };

static void load(void) {
  direct = (dsyevd_function)ritz_blas_symbol("dsyevd_");
  two_stage = (dsyevd_function)ritz_blas_symbol("dsyevd_2stage_");
  orthogonalize = (dgeqrf_function)ritz_blas_symbol("dgeqrf_");
  decompose = (dgesdd_function)ritz_blas_symbol("dgesdd_");
}

int ritz_symmetric_eigenvalues(int n, double *a, double *eigenvalues) {
  if (n == 0) return 0;
  pthread_once(&once, load);
  // The band is narrower than small matrices are wide.
  dsyevd_function solve = two_stage != NULL && n >= 512 ? two_stage : direct;
  if (solve == NULL) return no_routine;
  int info = 0, query = -1, integer_size = 0;
  double size = 0;
  solve("N", "L", &n, a, &n, eigenvalues, &size, &query, &integer_size, &query, &info, 1, 1);
  if (info != 0) return info;
  int work_size = (int)size;
  double *work = malloc(sizeof(double) * (size_t)work_size);
  int *integers = malloc(sizeof(int) * (size_t)integer_size);
  if (work == NULL || integers == NULL) {
    info = no_memory;
  } else {
    solve("N", "L", &n, a, &n, eigenvalues, work, &work_size, integers, &integer_size, &info, 1, 1);
  }
  free(work);
  free(integers);
  return info;
}

int ritz_dgeqrf(int m, int n, double *a, int lda) {
  if (m == 0 || n == 0) return 0;
  pthread_once(&once, load);
  if (orthogonalize == NULL) return no_routine;
  int info = 0, query = -1;
  double size = 0;
  double *scales = malloc(sizeof(double) * (size_t)(m < n ? m : n));
  if (scales == NULL) return no_memory;
  orthogonalize(&m, &n, a, &lda, scales, &size, &query, &info);
  if (info == 0) {
    int work_size = (int)size;
    double *work = malloc(sizeof(double) * (size_t)work_size);
    if (work == NULL) {
      info = no_memory;
    } else {
      orthogonalize(&m, &n, a, &lda, scales, work, &work_size, &info);
    }
    free(work);
  }
  free(scales);
  return info;
}

int ritz_singular_values(int m, int n, double *a, double *values) {
  if (m == 0 || n == 0) return 0;
  pthread_once(&once, load);
  if (decompose == NULL) return no_routine;
  int info = 0, query = -1, one = 1, k = m < n ? m : n;
  double size = 0, unused = 0;
  int *integers = malloc(sizeof(int) * 8 * (size_t)k);
  if (integers == NULL) return no_memory;
  decompose("N", &m, &n, a, &m, values, &unused, &one, &unused, &one, &size, &query, integers, &info, 1);
  if (info == 0) {
    int work_size = (int)size;
    double *work = malloc(sizeof(double) * (size_t)work_size);
    if (work == NULL) {
      info = no_memory;
    } else {
      decompose("N", &m, &n, a, &m, values, &unused, &one, &unused, &one, work, &work_size, integers, &info, 1);
    }
    free(work);
  }
  free(integers);
  return info;
}
