// Fused exact scan: int8 rows against a batch of int8 queries, exact int32 scores, no score matrix.
//
//   score(query, row) = dot(query, row) - bias[row]
//
// For each query it yields the best live row (highest score, then lowest row) and appends every live row whose score
// reaches the query's threshold. Every number is an integer, so the answer equals the CPU's bit for bit; only the order in
// which hits are appended varies, and the host sorts them.
//
// One block keeps STAGES tiles of ROWS rows in shared memory, filled by cp.async from a grid-strided walk. Eight warps
// share a tile: each holds QW queries wholly in registers and reads 16 rows at a time. A thread (g, t) of a warp takes 16
// consecutive bytes of row g and of row g+8; two mma.m16n8k32 consume them. That assigns bytes to the k slots of the
// instruction in another order than the manual's, which is harmless because rows and queries use the same order.
//
// The cut of a query is the smaller of its threshold and the best score known so far, in this block and (merged at tile
// counts that are powers of two) in all blocks. Almost every score lies below it, and costs one subtraction and one
// comparison. What reaches the cut takes the slow path: 64-bit maximum in shared memory, hits by one atomic.
//
// Shapes: rows are `padded x D` with `padded` a multiple of 64 and live bits beyond the last row clear; bias within
// +-2^30, so that no score overflows; queries `QT x D`, thresholds QT (unused queries: INT_MAX and their best ignored).

#include "scan.cuh"

__device__ __forceinline__ void mma(int (&c)[4], int a0, int a1, int a2, int a3, int b0, int b1) {
    asm volatile(
        "mma.sync.aligned.m16n8k32.row.col.s32.s8.s8.s32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%0,%1,%2,%3};"
        : "+r"(c[0]), "+r"(c[1]), "+r"(c[2]), "+r"(c[3])
        : "r"(a0), "r"(a1), "r"(a2), "r"(a3), "r"(b0), "r"(b1));
}

template <int D, int QT, int QW, int ROWS, int STAGES>
struct Shape {
    static constexpr int QUERY_GROUPS = QT / QW;
    static constexpr int ROW_GROUPS = 8 / QUERY_GROUPS;
    static constexpr int ROW_TILES = ROWS / (ROW_GROUPS * 16);
    static constexpr int CHUNKS = D / 64;
    static constexpr int COLUMNS = QW / 8;
    static constexpr int STAGE_BYTES = ROWS * D + ROWS * 4;
    static_assert(ROWS % 64 == 0 && ROW_TILES >= 1 && ROW_GROUPS * QUERY_GROUPS == 8, "eight warps share a tile");
};

