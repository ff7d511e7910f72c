// The transcendental steps, once for both precisions: included by the file that defines `scalar`, `bits`, the constants and
// the polynomials. Everything is branch-free, so that the loops vectorise, and an element gets the same bits in a vector
// and in the remainder of a loop. Results in the subnormal range are gradual. The tests measure the worst errors.

INLINE scalar from_bits(bits pattern) {
  scalar value;
  memcpy(&value, &pattern, sizeof value);
  return value;
}

INLINE bits to_bits(scalar value) {
  bits pattern;
  memcpy(&pattern, &value, sizeof pattern);
  return pattern;
}

// 2^n for n in the normal range, where the lowest bits of `integer` are n in two's complement.
INLINE scalar power_of_two(bits integer) { return from_bits((integer + EXPONENT_BIAS) << FRACTION_BITS); }

// x = n log 2 + r + low with |r| ≤ log(2)/2 and |low| at most half a unit in the last place of r.
typedef struct {
  bits n;  // plus the bits of the shifter
  scalar r, low;
} reduced;

INLINE reduced reduce(scalar x) {
  scalar shifted = x * LOG2_E + SHIFTER;
  scalar n = shifted - SHIFTER;
  scalar high = x - n * LOG_2_HIGH;
  scalar r = high - n * LOG_2_LOW;
  scalar low = (high - r) - n * LOG_2_LOW;
  return (reduced){to_bits(shifted), r, low};
}

// exp(x) = (high + low) first second for x up to EXPONENTIAL_HIGHEST. 2^n is in two factors: n may lie outside the range of
// exponents.
typedef struct {
  scalar high, low, first, second;
} power;

INLINE power exponential_parts(scalar x) {
  x = x < EXPONENTIAL_LOWEST ? EXPONENTIAL_LOWEST : x;
  reduced reduction = reduce(x);
  scalar r = reduction.r;
  scalar rest = r * r * exponential_polynomial(r) + reduction.low;
  scalar sum = r + rest;
  scalar high = 1 + sum;
  scalar low = (sum - (high - 1)) + (rest - (sum - r));
  bits offset = 2 * (EXPONENT_BIAS + 1);
  bits n = reduction.n - to_bits(SHIFTER) + 2 * offset;
  bits half = n >> 1;
  return (power){high, low, power_of_two(half - offset), power_of_two(n - half - offset)};
}

INLINE scalar exponential(scalar x) {
  power y = exponential_parts(x > EXPONENTIAL_HIGHEST ? EXPONENTIAL_HIGHEST : x);
  return y.high * y.first * y.second;
}

// (exp(x) − 1)/2 = high + low for x in the range of the two limits. 2^(n−1) r is exact, and so is its sum with 2^(n−1) − ½
// after the correction: only the small rest is rounded, so that the cancellation for |x| < 1 costs nothing.
typedef struct {
  scalar high, low;
} two_parts;

INLINE two_parts half_exponential_minus_one(scalar x) {
  reduced reduction = reduce(x);
  scalar r = reduction.r;
  scalar scale = power_of_two(reduction.n - 1);
  scalar constant = scale - (scalar)0.5;
  scalar linear = scale * r;
  scalar sum = constant + linear;
  scalar error = linear - (sum - constant);
  scalar rest = r * r * exponential_polynomial(r) + (reduction.low + reduction.low * r);
  rest = error + scale * rest;
  scalar high = sum + rest;
  return (two_parts){high, rest - (high - sum)};
}

INLINE scalar exponential_minus_one(scalar x) {
  scalar limited = x < EXPONENTIAL_MINUS_ONE_LOWEST ? EXPONENTIAL_MINUS_ONE_LOWEST : x;
  limited = limited > EXPONENTIAL_HIGHEST ? EXPONENTIAL_HIGHEST : limited;
  scalar y = 2 * half_exponential_minus_one(limited).high;
  return __builtin_elementwise_abs(x) < HALF_EPSILON ? x : y;
}

// tanh(a) = h/(h + 1), h = (exp(2a) − 1)/2. The quotient is corrected by what h and h + 1 lost in rounding, to first order;
// 1/(h + 1) = 1 − h/(h + 1).
INLINE scalar hyperbolic_tangent(scalar x) {
  scalar a = __builtin_elementwise_abs(x);
  two_parts half = half_exponential_minus_one(2 * (a > TANH_HIGHEST ? TANH_HIGHEST : a));
  scalar denominator = half.high + 1;
  scalar one = denominator - half.high;
  scalar denominator_low = (half.high - (denominator - one)) + (1 - one) + half.low;
  scalar quotient = half.high / denominator;
  scalar y = quotient + (half.low - quotient * denominator_low) * (1 - quotient);
  return __builtin_elementwise_copysign(y, x);
}

