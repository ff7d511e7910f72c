#include "ritz_linear_algebra.h"
#include "ritz_threads.h"

#include <dlfcn.h>
#include <dnnl.h>
#include <malloc.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef void (*dgemm_function)(int, int, int, int, int, int, double, const double *, int, const double *, int, double,
                               double *, int);
typedef void (*dsyevd_function)(const char *, const char *, const int *, double *, const int *, double *, double *,
                                const int *, int *, const int *, int *, size_t, size_t);
typedef void (*dstevd_function)(const char *, const int *, double *, double *, double *, const int *, double *,
                                const int *, int *, const int *, int *, size_t);
typedef void (*dgesdd_function)(const char *, const int *, const int *, double *, const int *, double *, double *,
                                const int *, double *, const int *, double *, const int *, int *, int *, size_t);

static dgemm_function blas_dgemm;
static dsyevd_function lapack_dsyevd;
static dstevd_function lapack_dstevd;
static dgesdd_function lapack_dgesdd;
static void *library;
static char description[256];
static char failure[256];
static pthread_once_t once = PTHREAD_ONCE_INIT;

static const char *core_type(void) {
#if defined(__x86_64__)
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl"))
    return "SkylakeX";
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return "Haswell";
#endif
  return NULL;
}

static void load(void) {
  // Workspaces of matrix products and sums of parameters come and go with every product; without this each of them would be
  // mapped and unmapped page by page. 32 MiB is the largest threshold the allocator takes.
  mallopt(M_MMAP_THRESHOLD, 32 << 20);
  mallopt(M_TRIM_THRESHOLD, 1 << 30);
  const char *core = core_type();
  if (core != NULL) setenv("OPENBLAS_CORETYPE", core, 0);
  library = dlopen("libopenblas.so.0", RTLD_NOW | RTLD_LOCAL);
  if (library == NULL) library = dlopen("libopenblas.so", RTLD_NOW | RTLD_LOCAL);
  if (library == NULL) {
    snprintf(failure, sizeof failure, "OpenBLAS (libopenblas.so.0) cannot be loaded: install libopenblas0-pthread or libopenblas-dev");
    return;
  }
  void (*set_threads)(int) = (void (*)(int))dlsym(library, "openblas_set_num_threads");
  char *(*configuration)(void) = (char *(*)(void))dlsym(library, "openblas_get_config");
  char *(*core_name)(void) = (char *(*)(void))dlsym(library, "openblas_get_corename");
  blas_dgemm = (dgemm_function)dlsym(library, "cblas_dgemm");
  lapack_dsyevd = (dsyevd_function)dlsym(library, "dsyevd_");
  lapack_dstevd = (dstevd_function)dlsym(library, "dstevd_");
  lapack_dgesdd = (dgesdd_function)dlsym(library, "dgesdd_");
  if (!set_threads || !blas_dgemm || !lapack_dsyevd || !lapack_dstevd || !lapack_dgesdd) {
    snprintf(failure, sizeof failure, "the OpenBLAS found has no LAPACK: install libopenblas-dev");
    return;
  }
  set_threads(1);
  char version[64] = "";
  if (configuration != NULL) {
    strncpy(version, configuration(), sizeof version - 1);
    char *end = strchr(version, ' ');
    if (end != NULL && (end = strchr(end + 1, ' ')) != NULL) *end = 0;
  }
  snprintf(description, sizeof description, "%s, kernels %s", version, core_name != NULL ? core_name() : "unknown");
}

const char *ritz_blas_load(void) {
  pthread_once(&once, load);
  return failure[0] ? failure : NULL;
}

void *ritz_blas_symbol(const char *name) {
  return ritz_blas_load() == NULL ? dlsym(library, name) : NULL;
}

const char *ritz_blas_description(void) { return description; }

const char *ritz_onednn_description(void) {
  static char text[64];
  const dnnl_version_t *version = dnnl_version();
  snprintf(text, sizeof text, "oneDNN %d.%d.%d", version->major, version->minor, version->patch);
  return text;
}

void ritz_sgemm(int transpose_a, int transpose_b, long m, long n, long k, float alpha, const float *a, long lda,
                const float *b, long ldb, float beta, float *c, long ldc) {
  ritz_use_one_thread();
  dnnl_sgemm(transpose_a ? 'T' : 'N', transpose_b ? 'T' : 'N', m, n, k, alpha, a, lda, b, ldb, beta, c, ldc);
}

void ritz_dgemm(int transpose_a, int transpose_b, long m, long n, long k, double alpha, const double *a, long lda,
                const double *b, long ldb, double beta, double *c, long ldc) {
  enum { row_major = 101, no_transpose = 111, transpose = 112 };
  blas_dgemm(row_major, transpose_a ? transpose : no_transpose, transpose_b ? transpose : no_transpose, (int)m, (int)n,
             (int)k, alpha, a, (int)lda, b, (int)ldb, beta, c, (int)ldc);
}

int ritz_dsyevd(int want_vectors, int n, double *a, double *eigenvalues) {
  if (n == 0) return 0;
  int info = 0, query = -1, integer_size = 0;
  double size = 0;
  const char *job = want_vectors ? "V" : "N";
  lapack_dsyevd(job, "L", &n, a, &n, eigenvalues, &size, &query, &integer_size, &query, &info, 1, 1);
  if (info != 0) return info;
  int work_size = (int)size;
  double *work = malloc(sizeof(double) * (size_t)work_size);
  int *integers = malloc(sizeof(int) * (size_t)integer_size);
  if (work == NULL || integers == NULL) {
    info = -1000;
  } else {
    lapack_dsyevd(job, "L", &n, a, &n, eigenvalues, work, &work_size, integers, &integer_size, &info, 1, 1);
  }
  free(work);
  free(integers);
  return info;
}

int ritz_dstevd(int n, double *diagonal, double *off_diagonal, double *vectors) {
  if (n == 0) return 0;
  int info = 0, query = -1, integer_size = 0;
  double size = 0;
  const char *job = vectors != NULL ? "V" : "N";
  lapack_dstevd(job, &n, diagonal, off_diagonal, vectors, &n, &size, &query, &integer_size, &query, &info, 1);
  if (info != 0) return info;
  int work_size = (int)size;
  double *work = malloc(sizeof(double) * (size_t)work_size);
  int *integers = malloc(sizeof(int) * (size_t)integer_size);
  if (work == NULL || integers == NULL) {
    info = -1000;
  } else {
    lapack_dstevd(job, &n, diagonal, off_diagonal, vectors, &n, work, &work_size, integers, &integer_size, &info, 1);
  }
  free(work);
  free(integers);
  return info;
}

int ritz_dgesdd(int m, int n, double *a, double *s, double *u, double *vt) {
  if (m == 0 || n == 0) return 0;
  int info = 0, query = -1, k = m < n ? m : n;
  double size = 0;
  const char *job = u != NULL && vt != NULL ? "S" : "N";
  int *integers = malloc(sizeof(int) * 8 * (size_t)k);
  if (integers == NULL) return -1000;
  lapack_dgesdd(job, &m, &n, a, &m, s, u, &m, vt, &k, &size, &query, integers, &info, 1);
  if (info == 0) {
    int work_size = (int)size;
    double *work = malloc(sizeof(double) * (size_t)work_size);
    if (work == NULL) {
      info = -1000;
    } else {
      lapack_dgesdd(job, &m, &n, a, &m, s, u, &m, vt, &k, work, &work_size, integers, &info, 1);
    }
    free(work);
  }
  free(integers);
  return info;
}
