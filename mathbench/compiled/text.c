/* Numbers as text, see mathbench/numbers/text.py: words of up to eight characters, and their concatenation. */

#include "loops.h"

/* The tables of a base. `table` has all strings of `per` digits, `count` = base^per of them, right-aligned in words.
 * A number of b bits has at least minimum[b] digits, and one more from power[minimum[b]] = base^minimum[b] on. */
typedef struct {
    const u64 *table;
    u64 count, inverse; /* inverse: floor((2^64 - 1) / count) */
} Base;

static inline i64 length(u64 value, const u64 *power, const u8 *minimum) {
    u8 digits = minimum[64 - leading_zeros(value | 1)];
    return digits + (value >= power[digits]);
}

/* The last `chunks` chunks of digits as a right-aligned word; they are removed from *value if there are more. */
static inline u64 last_digits(u64 *value, i64 chunks, int more, const Base *base, i64 per) {
    u64 word = 0, rest = *value;
    for (i64 i = 0; i < chunks; i++) {
        u64 quotient = 0, digits = rest;
        if (more || i + 1 < chunks) {
            quotient = high_product(rest, base->inverse); /* right, or one too small */
            digits = rest - quotient * base->count;
            u64 small = digits >= base->count;
            quotient += small;
            digits -= small ? base->count : 0;
        }
        word |= base->table[digits] >> (8 * per * i);
        rest = quotient;
    }
    *value = rest;
    return word;
}

LOOP void number_lengths(const i64 *values, i64 n, const u64 *power, const u8 *minimum, i64 *lengths) {
    for (i64 i = 0; i < n; i++) lengths[i] = length((u64)values[i], power, minimum);
}

static inline void write_words(const i64 *values, i64 n, const Base *base, const u64 *power, const u8 *minimum,
                               const u8 *where, u64 *characters, u64 *lengths, i64 words, i64 top, i64 per) {
    for (i64 i = 0; i < n; i++) {
        u64 rest = values[i] < 0 ? 0 : (u64)values[i]; /* negative only in rows without text */
        i64 digits = length(rest, power, minimum);
        digits = where && !where[i] ? 0 : digits;
        for (i64 w = words - 1; w >= 0; w--, digits -= WORD) {
            i64 here = digits < 0 ? 0 : digits > WORD ? WORD : digits;
            u64 word = w ? last_digits(&rest, WORD / per, 1, base, per) : last_digits(&rest, top, 0, base, per);
            characters[w * n + i] = here ? word >> (8 * (WORD - here)) : 0;
            lengths[w * n + i] = (u64)here;
        }
    }
}

/* Convert values, int64 (n,), to words, the most significant first: characters and lengths, uint64 (words, n) each.
 * No value has more than `longest` digits; `where` may be NULL. The usual cases are compiled separately. */
LOOP void number_words(const i64 *values, i64 n, const u64 *table, const u64 *power, const u8 *minimum, u64 count,
                       i64 per, i64 longest, const u8 *where, u64 *characters, u64 *lengths) {
    const Base base = {table, count, ~(u64)0 / count};
    i64 words = (longest + WORD - 1) / WORD, top = (longest - (words - 1) * WORD + per - 1) / per;
#define CASE(words, top, per) write_words(values, n, &base, power, minimum, where, characters, lengths, words, top, per)
    if (per == 4 && words == 1 && top == 1)
        CASE(1, 1, 4);
    else if (per == 4 && words == 1)
        CASE(1, 2, 4);
    else if (per == 4)
        CASE(words, top, 4);
    else
        CASE(words, top, per);
#undef CASE
}

/* The offsets of rows, int32 (n + 1,), from the lengths of their words; the stride of a column (in words) is 0 or 1.
 * Returns the total length, or -1 where it does not fit. */
LOOP i64 text_offsets(i64 words, i64 n, const u64 *const *lengths, const i64 *strides, i32 *offsets) {
    i64 end = 0;
    offsets[0] = 0;
    for (i64 i = 0; i < n; i++) {
        for (i64 w = 0; w < words; w++) end += (i64)lengths[w][i * strides[w]];
        offsets[i + 1] = (i32)end;
    }
    return end > INT32_MAX ? -1 : end;
}

/* Concatenate all words of all rows; `data` has room for eight bytes more. The next word overwrites the excess bytes of
 * a short word. */
LOOP void text_join(i64 words, i64 n, const u64 *const *characters, const i64 *character_strides,
                    const u64 *const *lengths, const i64 *length_strides, u8 *data) {
    for (i64 i = 0; i < n; i++)
        for (i64 w = 0; w < words; w++) {
            memcpy(data, &characters[w][i * character_strides[w]], WORD);
            data += lengths[w][i * length_strides[w]];
        }
}
