/* Types and helpers of all compiled loops. */

#ifndef MATHBENCH_LOOPS_H
#define MATHBENCH_LOOPS_H

#include <stdint.h>
#include <string.h>

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "words of text need a little-endian machine"
#endif

#ifdef _WIN32
#define LOOP __declspec(dllexport)
#else
#define LOOP __attribute__((visibility("default")))
#endif

typedef int32_t i32;
typedef int64_t i64;
typedef uint8_t u8;
typedef uint64_t u64;
typedef unsigned __int128 u128;

enum { WORD = 8 }; /* characters in a word */

static inline u64 high_product(u64 a, u64 b) { return (u64)((u128)a * b >> 64); }

/* mathbench/hashing.py: mix64 */
static inline u64 mixed(u64 x) {
    x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9u;
    x = (x ^ (x >> 27)) * 0x94D049BB133111EBu;
    return x ^ (x >> 31);
}

#endif