template <int D, int QT, int QW, int ROWS, int STAGES>
__device__ __forceinline__ void scan(const int8_t* __restrict__ rows, const int32_t* __restrict__ bias,
                                     const uint64_t* __restrict__ live, uint32_t tiles,
                                     const int8_t* __restrict__ queries, const int32_t* __restrict__ thresholds,
                                     unsigned long long* __restrict__ best, uint32_t* __restrict__ counted,
                                     Hit* __restrict__ hits, uint32_t hits_max) {
    using S = Shape<D, QT, QW, ROWS, STAGES>;
    constexpr int WORDS = ROWS / 64;
    extern __shared__ __align__(128) uint8_t memory[];
    __shared__ unsigned long long block_best[QT];
    __shared__ int block_threshold[QT];
    __shared__ uint64_t block_live[STAGES][WORDS];

    const int thread = threadIdx.x, lane = thread & 31, warp = thread >> 5;
    const int g = lane >> 2, t = lane & 3;
    const int query_base = (warp % S::QUERY_GROUPS) * QW;
    const int row_base = (warp / S::QUERY_GROUPS) * (S::ROW_TILES * 16);
    const uint32_t shared = static_cast<uint32_t>(__cvta_generic_to_shared(memory));

    // `words` of the next tile to copy, read one turn ahead so that a tile without live rows is not read at all.
    auto words_of = [&](uint32_t tile, uint64_t (&words)[WORDS]) {
#pragma unroll
        for (int w = 0; w < WORDS; w++) words[w] = tile < tiles ? __ldg(live + static_cast<size_t>(tile) * WORDS + w) : 0;
    };
    auto issue = [&](uint32_t tile, int stage, const uint64_t (&words)[WORDS]) {
        uint64_t any = 0;
#pragma unroll
        for (int w = 0; w < WORDS; w++) any |= words[w];
        if (thread == 0) {
#pragma unroll
            for (int w = 0; w < WORDS; w++) block_live[stage][w] = words[w];
        }
        if (any != 0) {
            const uint32_t to = shared + stage * S::STAGE_BYTES;
            const int8_t* from = rows + static_cast<size_t>(tile) * (ROWS * D);
            constexpr int PIECES = ROWS * D / 16;
#pragma unroll
            for (int i = 0; i < PIECES / 256; i++) {
                const int piece = i * 256 + thread;
                const int row = piece / (D / 16), column = piece % (D / 16);
                copy16(to + row * D + ((column ^ ((row & 1) << 2)) << 4), from + piece * 16);
            }
            if (thread < ROWS / 4) {
                copy16(to + ROWS * D + thread * 16, bias + static_cast<size_t>(tile) * ROWS + thread * 4);
            }
        }
        commit();
    };

    uint64_t words[WORDS];
    uint32_t coming = blockIdx.x;
#pragma unroll
    for (int s = 0; s < STAGES - 1; s++) {
        words_of(coming, words);
        issue(coming, s, words);
        coming += gridDim.x;
    }
    words_of(coming, words);

    if (thread < QT) {
        block_best[thread] = 0;
        block_threshold[thread] = thresholds[thread];
    }
    int4 query[S::COLUMNS][S::CHUNKS];
#pragma unroll
    for (int j = 0; j < S::COLUMNS; j++) {
#pragma unroll
        for (int c = 0; c < S::CHUNKS; c++) {
            query[j][c] = *reinterpret_cast<const int4*>(queries + (query_base + j * 8 + g) * D + c * 64 + t * 16);
        }
    }
    int cut[S::COLUMNS][2];
#pragma unroll
    for (int j = 0; j < S::COLUMNS; j++) cut[j][0] = cut[j][1] = INT_MIN;

    auto refresh = [&]() {
#pragma unroll
        for (int j = 0; j < S::COLUMNS; j++) {
#pragma unroll
            for (int k = 0; k < 2; k++) {
                const int q = query_base + j * 8 + t * 2 + k;
                cut[j][k] = min(score_of(*reinterpret_cast<volatile unsigned long long*>(&block_best[q])), block_threshold[q]);
            }
        }
    };

    uint32_t turn = 0;
    for (uint32_t tile = blockIdx.x; tile < tiles; tile += gridDim.x, turn++) {
        wait<STAGES - 2>();
        __syncthreads();
        issue(coming, (turn + STAGES - 1) % STAGES, words);
        coming += gridDim.x;
        words_of(coming, words);
        const int stage = turn % STAGES;
        const uint8_t* held = memory + stage * S::STAGE_BYTES;

        if ((turn & (turn - 1)) == 0) {
            if (thread < QT) {
                const unsigned long long mine = block_best[thread];
                const unsigned long long theirs = atomicMax(best + thread, mine);
                if (theirs > mine) atomicMax(&block_best[thread], theirs);
            }
            __syncthreads();
            refresh();
        }
#pragma unroll 1
        for (int m = 0; m < S::ROW_TILES; m++) {
            const int row = row_base + m * 16 + g;
            const uint64_t word = block_live[stage][row >> 6];
            const bool first = (word >> (row & 63)) & 1, second = (word >> ((row + 8) & 63)) & 1;
            if (!__any_sync(0xFFFFFFFFu, first || second)) continue;
            int sum[S::COLUMNS][4];
#pragma unroll
            for (int j = 0; j < S::COLUMNS; j++) sum[j][0] = sum[j][1] = sum[j][2] = sum[j][3] = 0;
            const int turned = (row & 1) << 2;
#pragma unroll
            for (int c = 0; c < S::CHUNKS; c++) {
                const int column = ((c * 4 + t) ^ turned) << 4;
                const int4 a = *reinterpret_cast<const int4*>(held + row * D + column);
                const int4 b = *reinterpret_cast<const int4*>(held + (row + 8) * D + column);
#pragma unroll
                for (int j = 0; j < S::COLUMNS; j++) {
                    mma(sum[j], a.x, b.x, a.y, b.y, query[j][c].x, query[j][c].y);
                    mma(sum[j], a.z, b.z, a.w, b.w, query[j][c].z, query[j][c].w);
                }
            }
            const int32_t* held_bias = reinterpret_cast<const int32_t*>(held + ROWS * D);
            const int bias0 = held_bias[row], bias1 = held_bias[row + 8];
            bool reached = false;
#pragma unroll
            for (int j = 0; j < S::COLUMNS; j++) {
#pragma unroll
                for (int k = 0; k < 2; k++) {
                    reached |= first && sum[j][k] - bias0 >= cut[j][k];
                    reached |= second && sum[j][2 + k] - bias1 >= cut[j][k];
                }
            }
            if (__any_sync(0xFFFFFFFFu, reached)) {
                const uint32_t base = tile * ROWS;
#pragma unroll
                for (int j = 0; j < S::COLUMNS; j++) {
#pragma unroll
                    for (int k = 0; k < 4; k++) {
                        const int score = sum[j][k] - (k < 2 ? bias0 : bias1);
                        if ((k < 2 ? first : second) && score >= cut[j][k & 1]) {
                            const int q = query_base + j * 8 + t * 2 + (k & 1);
                            const uint32_t at = base + (k < 2 ? row : row + 8);
                            atomicMax(&block_best[q], rank(score, at));
                            if (score >= block_threshold[q]) {
                                const uint32_t place = atomicAdd(counted, 1u);
                                if (place < hits_max) hits[place] = Hit{static_cast<uint32_t>(q), at, score};
                            }
                        }
                    }
                }
                __syncwarp();
                refresh();
            }
        }
    }
    wait<0>();
    __syncthreads();
    if (thread < QT) atomicMax(best + thread, block_best[thread]);
}

