/* Expressions of many shapes, see mathbench/generators/toolkit/expression_fold.py. */

#include "loops.h"

enum { BITS = 6, LEVELS = 5, MINUS = 1, DIVIDE = 3 }; /* bits of a shape per number; levels of brackets; signs */

static inline i64 reduced(i64 value, i64 modulus) {
    if (!modulus) return value;
    i64 rest = value % modulus;
    return rest + (rest < 0 ? modulus : 0);
}

static inline i64 times(i64 a, i64 b, i64 modulus) { return reduced((i64)((u64)a * (u64)b), modulus); }

/* Values, int64 (n,), modulo a number or, with 0, exact. `numbers` is (columns, n); missing numbers are negative. */
LOOP void expression_values(const i64 *numbers, i64 columns, i64 n, const i64 *shapes, i64 modulus, i64 *found) {
    for (i64 row = 0; row < n; row++) {
        i64 total[LEVELS] = {0}, term[LEVELS] = {0}, level = 0;
        u64 shape = (u64)shapes[row];
        for (i64 i = 0; i <= columns; i++, shape >>= BITS) {
            for (u64 left = shape & 3; left; left--, level--)
                term[level - 1] = times(term[level - 1], reduced(total[level] + term[level], modulus), modulus);
            if (i == columns) break;
            u64 sign = shape >> 2 & 3;
            i64 new = -(i64)(sign <= MINUS); /* all bits or none: no branches */
            total[level] += term[level] & new;
            term[level] = ((1 - 2 * (i64)(sign & 1)) & new) | (term[level] & ~new);
            for (u64 left = shape >> 4 & 3; left; left--) {
                total[++level] = 0;
                term[level] = 1;
            }
            i64 number = numbers[i * n + row] > 0 ? numbers[i * n + row] : 0;
            if (sign == DIVIDE)
                term[level] = number ? term[level] / number : 0;
            else
                term[level] = times(term[level], reduced(number, modulus), modulus);
        }
        found[row] = total[0] + term[0];
    }
}

/* Words, uint64 (n,), that do not depend on the order of terms and factors. `bracket` marks a sum that is a factor,
 * `divisor` a divisor. */
LOOP void expression_words(const i64 *numbers, i64 columns, i64 n, const i64 *shapes, u64 bracket, u64 divisor,
                           u64 *found) {
    for (i64 row = 0; row < n; row++) {
        u64 total[LEVELS] = {0}, term[LEVELS] = {0}, shape = (u64)shapes[row];
        i64 level = 0;
        for (i64 i = 0; i <= columns; i++, shape >>= BITS) {
            for (u64 left = shape & 3; left; left--, level--)
                term[level - 1] += mixed((total[level] + mixed(term[level])) ^ bracket);
            if (i == columns) break;
            u64 sign = shape >> 2 & 3;
            u64 new = -(u64)(sign <= MINUS);
            total[level] += mixed(term[level]) & new;
            term[level] = (sign << 63 & new) | (term[level] & ~new);
            for (u64 left = shape >> 4 & 3; left; left--) {
                total[++level] = 0;
                term[level] = 0;
            }
            i64 number = numbers[i * n + row]; /* a missing one, below 0, becomes 0, which is mixed to 0 */
            u64 factor = mixed(number < 0 ? 0 : (u64)number + 1);
            if (sign == DIVIDE) factor = mixed(factor ^ divisor);
            term[level] += factor;
        }
        found[row] = total[0] + mixed(term[0]);
    }
}
