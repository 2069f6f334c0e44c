// Normalises each row of a sum. One warp a row.

#include "common.cuh"

template <int STEPS>
__device__ __forceinline__ void layernorm(const float* sums, const float* scale, const float* shift, float epsilon,
                                          uint32_t rows, float* full, bf16* half) {
    const int lane = threadIdx.x & 31;
    const uint32_t row = blockIdx.x * (blockDim.x >> 5) + (threadIdx.x >> 5);
    if (row >= rows) return;
    float4 x[STEPS];
#pragma unroll
    for (int i = 0; i < STEPS; i++) x[i] = reinterpret_cast<const float4*>(sums + static_cast<size_t>(row) * STEPS * 128)[i * 32 + lane];
    normalise<STEPS>(x, scale, shift, epsilon, lane);
    store_row<STEPS>(x, full, half, row, lane);
}

#define LAYERNORM(STEPS, NAME)                                                                                                \
    extern "C" __global__ void __launch_bounds__(256) NAME(const float* sums, const float* scale, const float* shift,        \
                                                           float epsilon, uint32_t rows, float* full, bf16* half) {         \
        layernorm<STEPS>(sums, scale, shift, epsilon, rows, full, half);                                                      \
    }
LAYERNORM(3, layernorm_h384)
LAYERNORM(6, layernorm_h768)
LAYERNORM(8, layernorm_h1024)
