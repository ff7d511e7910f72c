#include "ritz_inflate.h"

#include <stdlib.h>
#include <zlib.h>

// zlib counts in 32 bits: longer buffers are handed over in pieces.
#define PIECE ((size_t)1 << 30)

void *ritz_inflate_open(void) {
  z_stream *stream = calloc(1, sizeof(z_stream));
  if (stream && inflateInit2(stream, -15) != Z_OK) {
    free(stream);
    stream = NULL;
  }
  return stream;
}

int ritz_inflate_step(void *inflater, const uint8_t *input, size_t input_count, size_t *consumed, uint8_t *output,
                      size_t output_count, size_t *produced) {
  z_stream *stream = inflater;
  *consumed = 0;
  *produced = 0;
  for (;;) {
    size_t give = input_count - *consumed, room = output_count - *produced;
    if (give > PIECE) give = PIECE;
    if (room > PIECE) room = PIECE;
    stream->next_in = (Bytef *)(input + *consumed);
    stream->avail_in = (uInt)give;
    stream->next_out = output + *produced;
    stream->avail_out = (uInt)room;
    int status = inflate(stream, Z_NO_FLUSH);
    size_t used = give - stream->avail_in, made = room - stream->avail_out;
    *consumed += used;
    *produced += made;
    if (status == Z_STREAM_END) return RITZ_INFLATE_END;
    if (status == Z_MEM_ERROR) return RITZ_INFLATE_MEMORY;
    if (status != Z_OK && status != Z_BUF_ERROR) return RITZ_INFLATE_DAMAGED;
    if (used == 0 && made == 0) return RITZ_INFLATE_MORE;
  }
}

void ritz_inflate_close(void *inflater) {
  if (!inflater) return;
  inflateEnd(inflater);
  free(inflater);
}

uint32_t ritz_crc32(uint32_t crc, const uint8_t *bytes, size_t count) {
  while (count > 0) {
    size_t piece = count > PIECE ? PIECE : count;
    crc = (uint32_t)crc32(crc, bytes, (uInt)piece);
    bytes += piece;
    count -= piece;
  }
  return crc;
}
