/* Divisors and primes, see mathbench/numbers/primality.py. */

#include "loops.h"

enum { SIDE_BY_SIDE = 4 }; /* pairs processed together: each step of one pair depends on its previous step */

/* Stein's algorithm without branches, for several pairs together, `a` odd: `b` becomes 0 and `a` the divisor. */
static inline void divisors(u64 *a, u64 *b) {
    for (u64 left = 1; left;) {
        left = 0;
        for (int i = 0; i < SIDE_BY_SIDE; i++) {
            u64 odd = b[i] >> trailing_zeros(b[i] | (u64)1 << 63), difference = a[i] - odd;
            u64 less = (u64)((i64)difference >> 63), done = (u64)((i64)(odd - 1) >> 63); /* all bits or none */
            a[i] = (odd + (difference & less)) | (a[i] & done);
            b[i] = ((difference ^ less) - less) & ~done;
            left |= b[i];
        }
    }
}

/* Greatest common divisors, int64 (n,), of non-negative numbers. */
LOOP void gcd(const i64 *a, const i64 *b, i64 n, i64 *found) {
    for (i64 start = 0; start < n; start += SIDE_BY_SIDE) {
        u64 x[SIDE_BY_SIDE], y[SIDE_BY_SIDE];
        int twos[SIDE_BY_SIDE];
        for (int i = 0; i < SIDE_BY_SIDE; i++) {
            i64 here = start + i < n ? start + i : n - 1;
            u64 first = (u64)a[here], second = (u64)b[here];
            x[i] = first ? first : second;
            y[i] = first ? second : 0;
            twos[i] = x[i] ? trailing_zeros(x[i] | y[i]) : 0;
            x[i] = x[i] ? x[i] >> trailing_zeros(x[i]) : 0;
        }
        divisors(x, y);
        for (int i = 0; i < SIDE_BY_SIDE && start + i < n; i++) found[start + i] = (i64)(x[i] << twos[i]);
    }
}

/* a * b / 2^64 modulo an odd n (Montgomery, 1985); `inverse` is that of n modulo 2^64. */
static inline u64 product(u64 a, u64 b, u64 n, u64 inverse) {
    u128 whole = full_product(a, b);
    u64 cut = high_product(whole.low * inverse, n);
    return whole.high - cut + (whole.high < cut ? n : 0);
}

static inline u64 inverse_of(u64 n) {
    u64 inverse = n; /* right in 3 bits, twice as count with each step */
    for (int i = 0; i < 5; i++) inverse *= 2 - n * inverse;
    return inverse;
}

enum { BITS = 3, POWERS = 1 << BITS }; /* bits of an exponent per step */

/* Which odd numbers above 2 pass the Miller-Rabin test with a witness; `x` stands for x * 2^64 mod n. */
ALWAYS_INLINE void test(const u64 *n, u64 witness, u8 *passed) {
    u64 inverse[SIDE_BY_SIDE], odd[SIDE_BY_SIDE], x[SIDE_BY_SIDE], power[POWERS][SIDE_BY_SIDE], any = 0;
    int twos[SIDE_BY_SIDE], maximum = 0;
    for (int i = 0; i < SIDE_BY_SIDE; i++) {
        u64 one = (~(u64)0 % n[i] + 1) % n[i], square = one + (one >= n[i] - one ? one - n[i] : one);
        inverse[i] = inverse_of(n[i]);
        twos[i] = trailing_zeros(n[i] - 1);
        odd[i] = (n[i] - 1) >> twos[i];
        any |= odd[i];
        maximum = twos[i] > maximum ? twos[i] : maximum;
        x[i] = power[0][i] = one;
        if (witness != 2) {
            for (int turn = 0; turn < 6; turn++) square = product(square, square, n[i], inverse[i]);
            power[1][i] = product(witness % n[i], square, n[i], inverse[i]); /* two squared six times is 2^64 */
        }
    }
    for (int p = 2; p < POWERS && witness != 2; p++)
        for (int i = 0; i < SIDE_BY_SIDE; i++) power[p][i] = product(power[p - 1][i], power[1][i], n[i], inverse[i]);
    for (int bit = (63 - leading_zeros(any)) / BITS * BITS; bit >= 0; bit -= BITS)
        for (int turn = BITS - 1; turn >= 0; turn--)
            for (int i = 0; i < SIDE_BY_SIDE; i++) {
                x[i] = product(x[i], x[i], n[i], inverse[i]);
                if (witness == 2) { /* twice as much where the bit is set; no branches */
                    u64 set = -(odd[i] >> (bit + turn) & 1);
                    x[i] += set & (x[i] >= n[i] - x[i] ? x[i] - n[i] : x[i]);
                } else if (turn == 0)
                    x[i] = product(x[i], power[odd[i] >> bit & (POWERS - 1)][i], n[i], inverse[i]);
            }
    for (int i = 0; i < SIDE_BY_SIDE; i++)
        passed[i] = (witness % n[i] == 0) | (x[i] == power[0][i]) | (x[i] == n[i] - power[0][i]);
    for (int turn = 1; turn < maximum; turn++)
        for (int i = 0; i < SIDE_BY_SIDE; i++) {
            x[i] = product(x[i], x[i], n[i], inverse[i]);
            passed[i] |= (turn < twos[i]) & (x[i] == n[i] - power[0][i]);
        }
}

