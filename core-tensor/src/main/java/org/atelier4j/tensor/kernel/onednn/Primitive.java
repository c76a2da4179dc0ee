package org.atelier4j.tensor.kernel.onednn;

import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_FROM;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_SCRATCHPAD;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_TO;
import static org.bytedeco.dnnl.global.dnnl.dnnl_memory_create;
import static org.bytedeco.dnnl.global.dnnl.dnnl_memory_desc_equal;
import static org.bytedeco.dnnl.global.dnnl.dnnl_memory_desc_get_size;
import static org.bytedeco.dnnl.global.dnnl.dnnl_memory_destroy;
import static org.bytedeco.dnnl.global.dnnl.dnnl_memory_set_data_handle;
import static org.bytedeco.dnnl.global.dnnl.dnnl_primitive_create;
import static org.bytedeco.dnnl.global.dnnl.dnnl_primitive_desc_destroy;
import static org.bytedeco.dnnl.global.dnnl.dnnl_primitive_desc_query;
import static org.bytedeco.dnnl.global.dnnl.dnnl_primitive_desc_query_md;
import static org.bytedeco.dnnl.global.dnnl.dnnl_primitive_destroy;
import static org.bytedeco.dnnl.global.dnnl.dnnl_primitive_execute;
import static org.bytedeco.dnnl.global.dnnl.dnnl_query_exec_arg_md;
import static org.bytedeco.dnnl.global.dnnl.dnnl_query_impl_info_str;
import static org.bytedeco.dnnl.global.dnnl.dnnl_reorder_primitive_desc_create;

import org.bytedeco.dnnl.dnnl_exec_arg_t;
import org.bytedeco.dnnl.dnnl_memory;
import org.bytedeco.dnnl.dnnl_memory_desc;
import org.bytedeco.dnnl.dnnl_primitive;
import org.bytedeco.dnnl.dnnl_primitive_desc;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.PointerPointer;
import org.jspecify.annotations.Nullable;

/**
 * A compiled oneDNN primitive with its argument slots: between calls only addresses change, so that a call costs 1–2 µs.
 * Slots are mutable; a primitive belongs to the thread whose {@link Primitives} made it.
 */
final class Primitive {
    private final dnnl_primitive_desc desc;
    private final dnnl_primitive primitive = new dnnl_primitive();
    private final dnnl_memory[] memories;
    private final dnnl_exec_arg_t arguments;
    private final long[] addresses;
    private final int count;
    private final long scratchBytes;
    private final OneDnn.Address address = new OneDnn.Address();
    private final String implementation;
    private @Nullable Blocked blocked;

    /**
     * One argument, a weight or its gradient, whose layout oneDNN chose.
     *
     * @param layout number of the layout, equal for equal ones
     * @param bytes size of the argument in that layout
     * @param reorder copies between it and the plain layout, or null where both are the same
     */
    record Blocked(int layout, long bytes, @Nullable Primitive reorder) {}

    /**
     * Compiles a description.
     *
     * @param kinds oneDNN's names of the arguments, in the order in which {@link #run} takes addresses
     */
    Primitive(dnnl_primitive_desc desc, int... kinds) {
        this.desc = desc;
        OneDnn.check("primitive", dnnl_primitive_create(primitive, desc));
        this.scratchBytes = bytes(DNNL_ARG_SCRATCHPAD);
        this.count = kinds.length + (scratchBytes > 0 ? 1 : 0);
        this.memories = new dnnl_memory[count];
        this.addresses = new long[count];
        this.arguments = new dnnl_exec_arg_t(Math.max(1, count));
        for (int i = 0; i < count; i++) {
            int kind = i < kinds.length ? kinds[i] : DNNL_ARG_SCRATCHPAD;
            memories[i] = new dnnl_memory();
            OneDnn.check("memory", dnnl_memory_create(memories[i], layout(kind), OneDnn.ENGINE, address.at(0)));
            arguments.position(i).arg(kind).memory(memories[i]);
        }
        arguments.position(0);
        PointerPointer<BytePointer> name = new PointerPointer<>(1);
        OneDnn.check("query", dnnl_primitive_desc_query(desc, dnnl_query_impl_info_str, 0, name));
        this.implementation = name.get(BytePointer.class, 0).getString();
    }

