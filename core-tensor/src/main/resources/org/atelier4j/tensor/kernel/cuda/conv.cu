// Convolutions of channels-last images as products whose matrices are never written down (implicit GEMM). All have three
// spatial axes here; the host puts axes of length 1 before those of images and signals.

struct Geometry {
    i64 batch, in[3], channels, out[3], outputs, kernel[3], stride[3], padding[3], dilation[3], groups, parts;
};

__device__ inline int taps(const Geometry& g) { return (int) (g.kernel[0] * g.kernel[1] * g.kernel[2]); }

struct Place { int batch, at[3]; };

// The pixel of a number counted over batch and three axes.
__device__ inline Place place(i64 i, const i64* lengths) {
    Place p;
    u32 rest = (u32) i;
    for (int axis = 2; axis >= 0; axis--) {
        u32 length = (u32) lengths[axis], quotient = rest / length;
        p.at[axis] = (int) (rest - quotient * length);
        rest = quotient;
    }
    p.batch = (int) rest;
    return p;
}

// Forward: rows are results' pixels, columns (tap, input channel).
struct Input {
    static const bool FAST_K = true;
    const T* x;
    const Geometry& g;
    i64 rows;
    int group, width, channel;
    int tap[3];
    Place from[PER_THREAD];
    bool inside[PER_THREAD], exists;

    __device__ Input(const T* x, const Geometry& g, int group)
        : x(x), g(g), rows(g.batch * g.out[0] * g.out[1] * g.out[2]), group(group), width((int) (g.channels / g.groups)) {}
    __device__ void row(int j, i64 r) {
        inside[j] = r < rows;
        from[j] = place(inside[j] ? r : 0, g.out);
        for (int a = 0; a < 3; a++) from[j].at[a] = from[j].at[a] * (int) g.stride[a] - (int) g.padding[a];
    }
    __device__ void column(int, i64 k, i64 end) {
        exists = k < end;
        Place t = place((u32) k / width, g.kernel);
        channel = group * width + (u32) k % width;
        for (int a = 0; a < 3; a++) tap[a] = t.at[a] * (int) g.dilation[a];
    }
    __device__ A value(int j, int) {
        if (!inside[j] || !exists) return 0;
        i64 at = from[j].batch;
        for (int a = 0; a < 3; a++) {
            int i = from[j].at[a] + tap[a];
            if (i < 0 || i >= g.in[a]) return 0;
            at = at * g.in[a] + i;
        }
        return widen(x[at * g.channels + channel]);
    }
};

// Forward: rows are outputs of the group, columns (tap, input channel).
struct Weight {
    static const bool FAST_K = true;
    const T* w;
    const Geometry& g;
    int group, width, perGroup, taps_;
    i64 own[PER_THREAD], offset;

    __device__ Weight(const T* w, const Geometry& g, int group)
        : w(w), g(g), group(group), width((int) (g.channels / g.groups)), perGroup((int) (g.outputs / g.groups)), taps_(taps(g)) {}
    __device__ void row(int j, i64 r) { own[j] = r < perGroup ? ((i64) group * perGroup + r) * width * taps_ : -1; }
    __device__ void column(int, i64 k, i64 end) {
        offset = k < end ? (i64) ((u32) k % width) * taps_ + (u32) k / width : -1;
    }
    __device__ A value(int j, int) { return own[j] >= 0 && offset >= 0 ? (A) widen(w[own[j] + offset]) : A(0); }
};

// Adjoint in x: rows are pixels of x, columns (tap, output).
struct Slopes {
    static const bool FAST_K = true;
    const T* dy;
    const Geometry& g;
    i64 rows;
    int group, perGroup, output;
    int tap[3];
    Place to[PER_THREAD];
    bool inside[PER_THREAD], exists;

    __device__ Slopes(const T* dy, const Geometry& g, int group)
        : dy(dy), g(g), rows(g.batch * g.in[0] * g.in[1] * g.in[2]), group(group), perGroup((int) (g.outputs / g.groups)) {}
    __device__ void row(int j, i64 r) {
        inside[j] = r < rows;
        to[j] = place(inside[j] ? r : 0, g.in);
        for (int a = 0; a < 3; a++) to[j].at[a] += (int) g.padding[a];
    }
    __device__ void column(int, i64 k, i64 end) {
        exists = k < end;
        Place t = place((u32) k / perGroup, g.kernel);
        output = group * perGroup + (u32) k % perGroup;
        for (int a = 0; a < 3; a++) tap[a] = t.at[a] * (int) g.dilation[a];
    }
    __device__ A value(int j, int) {
        if (!inside[j] || !exists) return 0;
        i64 at = to[j].batch;
        for (int a = 0; a < 3; a++) {
            int i = to[j].at[a] - tap[a], stride = (int) g.stride[a];
            if (i < 0 || i % stride) return 0;
            i /= stride;
            if (i >= g.out[a]) return 0;
            at = at * g.out[a] + i;
        }
        return widen(dy[at * g.outputs + output]);
    }
};

// Adjoint in x: rows are input channels of the group, columns (tap, output).
struct WeightTurned {
    static const bool FAST_K = true;
    const T* w;
    int group, width, perGroup, taps_;
    i64 own[PER_THREAD], offset;

