#include "ritz_packed_product.h"
#include "onednn.h"
#include "ritz_threads.h"

#include <stdlib.h>

struct ritz_packed_product {
  int transpose_a, transpose_b;
  long m, n, k;
  descriptor a, b, packed, c;
  dnnl_primitive_t overwrite, accumulate, reorder;
  long packed_size, scratch_size;
  int usable;
  struct ritz_packed_product *next;
};

static struct ritz_packed_product *known;

static int strided(descriptor *result, long rows, long columns, long row_stride, long column_stride) {
  long sizes[2] = {rows, columns}, strides[2] = {row_stride, column_stride};
  return ritz_onednn_strided(result, 2, sizes, strides);
}

static int describe(dnnl_primitive_desc_t *result, borrowed_descriptor a, borrowed_descriptor b, borrowed_descriptor c,
                    dnnl_primitive_attr_t attributes) {
#if DNNL_VERSION_MAJOR >= 3
  return dnnl_matmul_primitive_desc_create(result, ritz_onednn_engine(), a, b, NULL, c, attributes) == dnnl_success;
#else
  dnnl_matmul_desc_t operation;
  return dnnl_matmul_desc_init(&operation, a, b, NULL, c) == dnnl_success &&
         dnnl_primitive_desc_create(result, &operation, attributes, ritz_onednn_engine(), NULL) == dnnl_success;
#endif
}

// Makes the primitive for the product; the first one made also settles the packed order.
static int make_product(struct ritz_packed_product *p, int adds, dnnl_primitive_t *primitive) {
  dnnl_primitive_attr_t attributes = NULL;
  dnnl_primitive_desc_t description = NULL;
  descriptor any = NULL;
  long sizes[2] = {p->k, p->n};
  int done = ritz_onednn_attributes(&attributes, adds) &&
             (p->packed != NULL || ritz_onednn_any_order(&any, 2, sizes)) &&
             describe(&description, p->a, p->packed != NULL ? p->packed : any, p->c, attributes);
  if (done && p->packed == NULL)
    done = ritz_onednn_copied(&p->packed, dnnl_primitive_desc_query_md(description, dnnl_query_weights_md, 0));
  done = done && ritz_onednn_primitive(primitive, &p->scratch_size, description);
  if (attributes != NULL) dnnl_primitive_attr_destroy(attributes);
  ritz_onednn_discard(any);
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
  p->usable = ritz_onednn_engine() != NULL && strided(&p->a, m, k, transpose_a ? 1 : k, transpose_a ? m : 1) &&
              strided(&p->b, k, n, transpose_b ? 1 : n, transpose_b ? k : 1) && strided(&p->c, m, n, n, 1) &&
              make_product(p, 0, &p->overwrite) && make_product(p, 1, &p->accumulate) &&
              ritz_onednn_reorder(&p->reorder, &p->scratch_size, p->b, p->packed, 0);
  if (p->usable) p->packed_size = (long)dnnl_memory_desc_get_size(p->packed);
  return p;
}

const ritz_packed_product *ritz_packed_product_get(int transpose_a, int transpose_b, long m, long n, long k) {
  // A primitive's team is settled when it is made: one thread, as where it will run.
  ritz_use_one_thread();
  ritz_onednn_lock();
  struct ritz_packed_product *p = known;
  while (p != NULL &&
         !(p->transpose_a == transpose_a && p->transpose_b == transpose_b && p->m == m && p->n == n && p->k == k))
    p = p->next;
  if (p == NULL) {
    p = make(transpose_a, transpose_b, m, n, k);
    if (p != NULL) {
      p->next = known;
      known = p;
    }
  }
  ritz_onednn_unlock();
  return p != NULL && p->usable ? p : NULL;
}

long ritz_packed_size(const ritz_packed_product *product) { return product->packed_size; }
long ritz_packed_scratch_size(const ritz_packed_product *product) { return product->scratch_size; }

void ritz_packed_pack(const ritz_packed_product *product, const float *b, void *packed, void *scratch) {
  ritz_use_one_thread();
  dnnl_exec_arg_t arguments[3] = {{DNNL_ARG_FROM, ritz_onednn_memory(product->b, b)},
                                  {DNNL_ARG_TO, ritz_onednn_memory(product->packed, packed)},
                                  {DNNL_ARG_SCRATCHPAD, ritz_onednn_scratchpad(product->scratch_size, scratch)}};
  ritz_onednn_execute(product->reorder, arguments, product->scratch_size > 0 ? 3 : 2);
}

void ritz_packed_run(const ritz_packed_product *product, const float *a, const void *packed, float *c, int accumulate,
                     void *scratch) {
  ritz_use_one_thread();
  dnnl_exec_arg_t arguments[4] = {{DNNL_ARG_SRC, ritz_onednn_memory(product->a, a)},
                                  {DNNL_ARG_WEIGHTS, ritz_onednn_memory(product->packed, packed)},
                                  {DNNL_ARG_DST, ritz_onednn_memory(product->c, c)},
                                  {DNNL_ARG_SCRATCHPAD, ritz_onednn_scratchpad(product->scratch_size, scratch)}};
  ritz_onednn_execute(accumulate ? product->accumulate : product->overwrite, arguments,
                      product->scratch_size > 0 ? 4 : 3);
}
