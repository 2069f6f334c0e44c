// softmax(q k^T / sqrt(width)) v for sequences of any length laid end to end, without padding.
//
// A block of 4 warps takes 64 queries of one head of one sequence and walks over its keys 64 at a time; a warp holds 16
// queries, and the scores never leave its registers. The running maximum and sum are kept as usual for a softmax in one pass.
//
// `qkv` holds rows of 3 x hidden (queries, keys, values of all heads); `starts` has one more entry than there are sequences.

#include "common.cuh"

template <int WIDTH>
__device__ __forceinline__ void attention(const bf16* __restrict__ qkv, const uint32_t* __restrict__ starts, uint32_t hidden,
                                          float factor, bf16* __restrict__ out) {
    constexpr int PIECES = WIDTH / 8;           // 16-byte pieces of a row
    constexpr int TURN = PIECES == 4 ? 1 : 0;   // rows of 64 bytes share a line of banks in pairs
    constexpr int MASK = PIECES - 1;
    __shared__ __align__(128) uint8_t keys[64 * WIDTH * 2];
    __shared__ __align__(128) uint8_t values[64 * WIDTH * 2];
    const uint32_t start = starts[blockIdx.y], length = starts[blockIdx.y + 1] - start;
    const uint32_t first = blockIdx.z * 64;
    if (first >= length) return;
    const int thread = threadIdx.x, lane = thread & 31, warp = thread >> 5, g = lane >> 2, t = lane & 3;
    const size_t pitch = static_cast<size_t>(hidden) * 3;
    const bf16* base = qkv + start * pitch + blockIdx.x * WIDTH;
    const uint32_t shared_keys = static_cast<uint32_t>(__cvta_generic_to_shared(keys));
    const uint32_t shared_values = static_cast<uint32_t>(__cvta_generic_to_shared(values));
    auto place = [](int row, int piece) { return row * (WIDTH * 2) + ((piece ^ ((row >> TURN) & MASK)) << 4); };

    // Rows beyond the sequence repeat its last one; they are not written.
    const uint32_t row0 = first + warp * 16 + g, row1 = row0 + 8;
    uint32_t query[WIDTH / 16][4];
    {
        const bf16* q0 = base + min(row0, length - 1) * pitch;
        const bf16* q1 = base + min(row1, length - 1) * pitch;
#pragma unroll
        for (int k = 0; k < WIDTH / 16; k++) {
            query[k][0] = *reinterpret_cast<const uint32_t*>(q0 + k * 16 + t * 2);
            query[k][1] = *reinterpret_cast<const uint32_t*>(q1 + k * 16 + t * 2);
            query[k][2] = *reinterpret_cast<const uint32_t*>(q0 + k * 16 + 8 + t * 2);
            query[k][3] = *reinterpret_cast<const uint32_t*>(q1 + k * 16 + 8 + t * 2);
        }
    }
    float sum[WIDTH / 8][4];
#pragma unroll
    for (int n = 0; n < WIDTH / 8; n++) sum[n][0] = sum[n][1] = sum[n][2] = sum[n][3] = 0;
    float high0 = -1e30f, high1 = -1e30f, total0 = 0, total1 = 0;

    for (uint32_t at = 0; at < length; at += 64) {
        __syncthreads();
        for (int piece = thread; piece < 64 * PIECES; piece += 128) {
            const int row = piece / PIECES, column = piece % PIECES;
            const bf16* from = base + min(at + row, length - 1) * pitch + column * 8;
            copy16(shared_keys + place(row, column), from + hidden);
            copy16(shared_values + place(row, column), from + 2 * hidden);
        }
        commit();
        wait<0>();
        __syncthreads();

        float score[8][4];
#pragma unroll
        for (int n = 0; n < 8; n += 2) {
            score[n][0] = score[n][1] = score[n][2] = score[n][3] = 0;
            score[n + 1][0] = score[n + 1][1] = score[n + 1][2] = score[n + 1][3] = 0;
#pragma unroll
            for (int k = 0; k < WIDTH / 16; k++) {
                uint32_t right[4];
                load_matrix(right, shared_keys + place(n * 8 + (lane & 7) + ((lane >> 4) << 3), k * 2 + ((lane >> 3) & 1)));
                mma(score[n], query[k], right[0], right[1]);
                mma(score[n + 1], query[k], right[2], right[3]);
            }
        }
        float top0 = high0, top1 = high1;
#pragma unroll
        for (int n = 0; n < 8; n++) {
#pragma unroll
            for (int c = 0; c < 4; c++) {
                const bool there = at + n * 8 + t * 2 + (c & 1) < length;
                score[n][c] = there ? score[n][c] * factor : -1e30f;
            }
            top0 = fmaxf(top0, fmaxf(score[n][0], score[n][1]));
            top1 = fmaxf(top1, fmaxf(score[n][2], score[n][3]));
        }
        top0 = fmaxf(top0, __shfl_xor_sync(0xFFFFFFFFu, top0, 1));
        top0 = fmaxf(top0, __shfl_xor_sync(0xFFFFFFFFu, top0, 2));
        top1 = fmaxf(top1, __shfl_xor_sync(0xFFFFFFFFu, top1, 1));
        top1 = fmaxf(top1, __shfl_xor_sync(0xFFFFFFFFu, top1, 2));
        const float shrink0 = exp2f(high0 - top0), shrink1 = exp2f(high1 - top1);
        high0 = top0, high1 = top1;
        total0 *= shrink0, total1 *= shrink1;
#pragma unroll
        for (int n = 0; n < WIDTH / 8; n++) sum[n][0] *= shrink0, sum[n][1] *= shrink0, sum[n][2] *= shrink1, sum[n][3] *= shrink1;
#pragma unroll
        for (int n = 0; n < 8; n++) {
            score[n][0] = exp2f(score[n][0] - high0), score[n][1] = exp2f(score[n][1] - high0);
            score[n][2] = exp2f(score[n][2] - high1), score[n][3] = exp2f(score[n][3] - high1);
            total0 += score[n][0] + score[n][1], total1 += score[n][2] + score[n][3];
        }
#pragma unroll
        for (int k = 0; k < 4; k++) {
            const uint32_t left[4] = {pack(score[2 * k][0], score[2 * k][1]), pack(score[2 * k][2], score[2 * k][3]),
                                      pack(score[2 * k + 1][0], score[2 * k + 1][1]), pack(score[2 * k + 1][2], score[2 * k + 1][3])};
#pragma unroll
            for (int n = 0; n < WIDTH / 8; n += 2) {
                uint32_t right[4];
                load_matrix_turned(right, shared_values + place(k * 16 + (lane & 15), n + (lane >> 4)));
                mma(sum[n], left, right[0], right[1]);
                mma(sum[n + 1], left, right[2], right[3]);
            }
        }
    }
    total0 += __shfl_xor_sync(0xFFFFFFFFu, total0, 1), total0 += __shfl_xor_sync(0xFFFFFFFFu, total0, 2);
    total1 += __shfl_xor_sync(0xFFFFFFFFu, total1, 1), total1 += __shfl_xor_sync(0xFFFFFFFFu, total1, 2);
    const float part0 = 1.0f / total0, part1 = 1.0f / total1;
    bf16* to = out + static_cast<size_t>(start) * hidden + blockIdx.x * WIDTH;
#pragma unroll
    for (int n = 0; n < WIDTH / 8; n++) {
        const int column = n * 8 + t * 2;
        if (row0 < length) *reinterpret_cast<uint32_t*>(to + static_cast<size_t>(row0) * hidden + column) = pack(sum[n][0] * part0, sum[n][1] * part0);
        if (row1 < length) *reinterpret_cast<uint32_t*>(to + static_cast<size_t>(row1) * hidden + column) = pack(sum[n][2] * part1, sum[n][3] * part1);
    }
}

#define ATTENTION(WIDTH, NAME)                                                                                                \
    extern "C" __global__ void __launch_bounds__(128)                                                                        \
        NAME(const bf16* qkv, const uint32_t* starts, uint32_t hidden, float factor, bf16* out) {                            \
        attention<WIDTH>(qkv, starts, hidden, factor, out);                                                                   \
    }
ATTENTION(32, attention_w32)
ATTENTION(64, attention_w64)
