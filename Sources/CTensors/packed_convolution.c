#include "ritz_packed_convolution.h"
#include "onednn.h"
#include "ritz_threads.h"

#include <stdlib.h>
#include <string.h>

struct ritz_packed_convolution {
  ritz_convolution_sizes sizes;
  // Whether an input gradient runs as a convolution with turned filters, whose kernel can add to its result.
  int turned;
  descriptor x, y, filters, packed;
  dnnl_primitive_t overwrite, accumulate, reorder, reorder_add;
  long packed_size, scratch_size;
  int usable;
  struct ritz_packed_convolution *next;
};

static struct ritz_packed_convolution *known;

static int images(descriptor *result, long batch, long channels, ritz_axis rows, ritz_axis columns, int output) {
  long h = output ? rows.output : rows.input, w = output ? columns.output : columns.input;
  long sizes[4] = {batch, channels, h, w}, strides[4] = {h * w * channels, 1, w * channels, channels};
  return ritz_onednn_strided(result, 4, sizes, strides);
}

// The filters' sizes; with groups these come first as a dimension of their own.
static int filter_sizes(const ritz_convolution_sizes *s, long *sizes) {
  long own[5] = {s->groups, s->output_channels / s->groups, s->input_channels / s->groups, s->rows.filter,
                 s->columns.filter};
  int skip = s->groups == 1 ? 1 : 0;
  memcpy(sizes, own + skip, (5 - skip) * sizeof *sizes);
  return 5 - skip;
}

static int plain_filters(descriptor *result, const ritz_convolution_sizes *s) {
  long sizes[5], strides[5], stride = 1;
  int rank = filter_sizes(s, sizes);
  for (int i = rank - 1; i >= 0; i--) {
    strides[i] = stride;
    stride *= sizes[i];
  }
  return ritz_onednn_strided(result, rank, sizes, strides);
}

static int any_filters(descriptor *result, const ritz_convolution_sizes *s) {
  long sizes[5];
  return ritz_onednn_any_order(result, filter_sizes(s, sizes), sizes);
}

// The description of a convolution or its derivative; `filters` in any order.
static int describe(dnnl_primitive_desc_t *result, const struct ritz_packed_convolution *p, long role,
                    borrowed_descriptor filters, dnnl_primitive_attr_t attributes) {
  const ritz_convolution_sizes *s = &p->sizes;
  dnnl_dims_t strides = {s->rows.stride, s->columns.stride};
  dnnl_dims_t dilations = {s->rows.dilation - 1, s->columns.dilation - 1};
  dnnl_dims_t low = {s->rows.padding, s->columns.padding}, high = {s->row_padding, s->column_padding};
  dnnl_engine_t engine = ritz_onednn_engine();
  dnnl_primitive_desc_t hint = NULL;
  if (role != ritz_forward && !describe(&hint, p, ritz_forward, filters, NULL)) return 0;
#if DNNL_VERSION_MAJOR >= 3
  dnnl_status_t status =
      role == ritz_forward
          ? dnnl_convolution_forward_primitive_desc_create(result, engine, dnnl_forward_training,
                                                           dnnl_convolution_direct, p->x, filters, NULL, p->y, strides,
                                                           dilations, low, high, attributes)
      : role == ritz_input_gradient
          ? dnnl_convolution_backward_data_primitive_desc_create(result, engine, dnnl_convolution_direct, p->x, filters,
                                                                 p->y, strides, dilations, low, high, hint, attributes)
          : dnnl_convolution_backward_weights_primitive_desc_create(result, engine, dnnl_convolution_direct, p->x,
                                                                    filters, NULL, p->y, strides, dilations, low, high,
                                                                    hint, attributes);
#else
  dnnl_convolution_desc_t operation;
  dnnl_status_t status =
      role == ritz_forward
          ? dnnl_dilated_convolution_forward_desc_init(&operation, dnnl_forward_training, dnnl_convolution_direct, p->x,
                                                       filters, NULL, p->y, strides, dilations, low, high)
      : role == ritz_input_gradient
          ? dnnl_dilated_convolution_backward_data_desc_init(&operation, dnnl_convolution_direct, p->x, filters, p->y,
                                                             strides, dilations, low, high)
          : dnnl_dilated_convolution_backward_weights_desc_init(&operation, dnnl_convolution_direct, p->x, filters,
                                                                NULL, p->y, strides, dilations, low, high);
  if (status == dnnl_success) status = dnnl_primitive_desc_create(result, &operation, attributes, engine, hint);
#endif
  if (hint != NULL) dnnl_primitive_desc_destroy(hint);
  return status == dnnl_success;
}

