#include <stddef.h>

#include "elementwise_steps.h"
#include "ritz_elementwise.h"

// Blocks of 8 × 8 are transposed in registers: three rounds in which pairs of rows swap ever longer runs of elements.
#define BLOCK 8
typedef float float_row __attribute__((ext_vector_type(BLOCK)));
typedef double double_row __attribute__((ext_vector_type(BLOCK)));

#define SWAP(i, j, run)                                          \
  {                                                              \
    __typeof__(m[0]) first = m[i], second = m[j];                \
    m[i] = __builtin_shufflevector(first, second, EVEN_##run);   \
    m[j] = __builtin_shufflevector(first, second, ODD_##run);    \
  }
#define EVEN_1 0, 8, 2, 10, 4, 12, 6, 14
#define ODD_1 1, 9, 3, 11, 5, 13, 7, 15
#define EVEN_2 0, 1, 8, 9, 4, 5, 12, 13
#define ODD_2 2, 3, 10, 11, 6, 7, 14, 15
#define EVEN_4 0, 1, 2, 3, 8, 9, 10, 11
#define ODD_4 4, 5, 6, 7, 12, 13, 14, 15

#define TRANSPOSE(suffix, scalar)                                                                                   \
  RITZ_CLONES void ritz_transpose_##suffix(const scalar *a, long a_stride, scalar *result, long result_stride,      \
                                           long rows, long columns) {                                               \
    long whole_rows = rows - rows % BLOCK, whole_columns = columns - columns % BLOCK;                               \
    for (long r = 0; r < whole_rows; r += BLOCK)                                                                    \
      for (long c = 0; c < whole_columns; c += BLOCK) {                                                             \
        scalar##_row m[BLOCK];                                                                                      \
        for (int i = 0; i < BLOCK; i++) __builtin_memcpy(&m[i], a + (r + i) * a_stride + c, sizeof m[i]);           \
        SWAP(0, 1, 1) SWAP(2, 3, 1) SWAP(4, 5, 1) SWAP(6, 7, 1)                                                 \
        SWAP(0, 2, 2) SWAP(1, 3, 2) SWAP(4, 6, 2) SWAP(5, 7, 2)                                                 \
        SWAP(0, 4, 4) SWAP(1, 5, 4) SWAP(2, 6, 4) SWAP(3, 7, 4)                                                 \
        for (int i = 0; i < BLOCK; i++)                                                                             \
          __builtin_memcpy(result + (c + i) * result_stride + r, &m[i], sizeof m[i]);                               \
      }                                                                                                             \
    for (long r = 0; r < whole_rows; r++)                                                                           \
      for (long c = whole_columns; c < columns; c++) result[c * result_stride + r] = a[r * a_stride + c];           \
    for (long c = 0; c < columns; c++)                                                                              \
      for (long r = whole_rows; r < rows; r++) result[c * result_stride + r] = a[r * a_stride + c];                 \
  }
TRANSPOSE(s, float)
TRANSPOSE(d, double)

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

// Rows an accumulating scatter walks together where its rows, not its columns, are next to each other.
#define ROWS_TOGETHER 16

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
    if (accumulate && row_stride == 1 && stride != 1) {                                                               \
      for (long r0 = 0; r0 < rows; r0 += ROWS_TOGETHER) {                                                             \
        long r1 = r0 + ROWS_TOGETHER < rows ? r0 + ROWS_TOGETHER : rows;                                              \
        for (long c = 0; c < columns; c++)                                                                            \
          for (long r = r0; r < r1; r++) result[c * stride + r] += source[r * columns + c];                           \
      }                                                                                                               \
      return;                                                                                                         \
    }                                                                                                                 \
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
      if (!accumulate && row_stride == 1 && stride != 1)                                                              \
        ritz_transpose_##suffix(source + done, columns, result + offset, stride, rows, columns);                      \
      else                                                                                                            \
        scatter_plane_##suffix(source + done, result + offset, row_stride, stride, rows, columns, accumulate);        \
      offset = next_offset(&shape, position, offset);                                                                 \
    }                                                                                                                 \
  }
BOXES(s, float)
BOXES(d, double)
