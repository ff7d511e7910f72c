#ifndef RITZ_ONEDNN_H
#define RITZ_ONEDNN_H

// What oneDNN 2 and 3 say differently, said once. oneDNN 2 describes memory by value, oneDNN 3 by handle; the kernels see
// `descriptor` only. Everything returns 0 where the library refuses.

#include <dnnl.h>

#if DNNL_VERSION_MAJOR >= 3
typedef dnnl_memory_desc_t descriptor;
typedef const_dnnl_memory_desc_t borrowed_descriptor;
#else
typedef dnnl_memory_desc_t *descriptor;
typedef const dnnl_memory_desc_t *borrowed_descriptor;
#endif

// The one engine; NULL where there is none. Call with the lock held.
dnnl_engine_t ritz_onednn_engine(void);
void ritz_onednn_lock(void);
void ritz_onednn_unlock(void);

// Single-precision arrays: with strides in elements, or in whatever order a primitive likes best.
int ritz_onednn_strided(descriptor *result, int rank, const long *sizes, const long *strides);
int ritz_onednn_any_order(descriptor *result, int rank, const long *sizes);
int ritz_onednn_copied(descriptor *result, borrowed_descriptor original);
void ritz_onednn_discard(descriptor description);

// Attributes of a primitive that gets its scratch memory from outside and, with `adds`, adds to its result.
int ritz_onednn_attributes(dnnl_primitive_attr_t *result, int adds);

// A copy from one order to another, or one that adds.
int ritz_onednn_reorder(dnnl_primitive_t *result, long *scratch_size, borrowed_descriptor from, borrowed_descriptor to,
                        int adds);

// Makes the primitive of a description and raises scratch_size to what it needs; the description is destroyed.
int ritz_onednn_primitive(dnnl_primitive_t *result, long *scratch_size, dnnl_primitive_desc_t description);

dnnl_memory_t ritz_onednn_memory(borrowed_descriptor description, const void *address);
dnnl_memory_t ritz_onednn_scratchpad(long bytes, void *address);

// Runs a primitive on this thread and destroys the arguments' memory objects.
void ritz_onednn_execute(dnnl_primitive_t primitive, dnnl_exec_arg_t *arguments, int count);

#endif
