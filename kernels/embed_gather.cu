// The first row of each token: word + position + type embedding, normalised. One warp a token.

#include "common.cuh"

template <int STEPS>
__device__ __forceinline__ float4 four(const bf16* table, size_t row, int i, int lane) {
    const uint2 bits = reinterpret_cast<const uint2*>(table + row * STEPS * 128)[i * 32 + lane];
    const float2 low = unpack(bits.x), high = unpack(bits.y);
    return make_float4(low.x, low.y, high.x, high.y);
}

template <int STEPS>
__device__ __forceinline__ void embed(const uint32_t* ids, const uint32_t* positions, const bf16* words, const bf16* places,
                                      const bf16* types, const float* scale, const float* shift, float epsilon, uint32_t tokens,
                                      float* full, bf16* half) {
    const int lane = threadIdx.x & 31;
    const uint32_t token = blockIdx.x * (blockDim.x >> 5) + (threadIdx.x >> 5);
    if (token >= tokens) return;
    const size_t id = ids[token], place = positions[token];
    float4 x[STEPS];
#pragma unroll
    for (int i = 0; i < STEPS; i++) {
        const float4 a = four<STEPS>(words, id, i, lane), b = four<STEPS>(places, place, i, lane), c = four<STEPS>(types, 0, i, lane);
        x[i] = make_float4(a.x + b.x + c.x, a.y + b.y + c.y, a.z + b.z + c.z, a.w + b.w + c.w);
    }
    normalise<STEPS>(x, scale, shift, epsilon, lane);
    store_row<STEPS>(x, full, half, token, lane);
}

#define EMBED(STEPS, NAME)                                                                                                    \
    extern "C" __global__ void __launch_bounds__(256)                                                                        \
        NAME(const uint32_t* ids, const uint32_t* positions, const bf16* words, const bf16* places, const bf16* types,      \
             const float* scale, const float* shift, float epsilon, uint32_t tokens, float* full, bf16* half) {             \
        embed<STEPS>(ids, positions, words, places, types, scale, shift, epsilon, tokens, full, half);                       \
    }
EMBED(3, embed_h384)
EMBED(6, embed_h768)
EMBED(8, embed_h1024)