#define SCAN(D, QT, QW, ROWS, STAGES, BLOCKS, NAME)                                                                         \
    extern "C" __global__ void __launch_bounds__(256, BLOCKS)                                                              \
        NAME(const int8_t* rows, const int32_t* bias, const uint64_t* live, uint32_t tiles, const int8_t* queries,        \
             const int32_t* thresholds, unsigned long long* best, uint32_t* counted, Hit* hits, uint32_t hits_max) {      \
        scan<D, QT, QW, ROWS, STAGES>(rows, bias, live, tiles, queries, thresholds, best, counted, hits, hits_max);        \
    }                                                                                                                     \
    extern "C" __constant__ uint32_t NAME##_shape[4] = {ROWS, Shape<D, QT, QW, ROWS, STAGES>::STAGE_BYTES * STAGES, 256, QT};

// Blocks that a multiprocessor of the target holds: Hopper's shared memory has room for three of these.
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 900
#define BLOCKS_MAX 3
#else
#define BLOCKS_MAX 2
#endif

// dimensions, queries, queries a warp, rows a tile, tiles held, blocks a multiprocessor
SCAN(256, 8, 8, 128, 3, 2, scan_s8_d256_q8)
SCAN(256, 16, 16, 128, 3, 2, scan_s8_d256_q16)
SCAN(256, 32, 16, 64, 4, 2, scan_s8_d256_q32)
SCAN(256, 64, 16, 64, 4, BLOCKS_MAX, scan_s8_d256_q64)
SCAN(384, 8, 8, 128, 2, 2, scan_s8_d384_q8)
SCAN(384, 16, 16, 128, 2, 2, scan_s8_d384_q16)
SCAN(384, 32, 16, 64, 4, 2, scan_s8_d384_q32)
SCAN(384, 64, 16, 64, 4, 2, scan_s8_d384_q64)
