// What the scan kernels share: hits, and the order of scores.
#pragma once

#include <climits>

#include "common.cuh"

struct Hit {
    uint32_t query;
    uint32_t row;
    int32_t score;
};

// The order of (score descending, row ascending) as one unsigned number.
__device__ __forceinline__ unsigned long long rank(int score, uint32_t row) {
    return (static_cast<unsigned long long>(static_cast<uint32_t>(score) ^ 0x80000000u) << 32) | (0xFFFFFFFFu - row);
}
__device__ __forceinline__ int score_of(unsigned long long rank) {
    return static_cast<int>(static_cast<uint32_t>(rank >> 32) ^ 0x80000000u);
}