    __device__ WeightTurned(const T* w, const Geometry& g, int group)
        : w(w), group(group), width((int) (g.channels / g.groups)), perGroup((int) (g.outputs / g.groups)), taps_(taps(g)) {}
    __device__ void row(int j, i64 r) { own[j] = r < width ? r * taps_ : -1; }
    __device__ void column(int, i64 k, i64 end) {
        i64 output = (i64) group * perGroup + (u32) k % perGroup;
        offset = k < end ? output * width * taps_ + (u32) k / perGroup : -1;
    }
    __device__ A value(int j, int) { return own[j] >= 0 && offset >= 0 ? (A) widen(w[own[j] + offset]) : A(0); }
};

// Adjoint in the weight: rows are outputs of the group, columns results' pixels.
struct SlopesByOutput {
    static const bool FAST_K = false;
    const T* dy;
    i64 outputs, own, columns[PER_THREAD];

    __device__ SlopesByOutput(const T* dy, const Geometry& g, int group) : dy(dy + group * (g.outputs / g.groups)), outputs(g.outputs), own(g.outputs / g.groups) {}
    __device__ void row(int, i64 r) { own = r < own ? r : -1; }
    __device__ void column(int j, i64 k, i64 end) { columns[j] = k < end ? k * outputs : -1; }
    __device__ A value(int, int j) { return own >= 0 && columns[j] >= 0 ? (A) widen(dy[columns[j] + own]) : A(0); }
};

// Adjoint in the weight: rows are (tap, input channel), columns results' pixels.
struct InputByTap {
    static const bool FAST_K = false;
    const T* x;
    const Geometry& g;
    int group, width, channel, tap[3];
    bool inside, exists[PER_THREAD];
    Place from[PER_THREAD];

    __device__ InputByTap(const T* x, const Geometry& g, int group) : x(x), g(g), group(group), width((int) (g.channels / g.groups)) {}
    __device__ void row(int, i64 r) {
        inside = r < (i64) width * taps(g);
        Place t = place(inside ? (u32) r / width : 0, g.kernel);
        channel = group * width + (u32) r % width;
        for (int a = 0; a < 3; a++) tap[a] = t.at[a] * (int) g.dilation[a] - (int) g.padding[a];
    }
    __device__ void column(int j, i64 k, i64 end) {
        exists[j] = k < end;
        from[j] = place(exists[j] ? k : 0, g.out);
    }
    __device__ A value(int, int j) {
        if (!inside || !exists[j]) return 0;
        i64 at = from[j].batch;
        for (int a = 0; a < 3; a++) {
            int i = from[j].at[a] * (int) g.stride[a] + tap[a];
            if (i < 0 || i >= g.in[a]) return 0;
            at = at * g.in[a] + i;
        }
        return widen(x[at * g.channels + channel]);
    }
};

// Grid of all three: tiles of M, tiles of N, groups × parts of K. With parts > 1 unfinished sums go to sums, one result
// after the other.

extern "C" __global__ void __launch_bounds__(256) convForward(const T* x, const T* w, T* out, A* sums, Geometry g, Epilogue e) {
    __shared__ A ta[DEPTH][PITCH], tb[DEPTH][PITCH];
    i64 pixels = g.batch * g.out[0] * g.out[1] * g.out[2], perGroup = g.outputs / g.groups;
    for (i64 job = blockIdx.z; job < g.groups * g.parts; job += gridDim.z) {
        int group = (int) (job / g.parts);
        i64 part = job % g.parts, depth = g.channels / g.groups * taps(g);
        multiply(Input(x, g, group), Weight(w, g, group), pixels, perGroup, depth, part, g.parts, ta, tb, [&](i64 row, i64 column, A c) {
            i64 output = group * perGroup + column, at = row * g.outputs + output;
            if (sums) sums[part * pixels * g.outputs + at] = c;
            else out[at] = finished(e, c, output, at);
        });
    }
}

extern "C" __global__ void __launch_bounds__(256) convInput(const T* dy, const T* w, T* dx, A* sums, Geometry g, Epilogue e) {
    __shared__ A ta[DEPTH][PITCH], tb[DEPTH][PITCH];
    i64 pixels = g.batch * g.in[0] * g.in[1] * g.in[2], width = g.channels / g.groups;
    for (i64 job = blockIdx.z; job < g.groups * g.parts; job += gridDim.z) {
        int group = (int) (job / g.parts);
        i64 part = job % g.parts, depth = g.outputs / g.groups * taps(g);
        multiply(Slopes(dy, g, group), WeightTurned(w, g, group), pixels, width, depth, part, g.parts, ta, tb, [&](i64 row, i64 column, A c) {
            i64 channel = group * width + column, at = row * g.channels + channel;
            if (sums) sums[part * pixels * g.channels + at] = c;
            else dx[at] = finished(e, c, channel, at);
        });
    }
}

extern "C" __global__ void __launch_bounds__(256) convWeight(const T* x, const T* dy, T* dw, A* sums, Geometry g, Epilogue e) {
    __shared__ A ta[DEPTH][PITCH], tb[DEPTH][PITCH];
    i64 perGroup = g.outputs / g.groups, width = g.channels / g.groups, places = taps(g);
    i64 pixels = g.batch * g.out[0] * g.out[1] * g.out[2], size = g.outputs * width * places;
    for (i64 job = blockIdx.z; job < g.groups * g.parts; job += gridDim.z) {
        int group = (int) (job / g.parts);
        i64 part = job % g.parts;
        multiply(SlopesByOutput(dy, g, group), InputByTap(x, g, group), perGroup, width * places, pixels, part, g.parts, ta, tb, [&](i64 row, i64 column, A c) {
            i64 at = ((group * perGroup + row) * width + column % width) * places + column / width;
            if (sums) sums[part * size + at] = c;
            else dw[at] = finished(e, c, 0, at);
        });
    }
}
