#include "ritz_dispatch.h"
#include "ritz_images.h"

#include <string.h>

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

#define PIXEL_COLUMNS(suffix, scalar, lanes)                                                                         \
  static inline __attribute__((always_inline)) void add_lanes_##suffix(const scalar *restrict a, scalar *restrict sum) { \
    for (int lane = 0; lane < lanes; lane++) sum[lane] += a[lane];                                                    \
  }                                                                                                                   \
  void ritz_pixel_columns_##suffix(const scalar *image, long channels, ritz_axis rows, ritz_axis columns,             \
                                   scalar *matrix) {                                                                  \
    /* Where taps are neighbours, those of a row are one run of the image. */                                         \
    long taps = columns.dilation == 1 ? 1 : columns.filter, run = channels * (columns.filter / taps);                 \
    for (long p = 0; p < rows.output; p++)                                                                            \
      for (long q = 0; q < columns.output; q++)                                                                       \
        for (long i = 0; i < rows.filter; i++) {                                                                      \
          long row = p * rows.stride + i * rows.dilation - rows.padding;                                              \
          for (long j = 0; j < taps; j++, matrix += run) {                                                            \
            long left = (q * columns.stride + j * columns.dilation - columns.padding) * channels;                     \
            long free = columns.input * channels - left;                                                              \
            long first = left < 0 ? -left : 0, last = free < run ? free : run;                                        \
            if (row < 0 || row >= rows.input || first >= last) {                                                      \
              memset(matrix, 0, run * sizeof *matrix);                                                                \
              continue;                                                                                               \
            }                                                                                                         \
            if (first > 0) memset(matrix, 0, first * sizeof *matrix);                                                 \
            memcpy(matrix + first, image + row * columns.input * channels + left + first,                             \
                   (last - first) * sizeof *matrix);                                                                  \
            if (last < run) memset(matrix + last, 0, (run - last) * sizeof *matrix);                                  \
          }                                                                                                           \
        }                                                                                                             \
  }                                                                                                                   \
  RITZ_CLONES void ritz_add_pixel_columns_##suffix(const scalar *matrix, long span, long channels, ritz_axis rows,    \
                                                   ritz_axis columns, scalar *image) {                                \
    long width = columns.input * channels, taps = columns.dilation == 1 ? 1 : columns.filter;                         \
    long run = channels * (columns.filter / taps);                                                                    \
    const scalar *end = image + rows.input * width;                                                                   \
    for (long p = 0; p < rows.output; p++)                                                                            \
      for (long q = 0; q < columns.output; q++)                                                                       \
        for (long i = 0; i < rows.filter; i++, matrix += span) {                                                      \
          long row = p * rows.stride + i * rows.dilation - rows.padding;                                              \
          if (row < 0 || row >= rows.input) continue;                                                                 \
          for (long j = 0; j < taps; j++) {                                                                           \
            long left = (q * columns.stride + j * columns.dilation - columns.padding) * channels;                     \
            long first = left < 0 ? -left : 0, last = width - left < run ? width - left : run;                        \
            scalar *target = image + row * width + left;                                                              \
            const scalar *own = matrix + j * run;                                                                     \
            if (taps == 1 && span % lanes == 0 && first == 0 && last == run && target + span <= end)                  \
              /* Zeros between the last tap and the end of the span change nothing. */                                \
              for (long t = 0; t < span; t += lanes) add_lanes_##suffix(own + t, target + t);                         \
            else                                                                                                      \
              for (long t = first; t < last; t++) target[t] += own[t];                                                \
          }                                                                                                           \
        }                                                                                                             \
  }
PIXEL_COLUMNS(s, float, 16)
PIXEL_COLUMNS(d, double, 8)
