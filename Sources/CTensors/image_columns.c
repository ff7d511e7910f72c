#include "ritz_dispatch.h"
#include "ritz_images.h"

// The outputs whose tap lies inside the image: first ≤ p < last.
static void inside(ritz_axis axis, long tap, long *first, long *last) {
  long offset = tap * axis.dilation - axis.padding;
  *first = offset >= 0 ? 0 : (-offset + axis.stride - 1) / axis.stride;
  *last = offset >= axis.input ? 0 : (axis.input - 1 - offset) / axis.stride + 1;
  if (*last > axis.output) *last = axis.output;
  if (*first > *last) *first = *last;
}

#define IMAGE_COLUMNS(suffix, scalar)                                                                                 \
  RITZ_CLONES void ritz_columns_##suffix(const scalar *image, long channels, ritz_axis rows, ritz_axis columns,       \
                                         scalar *result) {                                                            \
    for (long c = 0; c < channels; c++, image += rows.input * columns.input)                                          \
      for (long i = 0; i < rows.filter; i++)                                                                          \
        for (long j = 0; j < columns.filter; j++) {                                                                   \
          long top, bottom, left, right;                                                                              \
          inside(rows, i, &top, &bottom);                                                                             \
          inside(columns, j, &left, &right);                                                                          \
          for (long p = 0; p < rows.output; p++, result += columns.output) {                                          \
            if (p < top || p >= bottom) {                                                                             \
              for (long q = 0; q < columns.output; q++) result[q] = 0;                                                \
              continue;                                                                                               \
            }                                                                                                         \
            const scalar *row = image + (p * rows.stride + i * rows.dilation - rows.padding) * columns.input;         \
            long offset = j * columns.dilation - columns.padding;                                                     \
            for (long q = 0; q < left; q++) result[q] = 0;                                                            \
            if (columns.stride == 1)                                                                                  \
              for (long q = left; q < right; q++) result[q] = row[q + offset];                                        \
            else                                                                                                      \
              for (long q = left; q < right; q++) result[q] = row[q * columns.stride + offset];                       \
            for (long q = right; q < columns.output; q++) result[q] = 0;                                              \
          }                                                                                                           \
        }                                                                                                             \
  }                                                                                                                   \
  RITZ_CLONES void ritz_add_columns_##suffix(const scalar *matrix, long channels, ritz_axis rows, ritz_axis columns,  \
                                             scalar *image) {                                                         \
    for (long c = 0; c < channels; c++, image += rows.input * columns.input)                                          \
      for (long i = 0; i < rows.filter; i++)                                                                          \
        for (long j = 0; j < columns.filter; j++) {                                                                   \
          long top, bottom, left, right;                                                                              \
          inside(rows, i, &top, &bottom);                                                                             \
          inside(columns, j, &left, &right);                                                                          \
          for (long p = 0; p < rows.output; p++, matrix += columns.output) {                                          \
            if (p < top || p >= bottom) continue;                                                                     \
            scalar *row = image + (p * rows.stride + i * rows.dilation - rows.padding) * columns.input;               \
            long offset = j * columns.dilation - columns.padding;                                                     \
            for (long q = left; q < right; q++) row[q * columns.stride + offset] += matrix[q];                        \
          }                                                                                                           \
        }                                                                                                             \
  }
IMAGE_COLUMNS(s, float)
IMAGE_COLUMNS(d, double)

static inline __attribute__((always_inline)) void add_sixteen(const float *restrict a, float *restrict sum) {
  for (int lane = 0; lane < 16; lane++) sum[lane] += a[lane];
}

RITZ_CLONES void ritz_add_pixel_columns_s(const float *matrix, long span, long channels, ritz_axis rows,
                                          ritz_axis columns, float *image) {
  long width = columns.input * channels;
  const float *end = image + rows.input * width;
  for (long p = 0; p < rows.output; p++)
    for (long q = 0; q < columns.output; q++) {
      long left = q * columns.stride - columns.padding, right = columns.input - left;
      // Taps that lie in the padding on either side.
      long first = left < 0 ? -left * channels : 0;
      long last = (right < columns.filter ? right : columns.filter) * channels;
      int whole = first == 0 && last == columns.filter * channels;
      for (long i = 0; i < rows.filter; i++, matrix += span) {
        long row = p * rows.stride + i * rows.dilation - rows.padding;
        if (row < 0 || row >= rows.input) continue;
        float *target = image + row * width + left * channels;
        if (whole && target + span <= end)
          // The zeros between the last tap and the end of the span change nothing.
          for (long t = 0; t < span; t += 16) add_sixteen(matrix + t, target + t);
        else
          for (long t = first; t < last; t++) target[t] += matrix[t];
      }
    }
}
