/* Chains of carries and borrows, see mathbench/generators/toolkit/carries.py. */

#include "loops.h"

/* The lowest digit of a number, which is divided by the base; `inverse` is 2^64 / base, rounded down. */
ALWAYS_INLINE u64 next_digit(u64 *number, u64 base, u64 inverse) {
    u64 quotient = high_product(*number, inverse), digit = *number - quotient * base, more = digit >= base;
    *number = quotient + more;
    return digit - (more ? base : 0);
}

/* Points with a chain, uint64 (4, n), converted to pairs of numbers, uint64 (2, n). The rows of a point are the place
 * where its chain begins, which of the `count` pairs of digits is there, and the other digits of the second and of the
 * first number. `pairs` is (2, count). */
LOOP void chained_pairs(const u64 *points, i64 n, i64 longer, i64 shorter, u64 chain, u64 base, u64 borrows,
                        const u64 *pairs, i64 count, u64 *numbers) {
    const u64 inverse = ~(u64)0 / base;
    for (i64 i = 0; i < n; i++) {
        u64 start = points[i], second = points[2 * n + i], first = points[3 * n + i], power = 1, a = 0, b = 0;
        const u64 *begins = pairs + points[n + i];
        for (i64 place = 0; place < longer; place++, power *= base) {
            u64 since = (u64)place - start; /* huge before the chain begins */
            u64 low = 0, high;
            if (place < shorter) low = since ? next_digit(&second, base, inverse) : begins[count];
            if (!since)
                high = begins[0];
            else if (since < chain)
                high = borrows ? low : base - 1 - low;
            else
                high = next_digit(&first, base, inverse);
            a += high * power;
            b += low * power;
        }
        numbers[i] = a;
        numbers[n + i] = b;
    }
}

/* The places, int64 (n,), where the first chains of some length begin; -1 where there is none, or a longer one. */
LOOP void chain_starts(const u64 *a, const u64 *b, i64 n, i64 places, u64 base, u64 borrows, i64 chain, i64 *found) {
    const u64 inverse = ~(u64)0 / base;
    for (i64 i = 0; i < n; i++) {
        u64 first = a[i], second = b[i];
        i64 run = 0, start = -1, longest = 0;
        for (i64 place = 0; place < places; place++) {
            u64 high = next_digit(&first, base, inverse), low = next_digit(&second, base, inverse);
            int makes = borrows ? high < low : high + low >= base;
            int passes = borrows ? high == low : high + low == base - 1;
            run = makes ? 1 : passes && run ? run + 1 : 0;
            if (run == chain && start < 0) start = place - chain + 1;
            longest = run > longest ? run : longest;
        }
        found[i] = longest > chain ? -1 : start;
    }
}
