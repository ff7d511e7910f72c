#include "ritz_dispatch.h"
#include "ritz_images.h"

// Where the channels of a pixel lie together the inner loops run over channels, else over single planes: `plane` channels at
// once, `planes` times for each image.
#define LAYOUT                                                                                   \
  long planes = channels_last ? 1 : channels, plane = channels_last ? channels : 1;              \
  long pixels = rows.extent * columns.extent;

#define WINDOWS(suffix, scalar)                                                                                       \
  RITZ_CLONES void ritz_window_argmax_##suffix(const scalar *x, scalar *indices, long images, long channels,          \
                                               ritz_windows rows, ritz_windows columns, int channels_last) {          \
    LAYOUT                                                                                                            \
    for (long image = 0; image < images * planes; image++, x += pixels * plane)                                       \
      for (long r = 0; r < rows.count; r++)                                                                           \
        for (long s = 0; s < columns.count; s++, indices += plane) {                                                  \
          long origin = rows.starts[r] * columns.extent + columns.starts[s];                                          \
          for (long c = 0; c < plane; c++) indices[c] = (scalar)origin;                                               \
          for (long i = rows.starts[r]; i < rows.ends[r]; i += rows.step)                                             \
            for (long j = columns.starts[s]; j < columns.ends[s]; j += columns.step) {                                \
              long pixel = i * columns.extent + j;                                                                    \
              for (long c = 0; c < plane; c++) {                                                                      \
                scalar best = x[(long)indices[c] * plane + c], value = x[pixel * plane + c];                          \
                /* The first of equal ones stays; a NaN wins and stays. */                                            \
                indices[c] = value > best || (value != value && best == best) ? (scalar)pixel : indices[c];           \
              }                                                                                                       \
            }                                                                                                         \
        }                                                                                                             \
  }                                                                                                                   \
  RITZ_CLONES void ritz_window_sum_##suffix(const scalar *x, scalar *sums, long images, long channels,                \
                                            ritz_windows rows, ritz_windows columns, int channels_last) {             \
    LAYOUT                                                                                                            \
    for (long image = 0; image < images * planes; image++, x += pixels * plane)                                       \
      for (long r = 0; r < rows.count; r++)                                                                           \
        for (long s = 0; s < columns.count; s++, sums += plane) {                                                     \
          for (long c = 0; c < plane; c++) sums[c] = 0;                                                               \
          for (long i = rows.starts[r]; i < rows.ends[r]; i += rows.step)                                             \
            for (long j = columns.starts[s]; j < columns.ends[s]; j += columns.step) {                                \
              const scalar *pixel = x + (i * columns.extent + j) * plane;                                             \
              for (long c = 0; c < plane; c++) sums[c] += pixel[c];                                                   \
            }                                                                                                         \
        }                                                                                                             \
  }                                                                                                                   \
  RITZ_CLONES void ritz_window_spread_##suffix(const scalar *values, scalar *x, long images, long channels,           \
                                               ritz_windows rows, ritz_windows columns, int channels_last) {          \
    LAYOUT                                                                                                            \
    for (long image = 0; image < images * planes; image++, x += pixels * plane)                                       \
      for (long r = 0; r < rows.count; r++)                                                                           \
        for (long s = 0; s < columns.count; s++, values += plane)                                                     \
          for (long i = rows.starts[r]; i < rows.ends[r]; i += rows.step)                                             \
            for (long j = columns.starts[s]; j < columns.ends[s]; j += columns.step) {                                \
              scalar *pixel = x + (i * columns.extent + j) * plane;                                                   \
              for (long c = 0; c < plane; c++) pixel[c] += values[c];                                                 \
            }                                                                                                         \
  }                                                                                                                   \
  RITZ_CLONES void ritz_plane_gather_##suffix(const scalar *x, const scalar *indices, scalar *values, long images,    \
                                              long channels, long pixels, long count, int channels_last) {            \
    long planes = channels_last ? 1 : channels, plane = channels_last ? channels : 1;                                 \
    for (long image = 0; image < images * planes; image++, x += pixels * plane)                                       \
      for (long i = 0; i < count; i++, indices += plane, values += plane)                                             \
        for (long c = 0; c < plane; c++) values[c] = x[(long)indices[c] * plane + c];                                 \
  }                                                                                                                   \
  RITZ_CLONES void ritz_plane_scatter_##suffix(const scalar *values, const scalar *indices, scalar *x, long images,   \
                                               long channels, long pixels, long count, int channels_last) {           \
    long planes = channels_last ? 1 : channels, plane = channels_last ? channels : 1;                                 \
    for (long image = 0; image < images * planes; image++, x += pixels * plane)                                       \
      for (long i = 0; i < count; i++, indices += plane, values += plane)                                             \
        for (long c = 0; c < plane; c++) x[(long)indices[c] * plane + c] += values[c];                                \
  }
WINDOWS(s, float)
WINDOWS(d, double)
