#ifndef RITZ_PACKED_CONVOLUTION_H
#define RITZ_PACKED_CONVOLUTION_H

#include "ritz_images.h"

// A convolution of channels-last images in single precision, or one of its two derivatives, with the filters in the order the
// kernel likes best. Single-threaded. Found or made once for its sizes, lives as long as the process; NULL where the library
// has no kernel for it.
enum { ritz_forward, ritz_input_gradient, ritz_filter_gradient };
// All members are of one type, so that sizes can be compared as memory.
typedef struct {
  long role, batch, groups, input_channels, output_channels;
  ritz_axis rows, columns;
  // Of the far side; the near side's is in the axes.
  long row_padding, column_padding;
} ritz_convolution_sizes;

typedef struct ritz_packed_convolution ritz_packed_convolution;
const ritz_packed_convolution *ritz_packed_convolution_get(const ritz_convolution_sizes *sizes);

// Bytes of packed filters, and of the scratch memory that every call needs; both 64-byte aligned by the caller.
long ritz_convolution_packed_size(const ritz_packed_convolution *convolution);
long ritz_convolution_scratch_size(const ritz_packed_convolution *convolution);
// Whether forward and input gradients can add to their result.
int ritz_convolution_adds(const ritz_packed_convolution *convolution);

// Filters [out, in / groups, rows, columns] to the kernel's order; for filter gradients back from it, adding if told.
void ritz_convolution_pack(const ritz_packed_convolution *convolution, const float *filters, void *packed,
                           void *scratch);
void ritz_convolution_unpack(const ritz_packed_convolution *convolution, const void *packed, float *filters,
                             int accumulate, void *scratch);
// Images by packed filters; `accumulate` only where ritz_convolution_adds.
void ritz_convolution_run(const ritz_packed_convolution *convolution, const float *image, const void *packed,
                          float *result, int accumulate, void *scratch);
// The gradient of the filters, in the kernel's order.
void ritz_convolution_filter_gradient(const ritz_packed_convolution *convolution, const float *x, const float *u,
                                      void *packed, void *scratch);

#endif
