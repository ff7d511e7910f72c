#include "ritz_packed_product.h"
#include "ritz_threads.h"

#include <dnnl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

// oneDNN 2 describes memory by value, oneDNN 3 by handle; the rest of this file sees `descriptor` only.
#if DNNL_VERSION_MAJOR >= 3
typedef dnnl_memory_desc_t descriptor;
typedef const_dnnl_memory_desc_t borrowed_descriptor;
#else
typedef dnnl_memory_desc_t *descriptor;
typedef const dnnl_memory_desc_t *borrowed_descriptor;
#endif

struct ritz_packed_product {
  int transpose_a, transpose_b;
  long m, n, k;
  descriptor a, b, packed, c;
  dnnl_primitive_t overwrite, accumulate, reorder;
  long packed_size, scratch_size;
  int usable;
  struct ritz_packed_product *next;
};

static dnnl_engine_t engine;
static struct ritz_packed_product *known;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

static int strided(descriptor *result, long rows, long columns, long row_stride, long column_stride) {
  dnnl_dims_t dimensions = {rows, columns}, strides = {row_stride, column_stride};
#if DNNL_VERSION_MAJOR >= 3
  return dnnl_memory_desc_create_with_strides(result, 2, dimensions, dnnl_f32, strides) == dnnl_success;
#else
  *result = malloc(sizeof **result);
  return *result != NULL && dnnl_memory_desc_init_by_strides(*result, 2, dimensions, dnnl_f32, strides) == dnnl_success;
#endif
}

static int any_order(descriptor *result, long rows, long columns) {
  dnnl_dims_t dimensions = {rows, columns};
#if DNNL_VERSION_MAJOR >= 3
  return dnnl_memory_desc_create_with_tag(result, 2, dimensions, dnnl_f32, dnnl_format_tag_any) == dnnl_success;
#else
  *result = malloc(sizeof **result);
  return *result != NULL &&
         dnnl_memory_desc_init_by_tag(*result, 2, dimensions, dnnl_f32, dnnl_format_tag_any) == dnnl_success;
#endif
}

static int copied(descriptor *result, borrowed_descriptor original) {
  if (original == NULL) return 0;
#if DNNL_VERSION_MAJOR >= 3
  return dnnl_memory_desc_clone(result, original) == dnnl_success;
#else
  *result = malloc(sizeof **result);
  if (*result != NULL) **result = *original;
  return *result != NULL;
#endif
}

static int describe_product(dnnl_primitive_desc_t *result, borrowed_descriptor a, borrowed_descriptor b,
                            borrowed_descriptor c, dnnl_primitive_attr_t attributes) {
#if DNNL_VERSION_MAJOR >= 3
  return dnnl_matmul_primitive_desc_create(result, engine, a, b, NULL, c, attributes) == dnnl_success;
#else
  dnnl_matmul_desc_t operation;
  return dnnl_matmul_desc_init(&operation, a, b, NULL, c) == dnnl_success &&
         dnnl_primitive_desc_create(result, &operation, attributes, engine, NULL) == dnnl_success;
#endif
}

static long scratch_size(const_dnnl_primitive_desc_t description) {
  borrowed_descriptor memory = dnnl_primitive_desc_query_md(description, dnnl_query_scratchpad_md, 0);
  return memory == NULL ? 0 : (long)dnnl_memory_desc_get_size(memory);
}

// Makes the primitive for the product; the first one made also settles the packed order.
static int make_product(struct ritz_packed_product *p, int adds, dnnl_primitive_t *primitive) {
  dnnl_primitive_attr_t attributes = NULL;
  dnnl_post_ops_t sum = NULL;
  dnnl_primitive_desc_t description = NULL;
  descriptor any = NULL;
  int done = dnnl_primitive_attr_create(&attributes) == dnnl_success &&
             dnnl_primitive_attr_set_scratchpad_mode(attributes, dnnl_scratchpad_mode_user) == dnnl_success;
  if (done && adds) {
#if DNNL_VERSION_MAJOR >= 3
    done = dnnl_post_ops_create(&sum) == dnnl_success &&
           dnnl_post_ops_append_sum(sum, 1, 0, dnnl_data_type_undef) == dnnl_success &&
           dnnl_primitive_attr_set_post_ops(attributes, sum) == dnnl_success;
#else
    done = dnnl_post_ops_create(&sum) == dnnl_success && dnnl_post_ops_append_sum(sum, 1) == dnnl_success &&
           dnnl_primitive_attr_set_post_ops(attributes, sum) == dnnl_success;
#endif
  }
  if (done && p->packed == NULL) done = any_order(&any, p->k, p->n);
  done = done && describe_product(&description, p->a, p->packed != NULL ? p->packed : any, p->c, attributes);
  if (done && p->packed == NULL)
    done = copied(&p->packed, dnnl_primitive_desc_query_md(description, dnnl_query_weights_md, 0));
  done = done && dnnl_primitive_create(primitive, description) == dnnl_success;
  if (done && scratch_size(description) > p->scratch_size) p->scratch_size = scratch_size(description);
  if (description != NULL) dnnl_primitive_desc_destroy(description);
  if (sum != NULL) dnnl_post_ops_destroy(sum);
  if (attributes != NULL) dnnl_primitive_attr_destroy(attributes);
#if DNNL_VERSION_MAJOR >= 3
  if (any != NULL) dnnl_memory_desc_destroy(any);
#else
  free(any);
#endif
  return done;
}

