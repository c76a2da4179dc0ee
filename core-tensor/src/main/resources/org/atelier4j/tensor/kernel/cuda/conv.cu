// Convolutions of channels-last images as products whose matrices are never written down (implicit GEMM). All have three
// spatial axes here; the host puts axes of length 1 before those of images and signals, and lays weights out as rows whose
// columns are (tap, channel), as the windows have them.

struct Geometry {
    i64 batch, in[3], channels, out[3], outputs, kernel[3], stride[3], padding[3], dilation[3], groups, parts;
};

__device__ inline i64 count(const i64* lengths) { return lengths[0] * lengths[1] * lengths[2]; }

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

// What a tap of the kernel sees from a pixel: forward an element of x seen from a result, ADJOINT one of dy seen from an
// input.
template <bool ADJOINT> struct Window {
    const T* data;
    const Geometry& g;
    int group, width, all; // channels of a group and of all
    int pixels, taps;
    bool wide;

    struct Tap { int by[3], channel; };

    __device__ Window(const T* data, const Geometry& g, int group) : data(data), g(g), group(group) {
        all = (int) (ADJOINT ? g.outputs : g.channels);
        width = all / (int) g.groups;
        pixels = (int) (g.batch * count(ADJOINT ? g.in : g.out));
        taps = (int) count(g.kernel) * width;
        wide = wholeGroups(data, width, all);
    }
    __device__ Place pixel(i64 i) const {
        Place p = place(i, ADJOINT ? g.in : g.out);
        for (int a = 0; a < 3; a++) p.at[a] = ADJOINT ? p.at[a] + (int) g.padding[a] : p.at[a] * (int) g.stride[a] - (int) g.padding[a];
        return p;
    }
    __device__ Tap tap(i64 k) const {
        Place t = place((u32) k / width, g.kernel);
        Tap r;
        r.channel = group * width + (u32) k % width;
        for (int a = 0; a < 3; a++) r.by[a] = ADJOINT ? -t.at[a] * (int) g.dilation[a] : t.at[a] * (int) g.dilation[a];
        return r;
    }
    __device__ const T* at(const Place& pixel, const Tap& tap) const {
        int at = pixel.batch;
        for (int a = 0; a < 3; a++) {
            int i = pixel.at[a] + tap.by[a], length = (int) (ADJOINT ? g.out[a] : g.in[a]);
            if (ADJOINT) {
                int stride = (int) g.stride[a];
                if (i % stride) return nullptr;
                i /= stride;
            }
            if (i < 0 || i >= length) return nullptr;
            at = at * length + i;
        }
        return data + (at * all + tap.channel);
    }
};

// Rows are pixels, columns (tap, channel).
template <bool ADJOINT> struct PixelsByTaps : Window<ADJOINT> {
    static const bool FAST_K = true;
    Place pixels_[SLOTS];
    typename Window<ADJOINT>::Tap tap_;
    bool inside[SLOTS], exists;

    __device__ PixelsByTaps(const T* data, const Geometry& g, int group) : Window<ADJOINT>(data, g, group) {}
    __device__ void row(int j, i64 r) {
        inside[j] = r < this->pixels;
        pixels_[j] = this->pixel(inside[j] ? r : 0);
    }
    __device__ void column(int, i64 k, i64 end) {
        exists = k < end;
        tap_ = this->tap(exists ? k : 0);
    }
    __device__ const T* at(int j, int) const { return inside[j] && exists ? Window<ADJOINT>::at(pixels_[j], tap_) : nullptr; }
};

// Rows are (tap, channel), columns pixels.
struct TapsByPixels : Window<false> {
    static const bool FAST_K = false;
    Tap tap_;
    Place pixels_[SLOTS];
    bool inside, exists[SLOTS];

    __device__ TapsByPixels(const T* data, const Geometry& g, int group) : Window<false>(data, g, group) {}
    __device__ void row(int, i64 r) {
        inside = r < taps;
        tap_ = tap(inside ? r : 0);
    }
    __device__ void column(int j, i64 k, i64 end) {
        exists[j] = k < end;
        pixels_[j] = pixel(exists[j] ? k : 0);
    }
    __device__ const T* at(int, int j) const { return inside && exists[j] ? Window<false>::at(pixels_[j], tap_) : nullptr; }
};

// Grid of all three: tiles of M, tiles of N, groups × parts of K. With parts > 1 unfinished sums go to sums, one result
// after the other.

// Rows are the result's pixels, columns its channels; w is (groups, channels of the result's group, taps, channels seen).
template <bool ADJOINT> __device__ void convolve(
        const T* x, const T* w, T* out, A* sums, const Geometry& g, const Epilogue& e, const Tiles& tiles) {
    int all = (int) (ADJOINT ? g.channels : g.outputs), own = all / (int) g.groups, parts = (int) g.parts, jobs = (int) g.groups * parts;
    for (int job = blockIdx.z; job < jobs; job += gridDim.z) {
        int group = job / parts, part = job % parts;
        PixelsByTaps<ADJOINT> seen(x, g, group);
        Matrix<true> weights(w + (i64) group * own * seen.taps, own, seen.taps, seen.taps);
        multiply(seen, weights, seen.pixels, own, seen.taps, part, g.parts, tiles, [&](i64 row, i64 column, A c) {
            i64 channel = group * own + column, at = row * all + channel;
            if (sums) sums[(i64) part * seen.pixels * all + at] = c;
            else out[at] = finished(e, c, channel, at);
        });
    }
}

extern "C" __global__ void __launch_bounds__(THREADS, RESIDENT) convForward(const T* x, const T* w, T* out, A* sums, Geometry g, Epilogue e) {
    TILES;
    convolve<false>(x, w, out, sums, g, e, tiles);
}

extern "C" __global__ void __launch_bounds__(THREADS, RESIDENT) convInput(const T* dy, const T* w, T* dx, A* sums, Geometry g, Epilogue e) {
    TILES;
    convolve<true>(dy, w, dx, sums, g, e, tiles);
}

// Rows are outputs, columns (tap, input channel); dw is (outputs, input channels, taps).
extern "C" __global__ void __launch_bounds__(THREADS, RESIDENT) convWeight(const T* x, const T* dy, T* dw, A* sums, Geometry g, Epilogue e) {
    TILES;
    int own = (int) (g.outputs / g.groups), parts = (int) g.parts, jobs = (int) g.groups * parts;
    i64 places = count(g.kernel);
    for (int job = blockIdx.z; job < jobs; job += gridDim.z) {
        int group = job / parts, part = job % parts;
        TapsByPixels seen(x, g, group);
        Matrix<false> slopes(dy + group * own, own, seen.pixels, g.outputs);
        multiply(slopes, seen, own, seen.taps, seen.pixels, part, g.parts, tiles, [&](i64 row, i64 column, A c) {
            i64 at = ((group * own + row) * seen.width + column % seen.width) * places + column / seen.width;
            if (sums) sums[part * g.outputs * seen.taps + at] = c;
            else dw[at] = finished(e, c, 0, at);
        });
    }
}