static inline u64 sum(u64 a, u64 b, u64 n) { return a - (n - b) + (a < n - b ? n : 0); }
static inline u64 difference(u64 a, u64 b, u64 n) { return a - b + (a < b ? n : 0); }

/* The Jacobi symbol of a small number above 0 over an odd n. */
static inline int jacobi(u64 a, u64 n) {
    int sign = 1;
    while (a) {
        int twos = trailing_zeros(a);
        a >>= twos;
        if ((twos & 1) && (n % 8 == 3 || n % 8 == 5)) sign = -sign;
        if (a % 4 == 3 && n % 4 == 3) sign = -sign;
        u64 rest = n % a;
        n = a;
        a = rest;
    }
    return n == 1 ? sign : 0;
}

static inline int is_square(u64 n) {
    u64 root = 0;
    for (u64 bit = (u64)1 << 31; bit; bit >>= 1)
        if ((root + bit) * (root + bit) <= n) root += bit;
    return root * root == n;
}

enum { MAX_PARAMETER = 64 }; /* squares are sorted out before a parameter gets so large */

/* The parameter P of the Lucas test: the first one from 3 on whose P * P - 4 has the symbol -1; 0 for a composite. */
static inline u64 lucas_parameter(u64 n) {
    for (u64 p = 3;; p++) {
        int symbol = jacobi(p * p - 4, n);
        if (symbol < 0) return p;
        if (!symbol || (p == MAX_PARAMETER && is_square(n))) return 0;
    }
}

/* Which odd numbers that pass the test with the witness 2 pass the extra strong Lucas test too (Grantham, 2001). v and
 * w are V(k) and V(k + 1) of the Lucas sequence with Q = 1, by the bits of the odd part of n + 1; all values stand for
 * x * 2^64 mod n. */
static inline void lucas_test(const u64 *n, u8 *passed) {
    u64 inverse[SIDE_BY_SIDE], odd[SIDE_BY_SIDE], v[SIDE_BY_SIDE], w[SIDE_BY_SIDE], p[SIDE_BY_SIDE], two[SIDE_BY_SIDE];
    u64 any = 0;
    int twos[SIDE_BY_SIDE], maximum = 0;
    for (int i = 0; i < SIDE_BY_SIDE; i++) {
        u64 one = (~(u64)0 % n[i] + 1) % n[i], parameter = lucas_parameter(n[i]);
        inverse[i] = inverse_of(n[i]);
        twos[i] = trailing_zeros(n[i] + 1);
        odd[i] = (n[i] + 1) >> twos[i];
        any |= odd[i];
        maximum = twos[i] > maximum ? twos[i] : maximum;
        two[i] = v[i] = sum(one, one, n[i]);
        passed[i] = parameter != 0;
        p[i] = two[i];
        for (u64 turn = 2; turn < parameter; turn++) p[i] = sum(p[i], one, n[i]);
        w[i] = p[i];
    }
    for (int bit = 63 - leading_zeros(any); bit >= 0; bit--)
        for (int i = 0; i < SIDE_BY_SIDE; i++) {
            u64 set = -(odd[i] >> bit & 1), doubled = (w[i] & set) | (v[i] & ~set);
            u64 mixed = difference(product(v[i], w[i], n[i], inverse[i]), p[i], n[i]);
            doubled = difference(product(doubled, doubled, n[i], inverse[i]), two[i], n[i]);
            v[i] = (mixed & set) | (doubled & ~set);
            w[i] = (doubled & set) | (mixed & ~set);
        }
    for (int i = 0; i < SIDE_BY_SIDE; i++) { /* U(k) is 0 where V(k) is 2 or -2 and V(k + 1) is P or -P */
        u8 found = ((v[i] == two[i]) & (w[i] == p[i])) | ((v[i] == n[i] - two[i]) & (w[i] == n[i] - p[i]));
        for (int turn = 1; turn < twos[i] && !found; turn++) {
            found = v[i] == 0;
            v[i] = difference(product(v[i], v[i], n[i], inverse[i]), two[i], n[i]);
        }
        passed[i] = (passed[i] & found) | (n[i] < 2047); /* the smallest composite that passes with the witness 2 */
    }
}

enum { LUCAS = 0 }; /* in place of a witness */

