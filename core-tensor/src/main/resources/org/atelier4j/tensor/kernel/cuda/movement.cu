// Copies of elements that are not computed with: T is an unsigned integer of the element's size.

typedef ELEMENT T;

extern "C" __global__ void stridedCopy(const T* x, T* y, Axes from, Axes to, i64 n) {
    for EACH(i, n) y[offsetOf(to, i)] = x[offsetOf(from, i)];
}

// y[b, i, j] = x[b·batch + i + j·step] for i < rows, j < columns: a transposition through shared memory, so that reads and
// writes are both contiguous. One block of 256 threads a tile of 32 × 32.
extern "C" __global__ void transposeTiles(const T* x, T* y, i64 batch, i64 step, i64 rows, i64 columns, i64 batches) {
    __shared__ T tile[32][33];
    int lane = threadIdx.x % 32, group = threadIdx.x / 32;
    i64 acrossTiles = (columns + 31) / 32, tiles = acrossTiles * ((rows + 31) / 32);
    for (i64 t = blockIdx.x; t < tiles * batches; t += gridDim.x) {
        i64 b = t / tiles, i0 = t % tiles / acrossTiles * 32, j0 = t % acrossTiles * 32;
        for (int r = group; r < 32; r += 8)
            if (i0 + lane < rows && j0 + r < columns) tile[r][lane] = x[b * batch + i0 + lane + (j0 + r) * step];
        __syncthreads();
        for (int r = group; r < 32; r += 8)
            if (i0 + r < rows && j0 + lane < columns) y[(b * rows + i0 + r) * columns + j0 + lane] = tile[lane][r];
        __syncthreads();
    }
}

extern "C" __global__ void chooseElements(const u8* condition, const T* x, const T* y, T* z, Axes c, Axes left, Axes right, i64 n) {
    for EACH(i, n) z[i] = condition[offsetOf(c, i)] ? x[offsetOf(left, i)] : y[offsetOf(right, i)];
}

extern "C" __global__ void checkIndices(const int* indices, i64 n, i64 limit, Faults* faults, i64 serial) {
    for EACH(i, n) if (indices[i] < 0 || indices[i] >= limit) report(faults, serial, i);
}

extern "C" __global__ void gatherRows(const T* table, const int* indices, T* out, i64 width, i64 n, Faults* faults, i64 serial) {
    if (faulty(faults, serial, indices)) return;
    for EACH(i, n) {
        i64 row = i / width;
        out[i] = table[indices[row] * width + i - row * width];
    }
}

// out (outer, picks, inner) from x (outer, length, inner)
extern "C" __global__ void gatherAlong(
        const T* x, const int* indices, T* out, i64 length, i64 picks, i64 inner, i64 n, Faults* faults, i64 serial) {
    if (faulty(faults, serial, indices)) return;
    for EACH(i, n) out[i] = x[(i / (picks * inner) * length + indices[i]) * inner + i % inner];
}