static int make_reorder(struct ritz_packed_product *p) {
  dnnl_primitive_attr_t attributes = NULL;
  dnnl_primitive_desc_t description = NULL;
  int done =
      dnnl_primitive_attr_create(&attributes) == dnnl_success &&
      dnnl_primitive_attr_set_scratchpad_mode(attributes, dnnl_scratchpad_mode_user) == dnnl_success &&
      dnnl_reorder_primitive_desc_create(&description, p->b, engine, p->packed, engine, attributes) == dnnl_success &&
      dnnl_primitive_create(&p->reorder, description) == dnnl_success;
  if (done && scratch_size(description) > p->scratch_size) p->scratch_size = scratch_size(description);
  if (description != NULL) dnnl_primitive_desc_destroy(description);
  if (attributes != NULL) dnnl_primitive_attr_destroy(attributes);
  return done;
}

static struct ritz_packed_product *make(int transpose_a, int transpose_b, long m, long n, long k) {
  struct ritz_packed_product *p = calloc(1, sizeof *p);
  if (p == NULL) return NULL;
  p->transpose_a = transpose_a;
  p->transpose_b = transpose_b;
  p->m = m;
  p->n = n;
  p->k = k;
  if (engine == NULL && dnnl_engine_create(&engine, dnnl_cpu, 0) != dnnl_success) engine = NULL;
  p->usable = engine != NULL && strided(&p->a, m, k, transpose_a ? 1 : k, transpose_a ? m : 1) &&
              strided(&p->b, k, n, transpose_b ? 1 : n, transpose_b ? k : 1) && strided(&p->c, m, n, n, 1) &&
              make_product(p, 0, &p->overwrite) && make_product(p, 1, &p->accumulate) && make_reorder(p);
  if (p->usable) p->packed_size = (long)dnnl_memory_desc_get_size(p->packed);
  return p;
}

const ritz_packed_product *ritz_packed_product_get(int transpose_a, int transpose_b, long m, long n, long k) {
  // A primitive's team is settled when it is made: one thread, as where it will run.
  ritz_use_one_thread();
  pthread_mutex_lock(&mutex);
  struct ritz_packed_product *p = known;
  while (p != NULL && !(p->transpose_a == transpose_a && p->transpose_b == transpose_b && p->m == m && p->n == n && p->k == k))
    p = p->next;
  if (p == NULL) {
    p = make(transpose_a, transpose_b, m, n, k);
    if (p != NULL) {
      p->next = known;
      known = p;
    }
  }
  pthread_mutex_unlock(&mutex);
  return p != NULL && p->usable ? p : NULL;
}

long ritz_packed_size(const ritz_packed_product *product) { return product->packed_size; }
long ritz_packed_scratch_size(const ritz_packed_product *product) { return product->scratch_size; }

// A stream has no state of its own on the CPU; each thread keeps one.
static dnnl_stream_t stream(void) {
  static __thread dnnl_stream_t own;
  if (own == NULL) dnnl_stream_create(&own, engine, dnnl_stream_default_flags);
  return own;
}

static dnnl_memory_t memory(borrowed_descriptor description, void *address) {
  dnnl_memory_t result = NULL;
  dnnl_memory_create(&result, description, engine, address);
  return result;
}

static dnnl_memory_t scratchpad(const ritz_packed_product *product, void *address) {
  dnnl_memory_t result = NULL;
  if (product->scratch_size == 0) return NULL;
  dnnl_dims_t size = {product->scratch_size};
#if DNNL_VERSION_MAJOR >= 3
  dnnl_memory_desc_t bytes;
  dnnl_memory_desc_create_with_tag(&bytes, 1, size, dnnl_u8, dnnl_a);
  dnnl_memory_create(&result, bytes, engine, address);
  dnnl_memory_desc_destroy(bytes);
#else
  dnnl_memory_desc_t bytes;
  dnnl_memory_desc_init_by_tag(&bytes, 1, size, dnnl_u8, dnnl_a);
  dnnl_memory_create(&result, &bytes, engine, address);
#endif
  return result;
}

static void execute(dnnl_primitive_t primitive, dnnl_exec_arg_t *arguments, int count) {
  dnnl_primitive_execute(primitive, stream(), count, arguments);
  for (int i = 0; i < count; i++)
    if (arguments[i].memory != NULL) dnnl_memory_destroy(arguments[i].memory);
}

void ritz_packed_pack(const ritz_packed_product *product, const float *b, void *packed, void *scratch) {
  ritz_use_one_thread();
  dnnl_exec_arg_t arguments[3] = {{DNNL_ARG_FROM, memory(product->b, (void *)b)},
                                  {DNNL_ARG_TO, memory(product->packed, packed)},
                                  {DNNL_ARG_SCRATCHPAD, scratchpad(product, scratch)}};
  execute(product->reorder, arguments, product->scratch_size > 0 ? 3 : 2);
}

void ritz_packed_run(const ritz_packed_product *product, const float *a, const void *packed, float *c, int accumulate,
                     void *scratch) {
  ritz_use_one_thread();
  dnnl_exec_arg_t arguments[4] = {{DNNL_ARG_SRC, memory(product->a, (void *)a)},
                                  {DNNL_ARG_WEIGHTS, memory(product->packed, (void *)packed)},
                                  {DNNL_ARG_DST, memory(product->c, c)},
                                  {DNNL_ARG_SCRATCHPAD, scratchpad(product, scratch)}};
  execute(accumulate ? product->accumulate : product->overwrite, arguments, product->scratch_size > 0 ? 4 : 3);
}