/* Keep the odd numbers above 2 that pass the test, with their indices. Returns the number that is left. */
static i64 sieve(u64 *numbers, i64 *indices, i64 count, u64 witness) {
    i64 left = 0;
    for (i64 start = 0; start < count; start += SIDE_BY_SIDE) {
        u64 n[SIDE_BY_SIDE];
        u8 passed[SIDE_BY_SIDE];
        int here = count - start < SIDE_BY_SIDE ? (int)(count - start) : SIDE_BY_SIDE;
        for (int i = 0; i < SIDE_BY_SIDE; i++) n[i] = numbers[start + (i < here ? i : 0)];
        if (witness == 2)
            test(n, 2, passed);
        else if (witness == LUCAS)
            lucas_test(n, passed);
        else
            test(n, witness, passed);
        for (int i = 0; i < here; i++) {
            i64 index = indices[start + i];
            numbers[left] = n[i];
            indices[left] = index;
            left += passed[i];
        }
    }
    return left;
}

/* Keep the primes among odd numbers above 2. The witnesses 2, 7 and 61 decide all below 4,759,123,141 (Jaeschke, 1993);
 * the witness 2 and a Lucas test all below 2^64 (Baillie and Wagstaff, 1980; checked with Feitsma's list of the
 * pseudoprimes to base 2). */
static i64 primes_of(u64 *numbers, i64 *indices, i64 count) {
    u64 largest = 0;
    count = sieve(numbers, indices, count, 2);
    for (i64 i = 0; i < count; i++) largest = numbers[i] > largest ? numbers[i] : largest;
    if (largest >= 4759123141u) return sieve(numbers, indices, count, LUCAS);
    return sieve(numbers, indices, sieve(numbers, indices, count, 7), 61);
}

/* The first of several odd primes that properly divides n, or 0: n is a multiple of q exactly when n times the
 * inverse of q modulo 2^64 is at maximum (2^64 - 1) / q (Granlund and Montgomery, 1994, section 9). */
static inline u64 first_factor(u64 n, const u64 *primes, const u64 *inverses, const u64 *maximum, i64 count) {
    for (i64 i = 0; i < count; i++)
        if (n * inverses[i] <= maximum[i] && n != primes[i]) return primes[i];
    return 0;
}

/* The smallest of 2 and several odd primes that properly divides each number, int64 (n,), not negative; 1 for 0 and 1,
 * 0 where there is none. */
LOOP void first_factors(const i64 *numbers, i64 n, const u64 *primes, const u64 *inverses, const u64 *maximum,
                        i64 count, u8 *found) {
    for (i64 i = 0; i < n; i++) {
        u64 number = (u64)numbers[i], even = number > 2 && !(number & 1);
        found[i] = (u8)(number < 2 ? 1 : even ? 2 : first_factor(number, primes, inverses, maximum, count));
    }
}

/* Which numbers, int64 (n,), not negative, are prime. `left` and `indices` have n + 1 elements. */
LOOP void are_prime(const i64 *numbers, i64 n, const u64 *primes, const u64 *inverses, const u64 *maximum, i64 count,
                    u64 *left, i64 *indices, u8 *found) {
    i64 k = 0;
    for (i64 i = 0; i < n; i++) {
        u64 number = (u64)numbers[i];
        left[k] = number;
        indices[k] = i;
        found[i] = number == 2;
        k += number > 2 && (number & 1) && !first_factor(number, primes, inverses, maximum, count);
    }
    k = primes_of(left, indices, k);
    for (i64 i = 0; i < k; i++) found[indices[i]] = 1;
}

/* Clear bit b of byte i unless 30 i + spokes[b] is prime: the sieve of Eratosthenes in stretches that fit in the cache,
 * with the primes from 7 to the root of 30 * size. */
LOOP void cross_out(u8 *bits, i64 size, const u64 *primes, i64 count, const u64 *spokes) {
    enum { STRETCH = 1 << 15 };
    for (i64 begin = 0; begin < size; begin += STRETCH) {
        i64 end = begin + STRETCH < size ? begin + STRETCH : size;
        for (i64 p = 0; p < count; p++) {
            i64 q = (i64)primes[p], cofactor = 30 * begin / q; /* the first multiple to cross out is q times this */
            cofactor = cofactor < q ? q : cofactor;
            for (int found = 0; found < 8; cofactor++) {
                i64 rest = cofactor % 30 * (q % 30) % 30;
                int bit = 0;
                while (bit < 8 && spokes[bit] != (u64)rest) bit++;
                if (bit == 8) continue; /* a multiple of 2, 3 or 5 */
                found++;
                for (i64 i = (q * cofactor - rest) / 30; i < end; i += q)
                    if (i >= begin) bits[i] &= (u8)~(1 << bit);
            }
        }
    }
}