// With z = exp(−|x|), which never overflows: 1/(1 + z) for x ≥ 0 and z/(1 + z) for x < 0, the quotient corrected as above.
INLINE scalar logistic(scalar x) {
  power y = exponential_parts(-__builtin_elementwise_abs(x));
  scalar z = y.high * y.first * y.second, z_low = y.low * y.first * y.second;
  scalar denominator = 1 + z;
  scalar denominator_low = (z - (denominator - 1)) + z_low;
  scalar quotient = (x < 0 ? z : 1) / denominator;
  scalar inverse = x < 0 ? 1 - quotient : quotient;
  return quotient + ((x < 0 ? z_low : 0) - quotient * denominator_low) * inverse;
}

// A normal positive number is 2^n m with √½ ≤ m < √2.
typedef struct {
  bits biased_exponent;  // n + EXPONENT_BIAS
  scalar m;
} scaled;

INLINE scaled scale(scalar x) {
  bits one = (bits)EXPONENT_BIAS << FRACTION_BITS;
  bits moved = to_bits(x) + (one - ROOT_HALF_BITS);
  bits fraction = moved & (((bits)1 << FRACTION_BITS) - 1);
  return (scaled){moved >> FRACTION_BITS, from_bits(fraction + ROOT_HALF_BITS)};
}

// n log 2 + log(1 + f)
INLINE scalar log_sum(bits biased_exponent, scalar bias, scalar f) {
  scalar n = from_bits(biased_exponent | to_bits(INTEGER_BASE)) - (INTEGER_BASE + bias);
  scalar half_square = (scalar)0.5 * f * f;
  scalar rest = log_remainder(f, half_square) + n * LOG_2_LOW;
  return n * LOG_2_HIGH - ((half_square - rest) - f);
}

INLINE scalar logarithm(scalar x) {
  int subnormal = x < SMALLEST_NORMAL;
  scaled s = scale(subnormal ? x * SUBNORMAL_SCALE : x);
  scalar y = log_sum(s.biased_exponent, EXPONENT_BIAS + (subnormal ? SUBNORMAL_EXPONENT : 0), s.m - 1);
  y = x < (scalar)INFINITY ? y : x;
  return x > 0 ? y : x == 0 ? -(scalar)INFINITY : (scalar)NAN;
}

// With 2^n m = 1 + x rounded, f = 2^−n (1 + x) − 1 is computed from x, which is exact for n = 0 and otherwise rounds less
// than log(1 + x) does. 2^(2−n) stands for 2^−n, which can be subnormal.
INLINE scalar logarithm_plus_one(scalar x) {
  scaled s = scale(1 + x);
  scalar four = from_bits((2 * (bits)EXPONENT_BIAS + 2 - s.biased_exponent) << FRACTION_BITS);
  scalar f = (four * x) * (scalar)0.25 + (four * (scalar)0.25 - 1);
  scalar y = log_sum(s.biased_exponent, EXPONENT_BIAS, f);
  y = x < (scalar)INFINITY ? y : x;
  y = x > -1 ? y : x == -1 ? -(scalar)INFINITY : (scalar)NAN;
  return __builtin_elementwise_abs(x) < HALF_EPSILON ? x : y;
}

// x + x P(x²) near zero, 1 − exp(−Q(|x|)) beyond, where the second term is below a quarter.
INLINE scalar error_function(scalar x) {
  scalar a = __builtin_elementwise_abs(x);
  scalar near = x + x * erf_polynomial(x * x);
  scalar limited = a > ERF_HIGHEST ? ERF_HIGHEST : a;
  power tail = exponential_parts(-erf_exponent(limited));
  scalar far = 1 - tail.high * tail.first * tail.second;
  return a < (scalar)0.9 ? near : __builtin_elementwise_copysign(far, x);
}

STEP(exponential, exponential(x))
STEP(exponential_minus_one, exponential_minus_one(x))
STEP(log, logarithm(x))
STEP(log_plus_one, logarithm_plus_one(x))
STEP(tanh, hyperbolic_tangent(x))
STEP(logistic, logistic(x))
STEP(erf, error_function(x))
