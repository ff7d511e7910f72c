#ifndef RITZ_PACKED_PRODUCT_H
#define RITZ_PACKED_PRODUCT_H

// C = op(A) B or C += op(A) B in single precision, row-major, with B packed beforehand into the order the kernel reads it.
// Single-threaded. A product is found or made once for its sizes and lives as long as the process; NULL where the library
// has no kernel for it.
typedef struct ritz_packed_product ritz_packed_product;
const ritz_packed_product *ritz_packed_product_get(int transpose_a, int transpose_b, long m, long n, long k);

// Bytes of a packed B, and of the scratch memory that packing and running need; both 64-byte aligned by the caller.
long ritz_packed_size(const ritz_packed_product *product);
long ritz_packed_scratch_size(const ritz_packed_product *product);

// Packs B: k×n, or n×k where transpose_b was given.
void ritz_packed_pack(const ritz_packed_product *product, const float *b, void *packed, void *scratch);
void ritz_packed_run(const ritz_packed_product *product, const float *a, const void *packed, float *c, int accumulate,
                     void *scratch);

#endif