// Makes the primitive; the first one made also settles the order of the filters.
static int make_primitive(struct ritz_packed_convolution *p, int adds, dnnl_primitive_t *primitive) {
  dnnl_primitive_attr_t attributes = NULL;
  dnnl_primitive_desc_t description = NULL;
  descriptor any = NULL;
  int done = ritz_onednn_attributes(&attributes, adds) && (p->packed != NULL || any_filters(&any, &p->sizes)) &&
             describe(&description, p, p->sizes.role, p->packed != NULL ? p->packed : any, attributes);
  if (done && p->packed == NULL)
    done = ritz_onednn_copied(
        &p->packed, dnnl_primitive_desc_query_md(description,
                                                 p->sizes.role == ritz_filter_gradient ? dnnl_query_diff_weights_md
                                                                                       : dnnl_query_weights_md,
                                                 0));
  done = done && ritz_onednn_primitive(primitive, &p->scratch_size, description);
  if (attributes != NULL) dnnl_primitive_attr_destroy(attributes);
  ritz_onednn_discard(any);
  return done;
}

// The axis of the turned convolution, and its padding on the far side.
static ritz_axis turned_axis(ritz_axis axis, long *far_padding) {
  long reach = axis.dilation * (axis.filter - 1);
  ritz_axis result = axis;
  result.input = axis.output;
  result.output = axis.input;
  result.padding = reach - axis.padding;
  *far_padding = axis.input - 1 + reach - result.padding - (axis.output - 1);
  return result;
}

// ∂⟨u, x ∗ w⟩/∂x at stride 1 is the convolution of u with the filters turned by half a turn, inputs and outputs exchanged.
static ritz_convolution_sizes turned_sizes(ritz_convolution_sizes s) {
  ritz_convolution_sizes result = s;
  result.role = ritz_forward;
  result.input_channels = s.output_channels;
  result.output_channels = s.input_channels;
  result.rows = turned_axis(s.rows, &result.row_padding);
  result.columns = turned_axis(s.columns, &result.column_padding);
  return result;
}

static int can_turn(const ritz_convolution_sizes *s) {
  ritz_convolution_sizes t = turned_sizes(*s);
  return s->role == ritz_input_gradient && s->rows.stride == 1 && s->columns.stride == 1 && t.rows.padding >= 0 &&
         t.columns.padding >= 0 && t.row_padding >= 0 && t.column_padding >= 0;
}

static int build(struct ritz_packed_convolution *p) {
  ritz_convolution_sizes *s = &p->sizes;
  if (ritz_onednn_engine() == NULL || !images(&p->x, s->batch, s->input_channels, s->rows, s->columns, 0) ||
      !images(&p->y, s->batch, s->output_channels, s->rows, s->columns, 1) || !plain_filters(&p->filters, s) ||
      !make_primitive(p, 0, &p->overwrite))
    return 0;
  if (s->role == ritz_filter_gradient)
    return ritz_onednn_reorder(&p->reorder, &p->scratch_size, p->packed, p->filters, 0) &&
           ritz_onednn_reorder(&p->reorder_add, &p->scratch_size, p->packed, p->filters, 1);
  if (s->role == ritz_forward && !make_primitive(p, 1, &p->accumulate)) return 0;
  return ritz_onednn_reorder(&p->reorder, &p->scratch_size, p->filters, p->packed, 0);
}

const ritz_packed_convolution *ritz_packed_convolution_get(const ritz_convolution_sizes *sizes) {
  // A primitive's team is settled when it is made: one thread, as where it will run.
  ritz_use_one_thread();
  ritz_onednn_lock();
  int turned = can_turn(sizes);
  ritz_convolution_sizes wanted = turned ? turned_sizes(*sizes) : *sizes;
  struct ritz_packed_convolution *p = known;
  while (p != NULL && !(p->turned == turned && memcmp(&p->sizes, &wanted, sizeof wanted) == 0)) p = p->next;
  if (p == NULL && (p = calloc(1, sizeof *p)) != NULL) {
    p->sizes = wanted;
    p->turned = turned;
    p->usable = build(p);
    if (p->usable) p->packed_size = (long)dnnl_memory_desc_get_size(p->packed);
    p->next = known;
    known = p;
  }
  ritz_onednn_unlock();
  return p != NULL && p->usable ? p : NULL;
}

