#include "onednn.h"

#include <pthread.h>
#include <stdlib.h>

static dnnl_engine_t engine;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

void ritz_onednn_lock(void) { pthread_mutex_lock(&mutex); }
void ritz_onednn_unlock(void) { pthread_mutex_unlock(&mutex); }

dnnl_engine_t ritz_onednn_engine(void) {
  if (engine == NULL && dnnl_engine_create(&engine, dnnl_cpu, 0) != dnnl_success) engine = NULL;
  return engine;
}

int ritz_onednn_strided(descriptor *result, int rank, const long *sizes, const long *strides) {
  dnnl_dims_t extents, steps;
  for (int i = 0; i < rank; i++) {
    extents[i] = sizes[i];
    steps[i] = strides[i];
  }
#if DNNL_VERSION_MAJOR >= 3
  return dnnl_memory_desc_create_with_strides(result, rank, extents, dnnl_f32, steps) == dnnl_success;
#else
  *result = malloc(sizeof **result);
  return *result != NULL && dnnl_memory_desc_init_by_strides(*result, rank, extents, dnnl_f32, steps) == dnnl_success;
#endif
}

int ritz_onednn_any_order(descriptor *result, int rank, const long *sizes) {
  dnnl_dims_t extents;
  for (int i = 0; i < rank; i++) extents[i] = sizes[i];
#if DNNL_VERSION_MAJOR >= 3
  return dnnl_memory_desc_create_with_tag(result, rank, extents, dnnl_f32, dnnl_format_tag_any) == dnnl_success;
#else
  *result = malloc(sizeof **result);
  return *result != NULL &&
         dnnl_memory_desc_init_by_tag(*result, rank, extents, dnnl_f32, dnnl_format_tag_any) == dnnl_success;
#endif
}

int ritz_onednn_copied(descriptor *result, borrowed_descriptor original) {
  if (original == NULL) return 0;
#if DNNL_VERSION_MAJOR >= 3
  return dnnl_memory_desc_clone(result, original) == dnnl_success;
#else
  *result = malloc(sizeof **result);
  if (*result != NULL) **result = *original;
  return *result != NULL;
#endif
}

void ritz_onednn_discard(descriptor description) {
  if (description == NULL) return;
#if DNNL_VERSION_MAJOR >= 3
  dnnl_memory_desc_destroy(description);
#else
  free(description);
#endif
}

int ritz_onednn_attributes(dnnl_primitive_attr_t *result, int adds) {
  if (dnnl_primitive_attr_create(result) != dnnl_success ||
      dnnl_primitive_attr_set_scratchpad_mode(*result, dnnl_scratchpad_mode_user) != dnnl_success)
    return 0;
  if (!adds) return 1;
  dnnl_post_ops_t sum = NULL;
#if DNNL_VERSION_MAJOR >= 3
  int done = dnnl_post_ops_create(&sum) == dnnl_success &&
             dnnl_post_ops_append_sum(sum, 1, 0, dnnl_data_type_undef) == dnnl_success &&
             dnnl_primitive_attr_set_post_ops(*result, sum) == dnnl_success;
#else
  int done = dnnl_post_ops_create(&sum) == dnnl_success && dnnl_post_ops_append_sum(sum, 1) == dnnl_success &&
             dnnl_primitive_attr_set_post_ops(*result, sum) == dnnl_success;
#endif
  if (sum != NULL) dnnl_post_ops_destroy(sum);
  return done;
}

int ritz_onednn_primitive(dnnl_primitive_t *result, long *scratch_size, dnnl_primitive_desc_t description) {
  int done = dnnl_primitive_create(result, description) == dnnl_success;
  borrowed_descriptor memory = dnnl_primitive_desc_query_md(description, dnnl_query_scratchpad_md, 0);
  long size = memory == NULL ? 0 : (long)dnnl_memory_desc_get_size(memory);
  if (size > *scratch_size) *scratch_size = size;
  dnnl_primitive_desc_destroy(description);
  return done;
}

int ritz_onednn_reorder(dnnl_primitive_t *result, long *scratch_size, borrowed_descriptor from, borrowed_descriptor to,
                        int adds) {
  dnnl_primitive_attr_t attributes = NULL;
  dnnl_primitive_desc_t description = NULL;
  int done = ritz_onednn_attributes(&attributes, adds) &&
             dnnl_reorder_primitive_desc_create(&description, from, engine, to, engine, attributes) == dnnl_success &&
             ritz_onednn_primitive(result, scratch_size, description);
  if (attributes != NULL) dnnl_primitive_attr_destroy(attributes);
  return done;
}

dnnl_memory_t ritz_onednn_memory(borrowed_descriptor description, const void *address) {
  dnnl_memory_t result = NULL;
  dnnl_memory_create(&result, description, engine, (void *)address);
  return result;
}

dnnl_memory_t ritz_onednn_scratchpad(long bytes, void *address) {
  dnnl_memory_t result = NULL;
  if (bytes == 0) return NULL;
  dnnl_dims_t size = {bytes};
#if DNNL_VERSION_MAJOR >= 3
  dnnl_memory_desc_t description;
  dnnl_memory_desc_create_with_tag(&description, 1, size, dnnl_u8, dnnl_a);
  dnnl_memory_create(&result, description, engine, address);
  dnnl_memory_desc_destroy(description);
#else
  dnnl_memory_desc_t description;
  dnnl_memory_desc_init_by_tag(&description, 1, size, dnnl_u8, dnnl_a);
  dnnl_memory_create(&result, &description, engine, address);
#endif
  return result;
}

// A stream has no state of its own on the CPU; each thread keeps one.
static dnnl_stream_t stream(void) {
  static __thread dnnl_stream_t own;
  if (own == NULL) dnnl_stream_create(&own, engine, dnnl_stream_default_flags);
  return own;
}

void ritz_onednn_execute(dnnl_primitive_t primitive, dnnl_exec_arg_t *arguments, int count) {
  dnnl_primitive_execute(primitive, stream(), count, arguments);
  for (int i = 0; i < count; i++)
    if (arguments[i].memory != NULL) dnnl_memory_destroy(arguments[i].memory);
}
