// What the encoder's kernels share: bf16 pairs, tensor-core products, asynchronous copies, sums over a warp.
#pragma once

#include <cstdint>

// The upper half of an f32. (cuda_bf16.h would ask for one more package, for what two instructions do.)
using bf16 = uint16_t;

// Two values rounded half to even, the first in the lower half.
__device__ __forceinline__ uint32_t pack(float low, float high) {
    uint32_t pair;
    asm("cvt.rn.bf16x2.f32 %0, %1, %2;" : "=r"(pair) : "f"(high), "f"(low));
    return pair;
}
__device__ __forceinline__ float2 unpack(uint32_t pair) {
    return make_float2(__uint_as_float(pair << 16), __uint_as_float(pair & 0xFFFF0000u));
}

// c += a b: 16 rows by 8 columns, 16 deep; bf16 in, f32 out.
__device__ __forceinline__ void mma(float (&c)[4], const uint32_t (&a)[4], uint32_t b0, uint32_t b1) {
    asm volatile(
        "mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%0,%1,%2,%3};"
        : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])
        : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b0), "r"(b1));
}

__device__ __forceinline__ void load_matrix(uint32_t (&r)[4], uint32_t address) {
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0,%1,%2,%3}, [%4];"
                 : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3])
                 : "r"(address));
}
__device__ __forceinline__ void load_matrix_turned(uint32_t (&r)[4], uint32_t address) {
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0,%1,%2,%3}, [%4];"
                 : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3])
                 : "r"(address));
}

__device__ __forceinline__ void copy16(uint32_t to, const void* from) {
    asm volatile("cp.async.cg.shared.global [%0], [%1], 16;" ::"r"(to), "l"(from));
}
__device__ __forceinline__ void commit() { asm volatile("cp.async.commit_group;"); }
template <int PENDING>
__device__ __forceinline__ void wait() {
    asm volatile("cp.async.wait_group %0;" ::"n"(PENDING));
}

__device__ __forceinline__ float warp_sum(float x) {
#pragma unroll
    for (int step = 16; step > 0; step >>= 1) x += __shfl_xor_sync(0xFFFFFFFFu, x, step);
    return x;
}

// Mean and variance of a row that a warp holds, four values a lane and step; then scale and shift. Two passes over
// registers: the variance is the mean of squared distances, as on the CPU.
template <int STEPS>
__device__ __forceinline__ void normalise(float4 (&x)[STEPS], const float* __restrict__ scale, const float* __restrict__ shift,
                                          float epsilon, int lane) {
    constexpr float PART = 1.0f / (STEPS * 128);
    float sum = 0;
#pragma unroll
    for (int i = 0; i < STEPS; i++) sum += x[i].x + x[i].y + x[i].z + x[i].w;
    const float mean = warp_sum(sum) * PART;
    float squares = 0;
#pragma unroll
    for (int i = 0; i < STEPS; i++) {
        const float a = x[i].x - mean, b = x[i].y - mean, c = x[i].z - mean, d = x[i].w - mean;
        squares += a * a + b * b + c * c + d * d;
    }
    const float factor = rsqrtf(warp_sum(squares) * PART + epsilon);
#pragma unroll
    for (int i = 0; i < STEPS; i++) {
        const float4 s = reinterpret_cast<const float4*>(scale)[i * 32 + lane];
        const float4 t = reinterpret_cast<const float4*>(shift)[i * 32 + lane];
        x[i].x = (x[i].x - mean) * factor * s.x + t.x;
        x[i].y = (x[i].y - mean) * factor * s.y + t.y;
        x[i].z = (x[i].z - mean) * factor * s.z + t.z;
        x[i].w = (x[i].w - mean) * factor * s.w + t.w;
    }
}

// Writes a row in full for sums to come, and in bf16 for products.
template <int STEPS>
__device__ __forceinline__ void store_row(const float4 (&x)[STEPS], float* full, bf16* half, size_t row, int lane) {
#pragma unroll
    for (int i = 0; i < STEPS; i++) {
        reinterpret_cast<float4*>(full + row * STEPS * 128)[i * 32 + lane] = x[i];
        reinterpret_cast<uint2*>(half + row * STEPS * 128)[i * 32 + lane] = make_uint2(pack(x[i].x, x[i].y), pack(x[i].z, x[i].w));
    }
}
