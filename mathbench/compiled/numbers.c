/* Divisors and primes, see mathbench/numbers/primality.py. */

#include "loops.h"

enum { SIDE_BY_SIDE = 4 }; /* pairs worked on at once: a step of one has to wait for the step before */

/* Stein's algorithm without branches, for some pairs side by side, `a` odd: `b` becomes 0 and `a` the divisor. */
static inline void divisors(u64 *a, u64 *b) {
    for (u64 left = 1; left;) {
        left = 0;
        for (int i = 0; i < SIDE_BY_SIDE; i++) {
            u64 odd = b[i] >> __builtin_ctzll(b[i] | (u64)1 << 63), difference = a[i] - odd;
            u64 less = (u64)((i64)difference >> 63), done = (u64)((i64)(odd - 1) >> 63); /* all bits or none */
            a[i] = (odd + (difference & less)) | (a[i] & done);
            b[i] = ((difference ^ less) - less) & ~done;
            left |= b[i];
        }
    }
}

/* Greatest common divisors, int64 (n,), of numbers that are not negative. */
LOOP void gcd(const i64 *a, const i64 *b, i64 n, i64 *found) {
    for (i64 start = 0; start < n; start += SIDE_BY_SIDE) {
        u64 x[SIDE_BY_SIDE], y[SIDE_BY_SIDE];
        int twos[SIDE_BY_SIDE];
        for (int i = 0; i < SIDE_BY_SIDE; i++) {
            i64 here = start + i < n ? start + i : n - 1;
            u64 first = (u64)a[here], second = (u64)b[here];
            x[i] = first ? first : second;
            y[i] = first ? second : 0;
            twos[i] = x[i] ? __builtin_ctzll(x[i] | y[i]) : 0;
            x[i] = x[i] ? x[i] >> __builtin_ctzll(x[i]) : 0;
        }
        divisors(x, y);
        for (int i = 0; i < SIDE_BY_SIDE && start + i < n; i++) found[start + i] = (i64)(x[i] << twos[i]);
    }
}

/* a * b / 2^64 modulo an odd n (Montgomery, 1985); `inverse` is that of n modulo 2^64. */
static inline u64 product(u64 a, u64 b, u64 n, u64 inverse) {
    u128 whole = (u128)a * b;
    u64 high = (u64)(whole >> 64), cut = high_product((u64)whole * inverse, n);
    return high - cut + (high < cut ? n : 0);
}

static inline u64 inverse_of(u64 n) {
    u64 inverse = n; /* right in 3 bits, twice as many with each step */
    for (int i = 0; i < 5; i++) inverse *= 2 - n * inverse;
    return inverse;
}

enum { BITS = 3, POWERS = 1 << BITS }; /* of an exponent taken at a time */

/* Which of some odd numbers above 2 pass Miller and Rabin's test with a witness; `x` stands for x * 2^64 mod n. */
static inline __attribute__((always_inline)) void test(const u64 *n, u64 witness, u8 *passed) {
    u64 inverse[SIDE_BY_SIDE], odd[SIDE_BY_SIDE], x[SIDE_BY_SIDE], power[POWERS][SIDE_BY_SIDE], any = 0;
    int twos[SIDE_BY_SIDE], most = 0;
    for (int i = 0; i < SIDE_BY_SIDE; i++) {
        u64 one = (~(u64)0 % n[i] + 1) % n[i], square = one + (one >= n[i] - one ? one - n[i] : one);
        inverse[i] = inverse_of(n[i]);
        twos[i] = __builtin_ctzll(n[i] - 1);
        odd[i] = (n[i] - 1) >> twos[i];
        any |= odd[i];
        most = twos[i] > most ? twos[i] : most;
        x[i] = power[0][i] = one;
        if (witness != 2) {
            for (int turn = 0; turn < 6; turn++) square = product(square, square, n[i], inverse[i]);
            power[1][i] = product(witness % n[i], square, n[i], inverse[i]); /* two squared six times is 2^64 */
        }
    }
    for (int p = 2; p < POWERS && witness != 2; p++)
        for (int i = 0; i < SIDE_BY_SIDE; i++) power[p][i] = product(power[p - 1][i], power[1][i], n[i], inverse[i]);
    for (int bit = (63 - __builtin_clzll(any)) / BITS * BITS; bit >= 0; bit -= BITS)
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
    for (int turn = 1; turn < most; turn++)
        for (int i = 0; i < SIDE_BY_SIDE; i++) {
            x[i] = product(x[i], x[i], n[i], inverse[i]);
            passed[i] |= (turn < twos[i]) & (x[i] == n[i] - power[0][i]);
        }
}

