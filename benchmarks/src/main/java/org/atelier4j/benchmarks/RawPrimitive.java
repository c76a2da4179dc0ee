package org.atelier4j.benchmarks;

import static org.bytedeco.dnnl.global.dnnl.*;

import java.util.HashMap;
import java.util.Map;
import org.bytedeco.dnnl.dnnl_engine;
import org.bytedeco.dnnl.dnnl_exec_arg_t;
import org.bytedeco.dnnl.dnnl_memory;
import org.bytedeco.dnnl.dnnl_memory_desc;
import org.bytedeco.dnnl.dnnl_primitive;
import org.bytedeco.dnnl.dnnl_primitive_desc;
import org.bytedeco.dnnl.dnnl_stream;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.Pointer;
import org.jspecify.annotations.Nullable;

/** A oneDNN primitive with memory of its own for each argument, float32. */
final class RawPrimitive {
    /** The processor. */
    static final dnnl_engine ENGINE = new dnnl_engine();

    private static final dnnl_stream STREAM = new dnnl_stream();
    private static final int ALIGNMENT = 64;

    static {
        check(dnnl_engine_create(ENGINE, dnnl_cpu, 0));
        check(dnnl_stream_create(STREAM, ENGINE, dnnl_stream_default_flags));
    }

    private final dnnl_primitive_desc desc;
    private final dnnl_primitive primitive = new dnnl_primitive();
    private final Map<Integer, Argument> arguments = new HashMap<>();
    private @Nullable dnnl_exec_arg_t list;

    /**
     * One argument.
     *
     * @param memory in the layout that the primitive wants
     * @param plain the task's layout
     * @param block kept from the garbage collector
     */
    private record Argument(dnnl_memory memory, dnnl_memory_desc plain, BytePointer block) {}

    RawPrimitive(dnnl_primitive_desc desc) {
        this.desc = desc;
        check(dnnl_primitive_create(primitive, desc));
    }

    /** Adds an input with values in the plain layout. */
    RawPrimitive with(int kind, dnnl_memory_desc plain, float[] values) {
        out(kind, plain);
        FloatPointer source = new FloatPointer(values);
        dnnl_memory given = new dnnl_memory();
        check(dnnl_memory_create(given, plain, ENGINE, source));
        reorder(given, plain, memory(kind), wanted(kind));
        source.deallocate();
        return this;
    }

    /** Adds an output. */
    RawPrimitive out(int kind, dnnl_memory_desc plain) {
        BytePointer block = new BytePointer(dnnl_memory_desc_get_size(wanted(kind)) + ALIGNMENT);
        long skip = -block.address() & ALIGNMENT - 1;
        dnnl_memory memory = new dnnl_memory();
        check(dnnl_memory_create(memory, wanted(kind), ENGINE, new Pointer(block).position(skip)));
        arguments.put(kind, new Argument(memory, plain, block));
        return this;
    }

    void run() {
        if (list == null) {
            list = new dnnl_exec_arg_t(arguments.size());
            int i = 0;
            for (Map.Entry<Integer, Argument> argument : arguments.entrySet()) {
                list.position(i++)
                        .arg(argument.getKey())
                        .memory(argument.getValue().memory());
            }
            list.position(0);
        }
        check(dnnl_primitive_execute(primitive, STREAM, arguments.size(), list));
    }

    /** Returns the values of an argument in the plain layout. */
    float[] values(int kind) {
        Argument argument = java.util.Objects.requireNonNull(arguments.get(kind));
        long bytes = dnnl_memory_desc_get_size(argument.plain());
        FloatPointer target = new FloatPointer(bytes / Float.BYTES);
        dnnl_memory memory = new dnnl_memory();
        check(dnnl_memory_create(memory, argument.plain(), ENGINE, target));
        reorder(argument.memory(), wanted(kind), memory, argument.plain());
        float[] values = new float[Math.toIntExact(bytes / Float.BYTES)];
        target.get(values);
        target.deallocate();
        return values;
    }

    private dnnl_memory memory(int kind) {
        return java.util.Objects.requireNonNull(arguments.get(kind)).memory();
    }

    private dnnl_memory_desc wanted(int kind) {
        return dnnl_primitive_desc_query_md(desc, dnnl_query_exec_arg_md, kind);
    }

    private static void reorder(dnnl_memory from, dnnl_memory_desc source, dnnl_memory to, dnnl_memory_desc target) {
        dnnl_primitive_desc desc = new dnnl_primitive_desc();
        check(dnnl_reorder_primitive_desc_create(desc, source, ENGINE, target, ENGINE, null));
        dnnl_primitive copy = new dnnl_primitive();
        check(dnnl_primitive_create(copy, desc));
        dnnl_exec_arg_t list = new dnnl_exec_arg_t(2);
        list.position(0).arg(DNNL_ARG_FROM).memory(from);
        list.position(1).arg(DNNL_ARG_TO).memory(to);
        check(dnnl_primitive_execute(copy, STREAM, 2, list.position(0)));
    }

    /** Returns the layout of contiguous memory. */
    static dnnl_memory_desc dense(long... dims) {
        long[] strides = new long[dims.length];
        long step = 1;
        for (int i = dims.length - 1; i >= 0; i--) {
            strides[i] = step;
            step *= dims[i];
        }
        return strided(dims, strides);
    }

    /** Returns the layout of channels-last images; oneDNN counts axes as (B, C, H, W). */
    static dnnl_memory_desc image(Task.Image x) {
        long row = (long) x.width() * x.channels();
        return strided(
                new long[] {x.batch(), x.channels(), x.height(), x.width()},
                new long[] {x.height() * row, 1, row, x.channels()});
    }

    /** Returns a layout that oneDNN may choose. */
    static dnnl_memory_desc any(long... dims) {
        dnnl_memory_desc layout = new dnnl_memory_desc();
        check(dnnl_memory_desc_create_with_tag(layout, dims.length, dims, dnnl_f32, dnnl_format_tag_any));
        return layout;
    }

    private static dnnl_memory_desc strided(long[] dims, long[] strides) {
        dnnl_memory_desc layout = new dnnl_memory_desc();
        check(dnnl_memory_desc_create_with_strides(layout, dims.length, dims, dnnl_f32, strides));
        return layout;
    }

    static void check(int status) {
        if (status != dnnl_success) {
            throw new IllegalStateException("oneDNN: status must be 0, got " + status);
        }
    }
}
