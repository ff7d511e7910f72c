#ifndef CTENSORS_H
#define CTENSORS_H

#include "ritz_inflate.h"
#include "ritz_threads.h"
#include "ritz_linear_algebra.h"
#include "ritz_vectors.h"
#include "ritz_packed_product.h"
#include "ritz_elementwise.h"
#include "ritz_factorizations.h"
#include "ritz_images.h"
#include "ritz_packed_convolution.h"
#include "ritz_posterior.h"

#endif