    /**
     * Prepares the copy between the plain layout of an argument and the one that oneDNN chose.
     *
     * @param inward whether plain memory is read and blocked memory written
     */
    Primitive withBlocked(int kind, dnnl_memory_desc plain, boolean inward) {
        dnnl_memory_desc chosen = layout(kind);
        boolean same = dnnl_memory_desc_equal(plain, chosen) == 1;
        Primitive copy = same ? null : inward ? reorder(plain, chosen) : reorder(chosen, plain);
        blocked = new Blocked(Layouts.number(chosen), bytes(kind), copy);
        return this;
    }

    /** Returns a primitive that copies between two layouts, converting element types where they differ. */
    static Primitive reorder(dnnl_memory_desc from, dnnl_memory_desc to) {
        dnnl_primitive_desc desc = new dnnl_primitive_desc();
        OneDnn.check(
                "reorder",
                dnnl_reorder_primitive_desc_create(desc, from, OneDnn.ENGINE, to, OneDnn.ENGINE, OneDnn.plain()));
        return new Primitive(desc, DNNL_ARG_FROM, DNNL_ARG_TO);
    }

    /** Returns what {@link #withBlocked} prepared. */
    Blocked blocked() {
        if (blocked == null) {
            throw new IllegalStateException("oneDNN: " + implementation + " has no blocked argument");
        }
        return blocked;
    }

    /** Returns the layout of an argument. */
    dnnl_memory_desc layout(int kind) {
        return dnnl_primitive_desc_query_md(desc, dnnl_query_exec_arg_md, kind);
    }

    /** Returns the bytes of an argument; blocked layouts may be larger than the tensor. */
    long bytes(int kind) {
        return dnnl_memory_desc_get_size(layout(kind));
    }

    /** Returns oneDNN's description, a hint for the backward primitive. */
    dnnl_primitive_desc desc() {
        return desc;
    }

    /** Returns whether only oneDNN's slow loops serve this request. */
    boolean isReference() {
        return implementation.startsWith("ref");
    }

    /** Runs the primitive on the given addresses, one for each kind. */
    void run(long... at) {
        for (int i = 0; i < at.length; i++) {
            bind(i, at[i]);
        }
        execute(at.length);
    }

    /** Runs a primitive of two arguments, and leaves no array behind. */
    void run(long a, long b) {
        bind(0, a);
        bind(1, b);
        execute(2);
    }

    /** Runs a primitive of three arguments, and leaves no array behind. */
    void run(long a, long b, long c) {
        bind(0, a);
        bind(1, b);
        bind(2, c);
        execute(3);
    }

    /** Runs a primitive of four arguments, and leaves no array behind. */
    void run(long a, long b, long c, long d) {
        bind(0, a);
        bind(1, b);
        bind(2, c);
        bind(3, d);
        execute(4);
    }

    private void execute(int bound) {
        if (count > bound) {
            bind(count - 1, Scratch.address(scratchBytes));
        }
        OneDnn.check(implementation, dnnl_primitive_execute(primitive, OneDnn.stream(), count, arguments));
    }

    private void bind(int slot, long at) {
        if (addresses[slot] != at) {
            addresses[slot] = at;
            dnnl_memory_set_data_handle(memories[slot], address.at(at));
        }
    }

    /** Gives the native objects back. */
    void destroy() {
        if (blocked != null && blocked.reorder() != null) {
            blocked.reorder().destroy();
        }
        for (dnnl_memory memory : memories) {
            dnnl_memory_destroy(memory);
        }
        dnnl_primitive_destroy(primitive);
        dnnl_primitive_desc_destroy(desc);
    }

    /** Memory that a primitive uses while it runs: one block per thread that only grows. */
    private static final class Scratch {
        private static final int ALIGNMENT = 4096;
        private static final ThreadLocal<Scratch> LOCAL = ThreadLocal.withInitial(Scratch::new);

        private BytePointer block = new BytePointer(ALIGNMENT);
        private long size;

        static long address(long bytes) {
            Scratch scratch = LOCAL.get();
            if (bytes > scratch.size) {
                scratch.block.deallocate();
                scratch.block = new BytePointer(bytes + ALIGNMENT);
                scratch.size = bytes;
            }
            return (scratch.block.address() + ALIGNMENT - 1) & -ALIGNMENT;
        }
    }
}
