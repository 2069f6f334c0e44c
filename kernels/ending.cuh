// How a product ends: as it is; through GELU; or with the running row added, for the norm that follows.
#pragma once

#include "common.cuh"

enum Ending { PLAIN, GELU, ADD };

// x (1 + erf(x / sqrt 2)) / 2, with the error function of Abramowitz and Stegun 7.1.26 as on the CPU: within 2e-7 of exact, far
// below what bf16 keeps.
__device__ __forceinline__ float gelu(float x) {
    const float z = fabsf(x) * 0.70710678f;
    const float t = __fdividef(1.0f, 1.0f + 0.3275911f * z);
    float series = 1.0614054f;
    series = series * t - 1.453152f;
    series = series * t + 1.4214137f;
    series = series * t - 0.28449674f;
    series = series * t + 0.2548296f;
    const float erf = copysignf(1.0f - series * t * exp2f(-1.44269504f * z * z), x);
    return 0.5f * x * (1.0f + erf);
}

// Two neighbours of a row, written at `at`.
template <Ending ENDING>
__device__ __forceinline__ void finish(float x, float y, const float* __restrict__ running, void* __restrict__ out, size_t at) {
    if (ENDING == ADD) {
        const float2 before = *reinterpret_cast<const float2*>(running + at);
        *reinterpret_cast<float2*>(static_cast<float*>(out) + at) = make_float2(x + before.x, y + before.y);
    } else {
        if (ENDING == GELU) x = gelu(x), y = gelu(y);
        *reinterpret_cast<uint32_t*>(static_cast<bf16*>(out) + at) = pack(x, y);
    }
}
