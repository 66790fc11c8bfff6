/* Numbers as text, see mathbench/numbers/text.py: words of up to eight characters, and words laid end to end. */

#include "loops.h"

/* How a base is written. `table` holds all strings of `per` digits, `many` = base^per of them, as the end of a word.
 * A number of b bits has at least least[b] digits, and one more from power[least[b]] = base^least[b] on. */
typedef struct {
    const u64 *table;
    u64 many, inverse; /* inverse: floor((2^64 - 1) / many) */
} Base;

static inline i64 length(u64 value, const u64 *power, const u8 *least) {
    u8 digits = least[64 - __builtin_clzll(value | 1)];
    return digits + (value >= power[digits]);
}

/* The last `chunks` chunks of digits as the end of a word; *value loses them, unless nothing stands before them. */
static inline u64 last_digits(u64 *value, i64 chunks, int more, const Base *base, i64 per) {
    u64 word = 0, rest = *value;
    for (i64 i = 0; i < chunks; i++) {
        u64 quotient = 0, digits = rest;
        if (more || i + 1 < chunks) {
            quotient = high_product(rest, base->inverse); /* right, or one too small */
            digits = rest - quotient * base->many;
            u64 small = digits >= base->many;
            quotient += small;
            digits -= small ? base->many : 0;
        }
        word |= base->table[digits] >> (8 * per * i);
        rest = quotient;
    }
    *value = rest;
    return word;
}

LOOP void number_lengths(const i64 *values, i64 n, const u64 *power, const u8 *least, i64 *lengths) {
    for (i64 i = 0; i < n; i++) lengths[i] = length((u64)values[i], power, least);
}

static inline void write_words(const i64 *values, i64 n, const Base *base, const u64 *power, const u8 *least,
                               const u8 *where, u64 *characters, u64 *lengths, i64 words, i64 top, i64 per) {
    for (i64 i = 0; i < n; i++) {
        u64 rest = values[i] < 0 ? 0 : (u64)values[i]; /* below zero only where nothing is shown */
        i64 digits = length(rest, power, least);
        digits = where && !where[i] ? 0 : digits;
        for (i64 w = words - 1; w >= 0; w--, digits -= WORD) {
            i64 here = digits < 0 ? 0 : digits > WORD ? WORD : digits;
            u64 word = w ? last_digits(&rest, WORD / per, 1, base, per) : last_digits(&rest, top, 0, base, per);
            characters[w * n + i] = here ? word >> (8 * (WORD - here)) : 0;
            lengths[w * n + i] = (u64)here;
        }
    }
}

/* Values, int64 (n,), to words, the most significant first: characters and lengths, uint64 (words, n) each.
 * `longest` digits are enough for all; `where` may be NULL. The usual cases are compiled apart. */
LOOP void number_words(const i64 *values, i64 n, const u64 *table, const u64 *power, const u8 *least, u64 many,
                       i64 per, i64 longest, const u8 *where, u64 *characters, u64 *lengths) {
    const Base base = {table, many, ~(u64)0 / many};
    i64 words = (longest + WORD - 1) / WORD, top = (longest - (words - 1) * WORD + per - 1) / per;
#define CASE(words, top, per) write_words(values, n, &base, power, least, where, characters, lengths, words, top, per)
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

/* Where each row's text begins, int32 (n + 1,), from the lengths of its words; a column's stride (in words) is 0 or 1.
 * Returns the length of all, or -1 where it does not fit. */
LOOP i64 text_offsets(i64 words, i64 n, const u64 *const *lengths, const i64 *strides, i32 *offsets) {
    i64 end = 0;
    offsets[0] = 0;
    for (i64 i = 0; i < n; i++) {
        for (i64 w = 0; w < words; w++) end += (i64)lengths[w][i * strides[w]];
        offsets[i + 1] = (i32)end;
    }
    return end > INT32_MAX ? -1 : end;
}

/* All words of all rows end to end; `data` has room for eight bytes more than all of them. What a short word writes
 * too much the next one overwrites. */
LOOP void text_join(i64 words, i64 n, const u64 *const *characters, const i64 *character_strides,
                    const u64 *const *lengths, const i64 *length_strides, u8 *data) {
    for (i64 i = 0; i < n; i++)
        for (i64 w = 0; w < words; w++) {
            memcpy(data, &characters[w][i * character_strides[w]], WORD);
            data += lengths[w][i * length_strides[w]];
        }
}
