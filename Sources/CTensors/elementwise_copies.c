#include <stddef.h>

#include "elementwise_steps.h"
#include "ritz_elementwise.h"

// A block of 16 rows is read along its rows and written along its columns, both within a few cache lines.
#define BLOCK 16

#define COPIES(suffix, scalar)                                                                                      \
  RITZ_CLONES void ritz_transpose_##suffix(const scalar *a, long a_stride, scalar *result, long result_stride,      \
                                           long rows, long columns) {                                               \
    for (long r0 = 0; r0 < rows; r0 += BLOCK) {                                                                     \
      long r1 = r0 + BLOCK < rows ? r0 + BLOCK : rows;                                                              \
      for (long c = 0; c < columns; c++)                                                                            \
        for (long r = r0; r < r1; r++) result[c * result_stride + r] = a[r * a_stride + c];                         \
    }                                                                                                               \
  }
COPIES(s, float)
COPIES(d, double)

// A box with its dimensions of extent 1 left out and the ones that form a single stride joined; always two dimensions or
// more, the inner two last.
typedef struct {
  int rank;
  long extents[RITZ_MAXIMUM_RANK + 2], strides[RITZ_MAXIMUM_RANK + 2];
  long count;
} box;

static box simplified(const long *strides, const long *extents, int rank) {
  box result = {.rank = 2, .extents = {1, 1}, .strides = {0, 0}, .count = 1};
  for (int d = 0; d < rank; d++) {
    result.count *= extents[d];
    if (extents[d] == 1) continue;
    int last = result.rank - 1;
    if (result.rank > 2 && result.strides[last] == extents[d] * strides[d]) {
      result.extents[last] *= extents[d];
      result.strides[last] = strides[d];
    } else {
      result.extents[result.rank] = extents[d];
      result.strides[result.rank] = strides[d];
      result.rank++;
    }
  }
  return result;
}

// Steps to the next position of the outer dimensions, as an odometer does, and returns its offset.
static long next_offset(const box *shape, long *position, long offset) {
  for (int d = shape->rank - 3; d >= 0; d--) {
    offset += shape->strides[d];
    if (++position[d] < shape->extents[d]) return offset;
    offset -= shape->strides[d] * shape->extents[d];
    position[d] = 0;
  }
  return offset;
}

#define BOXES(suffix, scalar)                                                                                         \
  RITZ_CLONES static void gather_plane_##suffix(const scalar *source, long row_stride, long stride, scalar *result,   \
                                                long rows, long columns) {                                            \
    for (long r = 0; r < rows; r++, source += row_stride, result += columns) {                                        \
      if (stride == 1)                                                                                                \
        for (long c = 0; c < columns; c++) result[c] = source[c];                                                     \
      else                                                                                                            \
        for (long c = 0; c < columns; c++) result[c] = source[c * stride];                                            \
    }                                                                                                                 \
  }                                                                                                                   \
  RITZ_CLONES static void scatter_plane_##suffix(const scalar *source, scalar *result, long row_stride, long stride,  \
                                                 long rows, long columns, int accumulate) {                           \
    for (long r = 0; r < rows; r++, source += columns, result += row_stride) {                                        \
      if (accumulate && stride == 1)                                                                                  \
        for (long c = 0; c < columns; c++) result[c] += source[c];                                                    \
      else if (accumulate)                                                                                            \
        for (long c = 0; c < columns; c++) result[c * stride] += source[c];                                           \
      else if (stride == 1)                                                                                           \
        for (long c = 0; c < columns; c++) result[c] = source[c];                                                     \
      else                                                                                                            \
        for (long c = 0; c < columns; c++) result[c * stride] = source[c];                                            \
    }                                                                                                                 \
  }                                                                                                                   \
  void ritz_gather_##suffix(const scalar *source, const long *strides, const long *extents, int rank,                 \
                            scalar *result) {                                                                         \
    box shape = simplified(strides, extents, rank);                                                                   \
    long rows = shape.extents[shape.rank - 2], columns = shape.extents[shape.rank - 1];                               \
    long row_stride = shape.strides[shape.rank - 2], stride = shape.strides[shape.rank - 1];                          \
    long position[RITZ_MAXIMUM_RANK + 2] = {0}, offset = 0;                                                           \
    for (long done = 0; done < shape.count; done += rows * columns) {                                                 \
      if (row_stride == 1 && stride != 1)                                                                             \
        ritz_transpose_##suffix(source + offset, stride, result + done, columns, columns, rows);                      \
      else                                                                                                            \
        gather_plane_##suffix(source + offset, row_stride, stride, result + done, rows, columns);                     \
      offset = next_offset(&shape, position, offset);                                                                 \
    }                                                                                                                 \
  }                                                                                                                   \
  void ritz_scatter_##suffix(const scalar *source, scalar *result, const long *strides, const long *extents,          \
                             int rank, int accumulate) {                                                              \
    box shape = simplified(strides, extents, rank);                                                                   \
    long rows = shape.extents[shape.rank - 2], columns = shape.extents[shape.rank - 1];                               \
    long row_stride = shape.strides[shape.rank - 2], stride = shape.strides[shape.rank - 1];                          \
    long position[RITZ_MAXIMUM_RANK + 2] = {0}, offset = 0;                                                           \
    for (long done = 0; done < shape.count; done += rows * columns) {                                                 \
      scatter_plane_##suffix(source + done, result + offset, row_stride, stride, rows, columns, accumulate);          \
      offset = next_offset(&shape, position, offset);                                                                 \
    }                                                                                                                 \
  }
BOXES(s, float)
BOXES(d, double)
