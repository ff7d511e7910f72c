#ifndef RITZ_IMAGES_H
#define RITZ_IMAGES_H

// One spatial axis of a convolution: pixels of input and output, taps of the filter.
typedef struct {
  long input, output, filter, stride, dilation, padding;
} ritz_axis;

// columns[(c, i, j), p] = image[c, pixel p seen by tap (i, j)], zero outside the image; image is channels × rows × columns.
void ritz_columns_s(const float *image, long channels, ritz_axis rows, ritz_axis columns, float *result);
void ritz_columns_d(const double *image, long channels, ritz_axis rows, ritz_axis columns, double *result);

// The transpose: each element of the columns is added to the pixel it was taken from.
void ritz_add_columns_s(const float *matrix, long channels, ritz_axis rows, ritz_axis columns, float *image);
void ritz_add_columns_d(const double *matrix, long channels, ritz_axis rows, ritz_axis columns, double *image);

// Windows along one axis: window i has the pixels starts[i], starts[i] + step, … below ends[i].
typedef struct {
  long extent, count, step;
  const long *starts, *ends;
} ritz_windows;

// Images of `images` samples with `channels` channels; stored channel by channel, or with the channels of a pixel together
// where channels_last is set. Indices are row · columns.extent + column.
void ritz_window_argmax_s(const float *x, float *indices, long images, long channels, ritz_windows rows,
                          ritz_windows columns, int channels_last);
void ritz_window_argmax_d(const double *x, double *indices, long images, long channels, ritz_windows rows,
                          ritz_windows columns, int channels_last);
void ritz_window_sum_s(const float *x, float *sums, long images, long channels, ritz_windows rows, ritz_windows columns,
                       int channels_last);
void ritz_window_sum_d(const double *x, double *sums, long images, long channels, ritz_windows rows,
                       ritz_windows columns, int channels_last);
// Adds each window's value to the window's pixels.
void ritz_window_spread_s(const float *values, float *x, long images, long channels, ritz_windows rows,
                          ritz_windows columns, int channels_last);
void ritz_window_spread_d(const double *values, double *x, long images, long channels, ritz_windows rows,
                          ritz_windows columns, int channels_last);
// values[i] = x[indices[i]] within each plane of `pixels` pixels, `count` values a plane; and its transpose, which adds.
void ritz_plane_gather_s(const float *x, const float *indices, float *values, long images, long channels, long pixels,
                         long count, int channels_last);
void ritz_plane_gather_d(const double *x, const double *indices, double *values, long images, long channels,
                         long pixels, long count, int channels_last);
void ritz_plane_scatter_s(const float *values, const float *indices, float *x, long images, long channels, long pixels,
                          long count, int channels_last);
void ritz_plane_scatter_d(const double *values, const double *indices, double *x, long images, long channels,
                          long pixels, long count, int channels_last);

// matrix[(p, q), (i, j, c)] = image[h, w, c], the pixel (h, w) that the tap (i, j) sees at the output (p, q), zero
// outside the image; channels last.
void ritz_pixel_columns_s(const float *image, long channels, ritz_axis rows, ritz_axis columns, float *matrix);
void ritz_pixel_columns_d(const double *image, long channels, ritz_axis rows, ritz_axis columns, double *matrix);

// The transpose, added to the image. The taps (j, c) of each row i take `span` elements, those that are left over are zero.
void ritz_add_pixel_columns_s(const float *matrix, long span, long channels, ritz_axis rows, ritz_axis columns,
                              float *image);
void ritz_add_pixel_columns_d(const double *matrix, long span, long channels, ritz_axis rows, ritz_axis columns,
                              double *image);

#endif
