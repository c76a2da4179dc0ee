// Sums into places named by indices, by atomic additions: the order of the addends is the card's, so the last bits of
// sums of reals vary from run to run. T is float, double, int or u64.

typedef ELEMENT T;

extern "C" __global__ void scatterAddRows(const T* rows, const int* indices, T* table, i64 width, i64 n, Faults* faults, i64 serial) {
    if (faulty(faults, serial, indices)) return;
    for EACH(i, n) {
        i64 row = i / width;
        atomicAdd(&table[indices[row] * width + i - row * width], rows[i]);
    }
}

// x (outer, picks, inner) into out (outer, length, inner)
extern "C" __global__ void scatterAddAlong(
        const T* x, const int* indices, T* out, i64 length, i64 picks, i64 inner, i64 n, Faults* faults, i64 serial) {
    if (faulty(faults, serial, indices)) return;
    for EACH(i, n) atomicAdd(&out[(i / (picks * inner) * length + indices[i]) * inner + i % inner], x[i]);
}
