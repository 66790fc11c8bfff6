/* Types and helpers of all compiled loops: C11, with what GCC, Clang and MSVC each call differently. */

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
typedef struct {
    u64 high, low;
} u128;

enum { WORD = 8 }; /* characters in a word */

#if defined(_MSC_VER) && !defined(__clang__)
#include <intrin.h>
#define ALWAYS_INLINE static __forceinline
ALWAYS_INLINE u128 full_product(u64 a, u64 b) {
    u128 product = {__umulh(a, b), a * b};
    return product;
}
/* Zero bits below the lowest set bit, and above the highest one; `x` is not 0. */
ALWAYS_INLINE int trailing_zeros(u64 x) {
    unsigned long bit;
    _BitScanForward64(&bit, x);
    return (int)bit;
}
ALWAYS_INLINE int leading_zeros(u64 x) {
    unsigned long bit;
    _BitScanReverse64(&bit, x);
    return 63 - (int)bit;
}
#else
#define ALWAYS_INLINE static inline __attribute__((always_inline))
ALWAYS_INLINE u128 full_product(u64 a, u64 b) {
    unsigned __int128 product = (unsigned __int128)a * b;
    return (u128){(u64)(product >> 64), (u64)product};
}
ALWAYS_INLINE int trailing_zeros(u64 x) { return __builtin_ctzll(x); }
ALWAYS_INLINE int leading_zeros(u64 x) { return __builtin_clzll(x); }
#endif

static inline u64 high_product(u64 a, u64 b) { return full_product(a, b).high; }

/* mathbench/hashing.py: mix64 */
static inline u64 mixed(u64 x) {
    x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9u;
    x = (x ^ (x >> 27)) * 0x94D049BB133111EBu;
    return x ^ (x >> 31);
}

#endif
