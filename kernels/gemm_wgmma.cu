// The products of `gemm.cu` on Hopper: out = a w^T + bias with the same three endings, by the warpgroup's own products.
//
// Two warpgroups make 128 rows by UNITS x 96 columns of the result from tiles 64 deep, STAGES of them on their way by
// cp.async. Tiles were chosen by measuring an encoder's four products at 1024 and 4096 tokens.
//
// Shapes: rows a multiple of 128 (the caller pads), columns of UNITS x 96, depth of 64.

#include "ending.cuh"
#include "wgmma.cuh"

template <int UNITS, int STAGES, Ending ENDING>
__device__ __forceinline__ void gemm(const bf16* __restrict__ a, const bf16* __restrict__ w, const float* __restrict__ bias,
                                     const float* __restrict__ running, uint32_t columns, uint32_t depth, void* __restrict__ out) {
    constexpr int BM = 128, BN = UNITS * 96, STAGE = (BM + BN) * 128;
    // With more than two stages the products of one tile run on while the next is waited for.
    constexpr int AHEAD = STAGES == 2 ? 1 : STAGES - 2, RUNNING = STAGES == 2 ? 0 : 1;
    extern __shared__ uint8_t memory[];
    const uint32_t start = static_cast<uint32_t>(__cvta_generic_to_shared(memory));
    const uint32_t shared = (start + 1023) & ~1023u;
    const int group = __shfl_sync(0xFFFFFFFFu, threadIdx.x >> 7, 0);
    const size_t row0 = static_cast<size_t>(blockIdx.y) * BM, column0 = static_cast<size_t>(blockIdx.x) * BN;

    // A thread copies the same piece of every 32nd row.
    const int copied = threadIdx.x >> 3, piece = threadIdx.x & 7;
    const uint32_t to0 = shared + copied * 128 + ((piece ^ (copied & 7)) << 4);
    const bf16* a0 = a + (row0 + copied) * depth + piece * 8;
    const bf16* w0 = w + (column0 + copied) * depth + piece * 8;
    auto issue = [&](int k, int stage) {
        const uint32_t to = to0 + stage * STAGE;
#pragma unroll
        for (int i = 0; i < BM / 32; i++) copy16(to + i * 4096, a0 + static_cast<size_t>(i) * 32 * depth + k * 64);
#pragma unroll
        for (int i = 0; i < BN / 32; i++) copy16(to + BM * 128 + i * 4096, w0 + static_cast<size_t>(i) * 32 * depth + k * 64);
    };

    float sum[UNITS][48];
    const int steps = depth / 64;
#pragma unroll
    for (int s = 0; s < AHEAD; s++) {
        if (s < steps) issue(s, s);
        commit();
    }
    int stage = 0, into = AHEAD;
    for (int k = 0; k < steps; k++) {
        wait<AHEAD - 1>();
        publish();
        __syncthreads();
        if (k + AHEAD < steps) issue(k + AHEAD, into);
        commit();
        const uint32_t held = shared + stage * STAGE;
        products_begin();
#pragma unroll
        for (int kk = 0; kk < 4; kk++) {
#pragma unroll
            for (int u = 0; u < UNITS; u++) {
                product_bf16(sum[u], operand(held + group * 8192 + kk * 32), operand(held + BM * 128 + u * (96 * 128) + kk * 32),
                             (k | kk) != 0);
            }
        }
        products_end();
        products_wait<RUNNING>();
        stage = stage + 1 == STAGES ? 0 : stage + 1;
        into = into + 1 == STAGES ? 0 : into + 1;
    }
    products_wait<0>();
    const int lane = threadIdx.x & 31, g = lane >> 2, t = lane & 3;
    const size_t row = row0 + group * 64 + ((threadIdx.x >> 5) & 3) * 16 + g;
#pragma unroll
    for (int u = 0; u < UNITS; u++) {
        settle(sum[u]);
#pragma unroll
        for (int n = 0; n < 12; n++) {
            const size_t column = column0 + u * 96 + n * 8 + t * 2;
            const float2 add = *reinterpret_cast<const float2*>(bias + column);
            finish<ENDING>(sum[u][n * 4] + add.x, sum[u][n * 4 + 1] + add.y, running, out, row * columns + column);
            finish<ENDING>(sum[u][n * 4 + 2] + add.x, sum[u][n * 4 + 3] + add.y, running, out, (row + 8) * columns + column);
        }
    }
}

#define GEMM(UNITS, STAGES, BLOCKS, ENDING, NAME)                                                                             \
    extern "C" __global__ void __launch_bounds__(256, BLOCKS)                                                                \
        NAME(const bf16* a, const bf16* w, const float* bias, const float* running, uint32_t columns, uint32_t depth,        \
             void* out) {                                                                                                    \
        gemm<UNITS, STAGES, ENDING>(a, w, bias, running, columns, depth, out);                                                \
    }                                                                                                                        \
    extern "C" __constant__ uint32_t NAME##_shape[4] = {128, (128 + UNITS * 96) * 128 * STAGES + 1024, UNITS * 96, 256};

GEMM(1, 2, 3, PLAIN, gemm_plain_wgmma)
GEMM(1, 2, 3, GELU, gemm_gelu_wgmma)
GEMM(1, 6, 1, ADD, gemm_add_wgmma)
