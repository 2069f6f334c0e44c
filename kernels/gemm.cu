// out = a w^T + bias, in three endings: as it is; through GELU; or with the running row added, for the norm that follows.
//
// `a` is rows x depth and `w` columns x depth, both bf16 row-major (a linear layer's weights as they are stored), sums in
// f32. A block of 8 warps makes BM x BN of the result from tiles 64 deep, STAGES of them on their way by cp.async. A tile's
// row is 128 bytes; its 16-byte pieces are turned by the row's number so that ldmatrix meets no bank twice.
//
// Shapes: rows a multiple of BM (the caller pads), columns a multiple of BN, depth a multiple of 64.

#include "ending.cuh"

template <int BM, int BN, int WM, int WN, int STAGES, Ending ENDING>
__device__ __forceinline__ void gemm(const bf16* __restrict__ a, const bf16* __restrict__ w, const float* __restrict__ bias,
                                     const float* __restrict__ running, uint32_t columns, uint32_t depth, void* __restrict__ out) {
    constexpr int TILE_M = BM / WM / 16, TILE_N = BN / WN / 8;
    static_assert(WM * WN == 8 && TILE_N % 2 == 0, "eight warps; columns come in pairs of eight");
    constexpr int STAGE = (BM + BN) * 128;
    extern __shared__ __align__(128) uint8_t memory[];
    const uint32_t shared = static_cast<uint32_t>(__cvta_generic_to_shared(memory));
    const int thread = threadIdx.x, lane = thread & 31, warp = thread >> 5;
    const int warp_m = (warp % WM) * (BM / WM), warp_n = (warp / WM) * (BN / WN);
    const size_t row0 = static_cast<size_t>(blockIdx.y) * BM, column0 = static_cast<size_t>(blockIdx.x) * BN;
    const bf16* a0 = a + row0 * depth;
    const bf16* w0 = w + column0 * depth;

    auto issue = [&](int k, int stage) {
        const uint32_t to = shared + stage * STAGE;
#pragma unroll
        for (int i = 0; i < BM * 8 / 256; i++) {
            const int piece = i * 256 + thread, row = piece >> 3, column = piece & 7;
            copy16(to + row * 128 + ((column ^ (row & 7)) << 4), a0 + static_cast<size_t>(row) * depth + k * 64 + column * 8);
        }
#pragma unroll
        for (int i = 0; i < BN * 8 / 256; i++) {
            const int piece = i * 256 + thread, row = piece >> 3, column = piece & 7;
            copy16(to + BM * 128 + row * 128 + ((column ^ (row & 7)) << 4), w0 + static_cast<size_t>(row) * depth + k * 64 + column * 8);
        }
    };

    float sum[TILE_M][TILE_N][4];
#pragma unroll
    for (int m = 0; m < TILE_M; m++)
#pragma unroll
        for (int n = 0; n < TILE_N; n++) sum[m][n][0] = sum[m][n][1] = sum[m][n][2] = sum[m][n][3] = 0;

    const int steps = depth / 64;
#pragma unroll
    for (int s = 0; s < STAGES - 1; s++) {
        if (s < steps) issue(s, s);
        commit();
    }
    const int a_row = lane & 15, a_piece = lane >> 4;
    const int w_row = (lane & 7) + ((lane >> 4) << 3), w_piece = (lane >> 3) & 1;
    for (int k = 0; k < steps; k++) {
        wait<STAGES - 2>();
        __syncthreads();
        if (k + STAGES - 1 < steps) issue(k + STAGES - 1, (k + STAGES - 1) % STAGES);
        commit();
        const uint32_t held = shared + (k % STAGES) * STAGE;
#pragma unroll
        for (int kk = 0; kk < 4; kk++) {
            uint32_t left[TILE_M][4];
#pragma unroll
            for (int m = 0; m < TILE_M; m++) {
                const int row = warp_m + m * 16 + a_row;
                load_matrix(left[m], held + row * 128 + (((kk * 2 + a_piece) ^ (row & 7)) << 4));
            }
#pragma unroll
            for (int n = 0; n < TILE_N; n += 2) {
                uint32_t right[4];
                const int row = warp_n + n * 8 + w_row;
                load_matrix(right, held + BM * 128 + row * 128 + (((kk * 2 + w_piece) ^ (row & 7)) << 4));
#pragma unroll
                for (int m = 0; m < TILE_M; m++) {
                    mma(sum[m][n], left[m], right[0], right[1]);
                    mma(sum[m][n + 1], left[m], right[2], right[3]);
                }
            }
        }
    }

    const int g = lane >> 2, t = lane & 3;
#pragma unroll
    for (int n = 0; n < TILE_N; n++) {
        const size_t column = column0 + warp_n + n * 8 + t * 2;
        const float2 add = *reinterpret_cast<const float2*>(bias + column);
#pragma unroll
        for (int m = 0; m < TILE_M; m++) {
#pragma unroll
            for (int half = 0; half < 2; half++) {
                const size_t row = row0 + warp_m + m * 16 + half * 8 + g;
                finish<ENDING>(sum[m][n][half * 2] + add.x, sum[m][n][half * 2 + 1] + add.y, running, out, row * columns + column);
            }
        }
    }
}

#define GEMM(BM, BN, WM, WN, STAGES, BLOCKS, ENDING, NAME)                                                                    \
    extern "C" __global__ void __launch_bounds__(256, BLOCKS)                                                                \
        NAME(const bf16* a, const bf16* w, const float* bias, const float* running, uint32_t columns, uint32_t depth,        \
             void* out) {                                                                                                    \
        gemm<BM, BN, WM, WN, STAGES, ENDING>(a, w, bias, running, columns, depth, out);                                      \
    }                                                                                                                        \
    extern "C" __constant__ uint32_t NAME##_shape[4] = {BM, (BM + BN) * 128 * STAGES, BN, 256};

GEMM(128, 128, 2, 4, 3, 2, PLAIN, gemm_plain_128x128)
GEMM(128, 128, 2, 4, 3, 2, GELU, gemm_gelu_128x128)
GEMM(128, 128, 2, 4, 3, 2, ADD, gemm_add_128x128)
GEMM(64, 128, 2, 4, 3, 2, PLAIN, gemm_plain_64x128)
GEMM(64, 128, 2, 4, 3, 2, GELU, gemm_gelu_64x128)
GEMM(64, 128, 2, 4, 3, 2, ADD, gemm_add_64x128)
GEMM(64, 64, 4, 2, 4, 2, ADD, gemm_add_64x64)
