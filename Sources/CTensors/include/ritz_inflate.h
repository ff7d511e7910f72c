#ifndef RITZ_INFLATE_H
#define RITZ_INFLATE_H

#include <stddef.h>
#include <stdint.h>

// What a step of decompression ended with.
enum {
  RITZ_INFLATE_MORE = 0,     // needs more input or more room for output
  RITZ_INFLATE_END = 1,      // the stream is complete
  RITZ_INFLATE_DAMAGED = 2,  // not a deflate stream
  RITZ_INFLATE_MEMORY = 3,   // zlib could not allocate its window
};

// A decompressor of raw deflate data (RFC 1951: no zlib or gzip header); NULL when out of memory.
void *ritz_inflate_open(void);
// Decompresses what fits; `consumed` and `produced` are set in every case.
int ritz_inflate_step(void *inflater, const uint8_t *input, size_t input_count, size_t *consumed, uint8_t *output,
                      size_t output_count, size_t *produced);
void ritz_inflate_close(void *inflater);

// The CRC-32 of zip, gzip and PNG, continued from `crc` (0 to start).
uint32_t ritz_crc32(uint32_t crc, const uint8_t *bytes, size_t count);

#endif
