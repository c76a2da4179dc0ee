// Normalization of x (B, N, C) over groups of channels and all positions, with an affine map and SiLU behind it.

typedef ELEMENT T;
typedef Wide<T>::type A;

// parameterStep: distance of one sample's γ and β from the next one's, 0 where all share them
struct Norm { i64 batch, positions, channels, groups, parameterStep, centered, silu; double eps; };

__device__ inline A logistic(A x) { return 1 / (1 + exp(-x)); }
__device__ inline A siluSlope(A z) {
    A s = logistic(z);
    return s * (1 + z * (1 - s));
}

// One team a (sample, group): mean, then the variance around it, then the result.
extern "C" __global__ void normForward(const T* x, const T* gamma, const T* beta, T* out, A* mean, A* rstd, Norm p, int wide) {
    __shared__ A spare[32];
    Team t = team(wide);
    u32 width = (u32) (p.channels / p.groups), count = (u32) p.positions * width;
    for (i64 g = t.row; g < p.batch * p.groups; g += t.rows) {
        i64 sample = g / p.groups, channel = g % p.groups * width, base = sample * p.positions * p.channels + channel;
        A m = 0;
        if (p.centered) {
            for (u32 i = t.rank; i < count; i += t.size) m += widen(x[base + i / width * p.channels + i % width]);
            m = reduceTeam<Add>(t, m, spare) / count;
        }
        A q = 0, rest = 0;
        for (u32 i = t.rank; i < count; i += t.size) {
            A d = widen(x[base + i / width * p.channels + i % width]) - m;
            q += d * d;
            rest += d;
        }
        q = reduceTeam<Add>(t, q, spare);
        if (p.centered) { // what rounding left of the mean
            rest = reduceTeam<Add>(t, rest, spare) / count;
            m += rest;
            q -= rest * rest * count;
        }
        A r = 1 / sqrt(q / count + (A) p.eps);
        for (u32 i = t.rank; i < count; i += t.size) {
            u32 c = i % width;
            i64 at = base + i / width * p.channels + c, own = sample * p.parameterStep + channel + c;
            A z = (widen(x[at]) - m) * r;
            if (gamma) z *= widen(gamma[own]);
            if (beta) z += widen(beta[own]);
            out[at] = To<T>::of(p.silu ? z * logistic(z) : z);
        }
        if (t.rank == 0) {
            mean[g] = m;
            rstd[g] = r;
        }
    }
}

// The normalized element and the slope behind the affine map.
struct Slope { A hat, dz; };
__device__ inline Slope slopeAt(
        const T* x, const T* gamma, const T* beta, const A* mean, const A* rstd, const T* dy, const Norm& p, i64 sample, i64 n, i64 c) {
    i64 at = (sample * p.positions + n) * p.channels + c, g = sample * p.groups + c / (p.channels / p.groups);
    i64 own = sample * p.parameterStep + c;
    Slope s;
    s.hat = (widen(x[at]) - mean[g]) * rstd[g];
    s.dz = widen(dy[at]);
    if (p.silu) {
        A z = s.hat;
        if (gamma) z *= widen(gamma[own]);
        if (beta) z += widen(beta[own]);
        s.dz *= siluSlope(z);
    }
    return s;
}

// For each (part of the positions, sample, channel): Σ dz·x̂ and Σ dz over the positions. Blocks of 32 channels × 8
// positions at a time; sums (parts, 2, B·C).
extern "C" __global__ void normSums(
        const T* x, const T* gamma, const T* beta, const A* mean, const A* rstd, const T* dy, A* sums, Norm p, i64 parts) {
    __shared__ A scales[8][32], shifts[8][32];
    int lane = threadIdx.x % 32, group = threadIdx.x / 32;
    i64 tiles = (p.channels + 31) / 32, length = (p.positions + parts - 1) / parts;
    for (i64 job = blockIdx.x; job < tiles * p.batch * parts; job += gridDim.x) {
        i64 c = job % tiles * 32 + lane, sample = job / tiles % p.batch, part = job / tiles / p.batch;
        i64 end = (part + 1) * length < p.positions ? (part + 1) * length : p.positions;
        A scale = 0, shift = 0;
        for (i64 n = part * length + group; n < end && c < p.channels; n += 8) {
            Slope s = slopeAt(x, gamma, beta, mean, rstd, dy, p, sample, n, c);
            scale += s.dz * s.hat;
            shift += s.dz;
        }
        scales[group][lane] = scale;
        shifts[group][lane] = shift;
        __syncthreads();
        if (group == 0 && c < p.channels) {
            for (int k = 1; k < 8; k++) {
                scale += scales[k][lane];
                shift += shifts[k][lane];
            }
            i64 all = p.batch * p.channels, own = sample * p.channels + c;
            sums[2 * part * all + own] = scale;
            sums[(2 * part + 1) * all + own] = shift;
        }
        __syncthreads();
    }
}

// Adds up the parts in their order, into the first.
extern "C" __global__ void normParts(A* sums, i64 n, i64 parts) {
    for EACH(i, n) {
        A sum = sums[i];
        for (i64 k = 1; k < parts; k++) sum += sums[k * n + i];
        sums[i] = sum;
    }
}

// dx = rstd (γ dz − (Σ γ dz + x̂ Σ γ dz x̂)/count), sums over the group
extern "C" __global__ void normSlope(
        const T* x, const T* gamma, const T* beta, const A* mean, const A* rstd, const T* dy, const A* sums, T* dx, Norm p, int wide) {
    __shared__ A spare[32];
    Team t = team(wide);
    u32 width = (u32) (p.channels / p.groups), count = (u32) p.positions * width;
    i64 all = p.batch * p.channels;
    for (i64 g = t.row; g < p.batch * p.groups; g += t.rows) {
        i64 sample = g / p.groups, channel = g % p.groups * width;
        A scale = 0, shift = 0;
        for (u32 c = t.rank; c < width; c += t.size) {
            i64 own = sample * p.channels + channel + c;
            A factor = gamma ? widen(gamma[sample * p.parameterStep + channel + c]) : A(1);
            scale += factor * sums[own];
            shift += factor * sums[all + own];
        }
        scale = reduceTeam<Add>(t, scale, spare) / count;
        shift = reduceTeam<Add>(t, shift, spare) / count;
        if (!p.centered) shift = 0;
        for (u32 i = t.rank; i < count; i += t.size) {
            i64 n = i / width, c = channel + i % width;
            Slope s = slopeAt(x, gamma, beta, mean, rstd, dy, p, sample, n, c);
            A factor = gamma ? widen(gamma[sample * p.parameterStep + c]) : A(1);
            dx[(sample * p.positions + n) * p.channels + c] = To<T>::of(rstd[g] * (factor * s.dz - shift - s.hat * scale));
        }
    }
}
