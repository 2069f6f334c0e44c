// The scan of 64 queries on Hopper: what `scan_s8.cu` computes, with the warpgroup's own products.
//
// One block a multiprocessor keeps the queries in shared memory. Each of its GROUPS warpgroups walks over tiles of 64 rows by
// itself, STAGES of them in a ring filled by cp.async: a row is written to shared memory once and read once, by the tensor
// cores, while the other groups look at the scores of theirs.
//
// Most scores lie below their query's cut. `room` holds the negated cut, so that one instruction a score (add, then
// maximum) tells whether any of a row reaches its own; the row's bias is compared once. Cuts are held within +-LIMIT, which no
// score reaches and no sum leaves: |dot| < 2^23 and |bias| <= 2^30.

#include "scan.cuh"
#include "wgmma.cuh"

constexpr int QUERIES = 64;
constexpr int ROWS = 64;
constexpr int LIMIT = 0x7C000000;

template <int D, int GROUPS, int STAGES>
struct Layout {
    static constexpr int TILE = ROWS * D;
    static constexpr int TILES = QUERIES * D;
    static constexpr int BIASES = TILES + GROUPS * STAGES * TILE;
    static constexpr int LIVE = BIASES + GROUPS * STAGES * ROWS * 4;
    static constexpr int BEST = LIVE + GROUPS * STAGES * 8;
    static constexpr int THRESHOLDS = BEST + QUERIES * 8;
    static constexpr int BYTES = THRESHOLDS + QUERIES * 4;
    // The start is rounded up to 1024.
    static constexpr int ASKED = BYTES + 1024;
    static_assert(D % 128 == 0 && ASKED <= 227 * 1024, "rows of whole lines, and room for them");
};

