#pragma once

#include <stddef.h>

/// Takes bytes of a PDF document as they are made.
typedef void (*ritz_pdf_sink)(void *context, const unsigned char *bytes, size_t count);

/// Draws an SVG document on one PDF page of that size in points (1/72 inch), with text as text and its fonts embedded.
///
/// librsvg and cairo are loaded when this is first called. Returns NULL, or what went wrong in a text that stays valid.
const char *ritz_pdf_from_svg(const char *svg, size_t count, double width, double height, ritz_pdf_sink sink,
                              void *context);