static long filter_bytes(const ritz_packed_convolution *p) {
  const ritz_convolution_sizes *s = &p->sizes;
  long count = s->output_channels * (s->input_channels / s->groups) * s->rows.filter * s->columns.filter;
  return (4 * count + 63) & ~63L;
}

long ritz_convolution_packed_size(const ritz_packed_convolution *p) { return p->packed_size; }
long ritz_convolution_scratch_size(const ritz_packed_convolution *p) {
  return ((p->scratch_size + 63) & ~63L) + (p->turned ? filter_bytes(p) : 0);
}
int ritz_convolution_adds(const ritz_packed_convolution *p) { return p->accumulate != NULL; }

// turned[g, i, o, k] = filters[g, o, i, last − k]; `s` are the sizes of the turned convolution.
static void turn(const ritz_convolution_sizes *s, const float *filters, float *turned) {
  long outer = s->output_channels / s->groups, inner = s->input_channels / s->groups;
  long taps = s->rows.filter * s->columns.filter;
  for (long g = 0; g < s->groups; g++)
    for (long i = 0; i < outer; i++)
      for (long o = 0; o < inner; o++) {
        const float *from = filters + ((g * inner + o) * outer + i) * taps;
        for (long k = 0; k < taps; k++) *turned++ = from[taps - 1 - k];
      }
}

void ritz_convolution_pack(const ritz_packed_convolution *p, const float *filters, void *packed, void *scratch) {
  ritz_use_one_thread();
  if (p->turned) {
    float *copy = (float *)((char *)scratch + ((p->scratch_size + 63) & ~63L));
    turn(&p->sizes, filters, copy);
    filters = copy;
  }
  dnnl_exec_arg_t arguments[3] = {{DNNL_ARG_FROM, ritz_onednn_memory(p->filters, filters)},
                                  {DNNL_ARG_TO, ritz_onednn_memory(p->packed, packed)},
                                  {DNNL_ARG_SCRATCHPAD, ritz_onednn_scratchpad(p->scratch_size, scratch)}};
  ritz_onednn_execute(p->reorder, arguments, p->scratch_size > 0 ? 3 : 2);
}

void ritz_convolution_unpack(const ritz_packed_convolution *p, const void *packed, float *filters, int accumulate,
                             void *scratch) {
  ritz_use_one_thread();
  dnnl_exec_arg_t arguments[3] = {{DNNL_ARG_FROM, ritz_onednn_memory(p->packed, packed)},
                                  {DNNL_ARG_TO, ritz_onednn_memory(p->filters, filters)},
                                  {DNNL_ARG_SCRATCHPAD, ritz_onednn_scratchpad(p->scratch_size, scratch)}};
  ritz_onednn_execute(accumulate ? p->reorder_add : p->reorder, arguments, p->scratch_size > 0 ? 3 : 2);
}

void ritz_convolution_run(const ritz_packed_convolution *p, const float *image, const void *packed, float *result,
                          int accumulate, void *scratch) {
  ritz_use_one_thread();
  int forward = p->sizes.role == ritz_forward;
  dnnl_exec_arg_t arguments[4] = {
      {forward ? DNNL_ARG_SRC : DNNL_ARG_DIFF_DST, ritz_onednn_memory(forward ? p->x : p->y, image)},
      {DNNL_ARG_WEIGHTS, ritz_onednn_memory(p->packed, packed)},
      {forward ? DNNL_ARG_DST : DNNL_ARG_DIFF_SRC, ritz_onednn_memory(forward ? p->y : p->x, result)},
      {DNNL_ARG_SCRATCHPAD, ritz_onednn_scratchpad(p->scratch_size, scratch)}};
  ritz_onednn_execute(accumulate ? p->accumulate : p->overwrite, arguments, p->scratch_size > 0 ? 4 : 3);
}

void ritz_convolution_filter_gradient(const ritz_packed_convolution *p, const float *x, const float *u, void *packed,
                                      void *scratch) {
  ritz_use_one_thread();
  dnnl_exec_arg_t arguments[4] = {{DNNL_ARG_SRC, ritz_onednn_memory(p->x, x)},
                                  {DNNL_ARG_DIFF_DST, ritz_onednn_memory(p->y, u)},
                                  {DNNL_ARG_DIFF_WEIGHTS, ritz_onednn_memory(p->packed, packed)},
                                  {DNNL_ARG_SCRATCHPAD, ritz_onednn_scratchpad(p->scratch_size, scratch)}};
  ritz_onednn_execute(p->overwrite, arguments, p->scratch_size > 0 ? 4 : 3);
}
