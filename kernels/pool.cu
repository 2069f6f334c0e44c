// The vector of a sequence: the mean of its tokens' rows (or its first row), of length one; and the same as int8, by one
// scale for all vectors, rounded half to even, for the scan. One block a sequence, four values a thread at most twice.

#include "common.cuh"

extern "C" __global__ void __launch_bounds__(128)
    pool(const float* __restrict__ rows, const uint32_t* __restrict__ starts, uint32_t hidden, uint32_t first_only,
         float* __restrict__ vectors, int8_t* __restrict__ quantised) {
    __shared__ float parts[4];
    const uint32_t start = starts[blockIdx.x], length = starts[blockIdx.x + 1] - start;
    const uint32_t taken = first_only ? min(length, 1u) : length;
    float4 sum[2] = {make_float4(0, 0, 0, 0), make_float4(0, 0, 0, 0)};
#pragma unroll
    for (int i = 0; i < 2; i++) {
        const uint32_t column = (i * 128 + threadIdx.x) * 4;
        if (column >= hidden) continue;
        const float* from = rows + static_cast<size_t>(start) * hidden + column;
        for (uint32_t row = 0; row < taken; row++) {
            const float4 x = *reinterpret_cast<const float4*>(from + static_cast<size_t>(row) * hidden);
            sum[i].x += x.x, sum[i].y += x.y, sum[i].z += x.z, sum[i].w += x.w;
        }
    }
    float squares = 0;
#pragma unroll
    for (int i = 0; i < 2; i++) {
        const float part = 1.0f / static_cast<float>(max(taken, 1u));
        sum[i].x *= part, sum[i].y *= part, sum[i].z *= part, sum[i].w *= part;
        squares += sum[i].x * sum[i].x + sum[i].y * sum[i].y + sum[i].z * sum[i].z + sum[i].w * sum[i].w;
    }
    squares = warp_sum(squares);
    if ((threadIdx.x & 31) == 0) parts[threadIdx.x >> 5] = squares;
    __syncthreads();
    const float factor = 1.0f / fmaxf(sqrtf(parts[0] + parts[1] + parts[2] + parts[3]), 1e-12f);
    auto whole = [](float x) { return static_cast<int8_t>(max(-127, min(127, __float2int_rn(x * 127.0f)))); };
#pragma unroll
    for (int i = 0; i < 2; i++) {
        const uint32_t column = (i * 128 + threadIdx.x) * 4;
        if (column >= hidden) continue;
        const float4 x = make_float4(sum[i].x * factor, sum[i].y * factor, sum[i].z * factor, sum[i].w * factor);
        const size_t at = static_cast<size_t>(blockIdx.x) * hidden + column;
        *reinterpret_cast<float4*>(vectors + at) = x;
        *reinterpret_cast<char4*>(quantised + at) = make_char4(whole(x.x), whole(x.y), whole(x.z), whole(x.w));
    }
}