/* Leaves of some odd numbers above 2 those that pass the test; their places move along. Returns how many are left. */
static i64 sieve(u64 *numbers, i64 *places, i64 many, u64 witness) {
    i64 left = 0;
    for (i64 start = 0; start < many; start += SIDE_BY_SIDE) {
        u64 n[SIDE_BY_SIDE];
        u8 passed[SIDE_BY_SIDE];
        int here = many - start < SIDE_BY_SIDE ? (int)(many - start) : SIDE_BY_SIDE;
        for (int i = 0; i < SIDE_BY_SIDE; i++) n[i] = numbers[start + (i < here ? i : 0)];
        if (witness == 2)
            test(n, 2, passed);
        else
            test(n, witness, passed);
        for (int i = 0; i < here; i++) {
            i64 place = places[start + i];
            numbers[left] = n[i];
            places[left] = place;
            left += passed[i];
        }
    }
    return left;
}

/* Leaves the primes of some odd numbers above 2. Seven witnesses decide all below 2^64 (Sinclair); 2, 7 and 61 all
 * below 4,759,123,141 (Jaeschke, 1993). */
static i64 primes_of(u64 *numbers, i64 *places, i64 many) {
    static const u64 witnesses[6] = {325, 9375, 28178, 450775, 9780504, 1795265022}, fewer[2] = {7, 61};
    u64 largest = 0;
    many = sieve(numbers, places, many, 2);
    for (i64 i = 0; i < many; i++) largest = numbers[i] > largest ? numbers[i] : largest;
    if (largest < 4759123141u)
        for (int w = 0; w < 2; w++) many = sieve(numbers, places, many, fewer[w]);
    else
        for (int w = 0; w < 6; w++) many = sieve(numbers, places, many, witnesses[w]);
    return many;
}

/* The first of some odd primes that divides n and is not n, or 0: n is a multiple of q exactly when n times the
 * inverse of q modulo 2^64 is at most (2^64 - 1) / q (Granlund and Montgomery, 1994, section 9). */
static inline u64 first_factor(u64 n, const u64 *primes, const u64 *inverses, const u64 *most, i64 many) {
    for (i64 i = 0; i < many; i++)
        if (n * inverses[i] <= most[i] && n != primes[i]) return primes[i];
    return 0;
}

/* The smallest of two and some odd primes that divides each number, int64 (n,), not negative, and is not the number
 * itself; 1 for 0 and 1, 0 where there is none. */
LOOP void first_factors(const i64 *numbers, i64 n, const u64 *primes, const u64 *inverses, const u64 *most, i64 many,
                        u8 *found) {
    for (i64 i = 0; i < n; i++) {
        u64 number = (u64)numbers[i], even = number > 2 && !(number & 1);
        found[i] = (u8)(number < 2 ? 1 : even ? 2 : first_factor(number, primes, inverses, most, many));
    }
}

/* Which numbers, int64 (n,), not negative, are prime. `left` and `places` have room for n and one more. */
LOOP void are_prime(const i64 *numbers, i64 n, const u64 *primes, const u64 *inverses, const u64 *most, i64 many,
                    u64 *left, i64 *places, u8 *found) {
    i64 k = 0;
    for (i64 i = 0; i < n; i++) {
        u64 number = (u64)numbers[i];
        left[k] = number;
        places[k] = i;
        found[i] = number == 2;
        k += number > 2 && (number & 1) && !first_factor(number, primes, inverses, most, many);
    }
    k = primes_of(left, places, k);
    for (i64 i = 0; i < k; i++) found[places[i]] = 1;
}

/* Bit b of byte i stays where 30 i + spokes[b] is prime: Eratosthenes, a stretch that the cache holds at a time, with
 * the primes from 7 to the root of 30 * size. */
LOOP void cross_out(u8 *bits, i64 size, const u64 *primes, i64 many, const u64 *spokes) {
    enum { STRETCH = 1 << 15 };
    for (i64 begin = 0; begin < size; begin += STRETCH) {
        i64 end = begin + STRETCH < size ? begin + STRETCH : size;
        for (i64 p = 0; p < many; p++) {
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