template <int D, int GROUPS, int STAGES>
__device__ __forceinline__ void scan(const int8_t* __restrict__ rows, const int32_t* __restrict__ bias,
                                     const uint64_t* __restrict__ live, uint32_t tiles, const int8_t* __restrict__ queries,
                                     const int32_t* __restrict__ thresholds, unsigned long long* __restrict__ best,
                                     uint32_t* __restrict__ counted, Hit* __restrict__ hits, uint32_t hits_max) {
    using L = Layout<D, GROUPS, STAGES>;
    extern __shared__ uint8_t memory_start[];
    const uint32_t start = static_cast<uint32_t>(__cvta_generic_to_shared(memory_start));
    const uint32_t shared = (start + 1023) & ~1023u;
    uint8_t* memory = memory_start + (shared - start);
    auto* block_best = reinterpret_cast<unsigned long long*>(memory + L::BEST);
    auto* block_threshold = reinterpret_cast<int*>(memory + L::THRESHOLDS);

    const int group = __shfl_sync(0xFFFFFFFFu, threadIdx.x >> 7, 0), thread = threadIdx.x & 127;
    const int lane = thread & 31, g = lane >> 2, t = lane & 3;
    const int row = (thread >> 5) * 16 + g;
    const uint32_t ring = shared + L::TILES + group * STAGES * L::TILE;
    auto* biases = reinterpret_cast<int32_t*>(memory + L::BIASES) + group * STAGES * ROWS;
    auto* lives = reinterpret_cast<uint64_t*>(memory + L::LIVE) + group * STAGES;
    auto together = [&]() { asm volatile("bar.sync %0, 128;" ::"r"(group + 1) : "memory"); };

    // A thread copies the same 16 bytes of every sixteenth row and of every line of 128 bytes.
    const int copied = thread >> 3, piece = thread & 7;
    const uint32_t to0 = copied * 128 + ((piece ^ (copied & 7)) << 4);
    const uint32_t from0 = copied * D + piece * 16;
    const uint32_t stride = gridDim.x * GROUPS;
    auto word_of = [&](uint32_t tile) -> uint64_t { return tile < tiles ? __ldg(live + tile) : 0; };
    auto issue = [&](uint32_t tile, int stage, uint64_t word) {
        if (thread == 0) lives[stage] = word;
        if (word != 0) {
            const int8_t* from = rows + static_cast<size_t>(tile) * L::TILE + from0;
            const uint32_t to = ring + stage * L::TILE + to0;
#pragma unroll
            for (int i = 0; i < 4; i++) {
#pragma unroll
                for (int line = 0; line < D / 128; line++) {
                    copy16(to + line * (ROWS * 128) + i * 2048, from + i * 16 * D + line * 128);
                }
            }
            if (thread < ROWS / 4) {
                const uint32_t at = static_cast<uint32_t>(__cvta_generic_to_shared(biases + stage * ROWS));
                copy16(at + thread * 16, bias + static_cast<size_t>(tile) * ROWS + thread * 4);
            }
        }
        commit();
    };

    uint32_t coming = blockIdx.x * GROUPS + group;
#pragma unroll
    for (int s = 0; s < STAGES - 1; s++) {
        issue(coming, s, word_of(coming));
        coming += stride;
    }
    uint64_t word = word_of(coming);

    for (int i = threadIdx.x; i < QUERIES * D / 16; i += GROUPS * 128) {
        const int q = i / (D / 16), column = i % (D / 16);
        const int at = (column >> 3) * (QUERIES * 128) + q * 128 + (((column & 7) ^ (q & 7)) << 4);
        *reinterpret_cast<int4*>(memory + at) = reinterpret_cast<const int4*>(queries)[i];
    }
    if (threadIdx.x < QUERIES) {
        block_best[threadIdx.x] = 0;
        block_threshold[threadIdx.x] = thresholds[threadIdx.x];
    }
    publish();
    __syncthreads();

    int room[16];
    auto refresh = [&]() {
#pragma unroll
        for (int i = 0; i < 16; i++) {
            const int q = (i >> 1) * 8 + t * 2 + (i & 1);
            const int best_score = score_of(*reinterpret_cast<volatile unsigned long long*>(&block_best[q]));
            room[i] = -max(-LIMIT, min(LIMIT, min(best_score, block_threshold[q])));
        }
    };

    uint32_t turn = 0;
    int stage = 0;
    for (uint32_t tile = blockIdx.x * GROUPS + group; tile < tiles; tile += stride, turn++) {
        wait<STAGES - 2>();
        publish();
        together();
        if ((turn & (turn - 1)) == 0) {
            if (thread < QUERIES) {
                const unsigned long long mine = block_best[thread];
                const unsigned long long theirs = atomicMax(best + thread, mine);
                if (theirs > mine) atomicMax(&block_best[thread], theirs);
            }
            together();
            refresh();
        }
        // Into the stage that was read last turn.
        issue(coming, stage == 0 ? STAGES - 1 : stage - 1, word);
        coming += stride;
        word = word_of(coming);
        const uint64_t here = lives[stage];
        const int bias0 = biases[stage * ROWS + row], bias1 = biases[stage * ROWS + row + 8];
        // Whatever lies there: without a live row it is not looked at.
        int sum[32];
        products_begin();
#pragma unroll
        for (int k = 0; k < D / 32; k++) {
            const uint32_t at = (k >> 2) * (ROWS * 128) + (k & 3) * 32;
            product_s8(sum, operand(ring + stage * L::TILE + at), operand(shared + at), k != 0);
        }
        products_end();
        products_wait<0>();
        settle(sum);
        stage = stage + 1 == STAGES ? 0 : stage + 1;

        int top0 = INT_MIN, top1 = INT_MIN;
#pragma unroll
        for (int i = 0; i < 16; i++) {
            const int at = (i >> 1) * 4 + (i & 1);
            top0 = __viaddmax_s32(sum[at], room[i], top0);
            top1 = __viaddmax_s32(sum[at + 2], room[i], top1);
        }
        const bool first = (here >> row) & 1, second = (here >> (row + 8)) & 1;
        if (!__any_sync(0xFFFFFFFFu, (first && top0 >= bias0) || (second && top1 >= bias1))) continue;
#pragma unroll
        for (int i = 0; i < 32; i++) {
            const bool lower = i & 2;
            const int column = (i >> 2) * 2 + (i & 1), row_bias = lower ? bias1 : bias0;
            if ((lower ? second : first) && sum[i] + room[column] >= row_bias) {
                const int q = (i >> 2) * 8 + t * 2 + (i & 1), score = sum[i] - row_bias;
                const uint32_t at = tile * ROWS + row + (lower ? 8 : 0);
                atomicMax(&block_best[q], rank(score, at));
                if (score >= block_threshold[q]) {
                    const uint32_t place = atomicAdd(counted, 1u);
                    if (place < hits_max) hits[place] = Hit{static_cast<uint32_t>(q), at, score};
                }
            }
        }
        __syncwarp();
        refresh();
    }
    wait<0>();
    __syncthreads();
    if (threadIdx.x < QUERIES) atomicMax(best + threadIdx.x, block_best[threadIdx.x]);
}

#define SCAN(D, GROUPS, STAGES, NAME)                                                                                        \
    extern "C" __global__ void __launch_bounds__(GROUPS * 128, 1)                                                           \
        NAME(const int8_t* rows, const int32_t* bias, const uint64_t* live, uint32_t tiles, const int8_t* queries,         \
             const int32_t* thresholds, unsigned long long* best, uint32_t* counted, Hit* hits, uint32_t hits_max) {       \
        scan<D, GROUPS, STAGES>(rows, bias, live, tiles, queries, thresholds, best, counted, hits, hits_max);               \
    }                                                                                                                       \
    extern "C" __constant__ uint32_t NAME##_shape[4] = {ROWS, Layout<D, GROUPS, STAGES>::ASKED, GROUPS * 128, QUERIES};

// dimensions, warpgroups, tiles held
SCAN(256, 4, 3, scan_s8_d256_q64_wgmma)
SCAN(384, 2, 4, scan_s8_d384_q64_wgmma)
