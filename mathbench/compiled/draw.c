/* Drawing problems, see mathbench/sampling/permute.py, domain.py and reserve.py. */

#include "loops.h"

/* The digest of the sources that the library was made from. */
LOOP const char *version(void) { return VERSION; }

static const u64 GOLDEN = 0x9E3779B97F4A7C15u;
static const u64 MULTIPLIERS[4] = {0xFF51AFD7ED558CCDu, 0xC4CEB9FE1A85EC53u, 0x9FB21C651E98DF25u,
                                   0xD6E8FEB86659FD93u};

/* mathbench/sampling/permute.py: _round */
static inline u64 round_of(u64 x, u64 key, int turn) {
    x = (x + key + GOLDEN * (u64)(turn + 1)) * MULTIPLIERS[turn];
    return ((x ^ (x >> 32)) * MULTIPLIERS[(turn + 1) % 4]) >> 32;
}

static inline u64 permuted(u64 index, u64 shift, u64 high_size, u64 key) {
    u64 mask = ((u64)1 << shift) - 1, low = index & mask, high = index >> shift;
    for (int turn = 0; turn < 4; turn += 2) {
        high += (round_of(low, key, turn) * high_size) >> 32;
        high -= high >= high_size ? high_size : 0;
        low ^= round_of(high, key, turn + 1) & mask;
    }
    return high << shift | low;
}

/* Mix words, uint64 (n,), after adding `offset` to each. */
LOOP void mix(const u64 *words, i64 n, u64 offset, u64 *found) {
    for (i64 i = 0; i < n; i++) found[i] = mixed(words[i] + offset);
}

/* The same, scaled to 0 .. size - 1, see hashing.to_range; `stride` is 0 for one size, 1 for one size per word. */
LOOP void stream_below(const u64 *streams, i64 n, u64 offset, const u64 *sizes, u64 stride, u64 *found) {
    const u64 half = 0xFFFFFFFFu;
    for (i64 i = 0; i < n; i++) {
        u64 word = mixed(streams[i] + offset), size = sizes[(u64)i * stride], high = size >> 32;
        found[i] = ((word >> 32) * (size & half) >> 32) + (word >> 32) * high + ((word & half) * high >> 32);
    }
}

/* mathbench/sampling/permute.py: keyed_permutation, uint64 (n,), for one key. */
LOOP void permute(const u64 *index, i64 n, u64 shift, u64 high_size, u64 key, u64 *points) {
    for (i64 i = 0; i < n; i++) points[i] = permuted(index[i], shift, high_size, key);
}

/* Convert points to coordinates, uint64 (m, n), in mixed radix; the last coordinate changes fastest. */
LOOP void mixed_radix(const u64 *points, i64 n, const u64 *radix, i64 m, u64 *coordinates) {
    memcpy(coordinates, points, (size_t)n * sizeof(u64));
    for (i64 c = m - 1; c > 0; c--) {
        if (radix[c] == 1) {
            memset(coordinates + c * n, 0, (size_t)n * sizeof(u64));
            continue;
        }
        u64 size = radix[c], inverse = ~(u64)0 / size;
        u64 *rest = coordinates, *here = coordinates + c * n;
        for (i64 i = 0; i < n; i++) {
            u64 quotient = high_product(rest[i], inverse), left = rest[i] - quotient * size;
            u64 more = left >= size;
            here[i] = left - (more ? size : 0);
            rest[i] = quotient + more;
        }
    }
}

#define ABSENT (-INT64_MAX) /* a missing operand, as in mathbench/hashing.py */

static inline u64 fingerprint(const i64 *canonical, i64 words, i64 n, i64 i, u64 state) {
    for (i64 w = 0; w < words; w++) {
        i64 word = canonical[w * n + i];
        state = word == ABSENT ? state : mixed((u64)word ^ state);
    }
    return state;
}

/* Fingerprints of canonical problems, int64 (words, n). */
LOOP void fingerprints(const i64 *canonical, i64 words, i64 n, u64 start, u64 *hashes) {
    for (i64 i = 0; i < n; i++) hashes[i] = fingerprint(canonical, words, n, i, start);
}

/* Select the problems, int64 (m, n), that are requested (NULL: all) and have a fingerprint from `low` to `high`: their
 * indices, operands (rows of n, the first k filled) and fingerprints. Returns k. */
LOOP i64 reserved(const i64 *operands, i64 m, const i64 *canonical, i64 words, i64 n, const u8 *requested, u64 start,
                  u64 low, u64 high, i64 *indices, i64 *kept, u64 *hashes) {
    i64 k = 0;
    for (i64 i = 0; i < n; i++) {
        u64 hash = fingerprint(canonical, words, n, i, start);
        indices[k] = i;
        hashes[k] = hash;
        k += (hash >= low) & (hash <= high) & (requested ? requested[i] : 1);
    }
    for (i64 o = 0; o < m; o++)
        for (i64 j = 0; j < k; j++) kept[o * n + j] = operands[o * n + indices[j]];
    return k;
}
