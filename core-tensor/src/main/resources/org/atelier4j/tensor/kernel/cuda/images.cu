// Pooling and resizing of channels-last images; one thread an element of the result, adjoints included, so that nothing is
// added up by two threads.

typedef ELEMENT T;
typedef Wide<T>::type A;

// (B, H, W, C) → (B, P, Q, C)
struct Images { i64 batch, height, width, channels, rows, columns, size, stride, padding; };

struct At { i64 batch; int row, column, channel; };

__device__ inline At locate(i64 i, i64 rows, i64 columns, i64 channels) {
    u32 rest = (u32) i, c = (u32) channels, w = (u32) columns, h = (u32) rows;
    At at;
    at.channel = (int) (rest % c);
    rest /= c;
    at.column = (int) (rest % w);
    rest /= w;
    at.row = (int) (rest % h);
    at.batch = rest / h;
    return at;
}

__device__ inline i64 pixel(const Images& p, const At& at, int row, int column) {
    return ((at.batch * p.height + row) * p.width + column) * p.channels + at.channel;
}

// The part of a window that lies inside.
struct Window { int first, end; };
__device__ inline Window window(const Images& p, int i, i64 length) {
    int first = i * (int) p.stride - (int) p.padding, end = first + (int) p.size;
    Window w;
    w.first = first > 0 ? first : 0;
    w.end = end < length ? end : (int) length;
    return w;
}

extern "C" __global__ void maxPool(const T* x, T* out, int* indices, Images p, i64 n) {
    for EACH(i, n) {
        At at = locate(i, p.rows, p.columns, p.channels);
        Window r = window(p, at.row, p.height), c = window(p, at.column, p.width);
        A best = 0;
        int where = -1;
        for (int row = r.first; row < r.end; row++)
            for (int column = c.first; column < c.end; column++) {
                A v = widen(x[pixel(p, at, row, column)]);
                if (where < 0 || v > best || (v != v && best == best)) {
                    best = v;
                    where = row * (int) p.width + column;
                }
            }
        out[i] = To<T>::of(best);
        indices[i] = where;
    }
}

extern "C" __global__ void averagePool(const T* x, T* out, Images p, i64 n) {
    for EACH(i, n) {
        At at = locate(i, p.rows, p.columns, p.channels);
        Window r = window(p, at.row, p.height), c = window(p, at.column, p.width);
        A sum = 0;
        for (int row = r.first; row < r.end; row++)
            for (int column = c.first; column < c.end; column++) sum += widen(x[pixel(p, at, row, column)]);
        out[i] = To<T>::of(sum / ((r.end - r.first) * (c.end - c.first)));
    }
}

// Each pixel of x gathers from the windows that see it.
extern "C" __global__ void averagePoolSlope(const T* dy, T* dx, Images p, i64 n) {
    for EACH(i, n) {
        At at = locate(i, p.height, p.width, p.channels);
        int size = (int) p.size, stride = (int) p.stride;
        int top = at.row + (int) p.padding, left = at.column + (int) p.padding;
        int firstRow = top < size ? 0 : (top - size) / stride + 1, firstColumn = left < size ? 0 : (left - size) / stride + 1;
        A sum = 0;
        for (int row = firstRow; row * stride <= top && row < p.rows; row++)
            for (int column = firstColumn; column * stride <= left && column < p.columns; column++) {
                Window r = window(p, row, p.height), c = window(p, column, p.width);
                i64 from = ((at.batch * p.rows + row) * p.columns + column) * p.channels + at.channel;
                sum += widen(dy[from]) / ((r.end - r.first) * (c.end - c.first));
            }
        dx[i] = To<T>::of(sum);
    }
}

// Where element i of `to` lies between the elements of `from`: at i0 + fraction, centers at half pixels, in exact integers.
struct Between { int first, second; A weight; }; // value = (1 − weight)·x[first] + weight·x[second]
__device__ inline Between between(int i, i64 from, i64 to) {
    i64 position = (2 * (i64) i + 1) * from - to; // in units of 1/(2·to)
    Between b;
    if (position < 0) position = 0;
    if (position > 2 * to * (from - 1)) position = 2 * to * (from - 1);
    b.first = (int) (position / (2 * to));
    b.weight = (A) (position % (2 * to)) / (A) (2 * to);
    b.second = b.first + 1 < from ? b.first + 1 : b.first;
    return b;
}
__device__ inline int nearest(int i, i64 from, i64 to) { return (int) ((2 * (i64) i + 1) * from / (2 * to)); }

extern "C" __global__ void resize(const T* x, T* out, Images p, int bilinear, i64 n) {
    for EACH(i, n) {
        At at = locate(i, p.rows, p.columns, p.channels);
        if (!bilinear) {
            out[i] = x[pixel(p, at, nearest(at.row, p.height, p.rows), nearest(at.column, p.width, p.columns))];
            continue;
        }
        Between r = between(at.row, p.height, p.rows), c = between(at.column, p.width, p.columns);
        A upper = (1 - c.weight) * widen(x[pixel(p, at, r.first, c.first)]) + c.weight * widen(x[pixel(p, at, r.first, c.second)]);
        A lower = (1 - c.weight) * widen(x[pixel(p, at, r.second, c.first)]) + c.weight * widen(x[pixel(p, at, r.second, c.second)]);
        out[i] = To<T>::of((1 - r.weight) * upper + r.weight * lower);
    }
}

// How much pixel `from` weighs in element i of the result.
__device__ inline A weightOf(int pixel, int i, i64 from, i64 to, int bilinear) {
    if (!bilinear) return nearest(i, from, to) == pixel ? A(1) : A(0);
    Between b = between(i, from, to);
    return (b.first == pixel ? 1 - b.weight : A(0)) + (b.second == pixel ? b.weight : A(0));
}

// The results that can see a pixel: those whose centers lie within one pixel, and one more for the rounding.
__device__ inline Window seenBy(int pixel, i64 from, i64 to) {
    i64 first = ((i64) pixel - 1) * to / from - 1, end = ((i64) pixel + 2) * to / from + 2;
    Window w;
    w.first = pixel == 0 || first < 0 ? 0 : (int) first;
    w.end = pixel == from - 1 || end > to ? (int) to : (int) end;
    return w;
}

extern "C" __global__ void resizeSlope(const T* dy, T* dx, Images p, int bilinear, i64 n) {
    for EACH(i, n) {
        At at = locate(i, p.height, p.width, p.channels);
        Window r = seenBy(at.row, p.height, p.rows), c = seenBy(at.column, p.width, p.columns);
        A sum = 0;
        for (int row = r.first; row < r.end; row++) {
            A weight = weightOf(at.row, row, p.height, p.rows, bilinear), line = 0;
            if (weight == 0) continue;
            for (int column = c.first; column < c.end; column++) {
                A w = weightOf(at.column, column, p.width, p.columns, bilinear);
                if (w != 0) line += w * widen(dy[((at.batch * p.rows + row) * p.columns + column) * p.channels + at.channel]);
            }
            sum += weight * line;
        }
        dx[i] = To<T>::of(sum);
    }
}
