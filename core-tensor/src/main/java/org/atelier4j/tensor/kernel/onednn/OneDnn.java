package org.atelier4j.tensor.kernel.onednn;

import static org.bytedeco.dnnl.global.dnnl.dnnl_bf16;
import static org.bytedeco.dnnl.global.dnnl.dnnl_cpu;
import static org.bytedeco.dnnl.global.dnnl.dnnl_engine_create;
import static org.bytedeco.dnnl.global.dnnl.dnnl_f32;
import static org.bytedeco.dnnl.global.dnnl.dnnl_format_tag_any;
import static org.bytedeco.dnnl.global.dnnl.dnnl_memory_desc_create_with_strides;
import static org.bytedeco.dnnl.global.dnnl.dnnl_memory_desc_create_with_tag;
import static org.bytedeco.dnnl.global.dnnl.dnnl_post_ops_append_binary;
import static org.bytedeco.dnnl.global.dnnl.dnnl_post_ops_append_eltwise;
import static org.bytedeco.dnnl.global.dnnl.dnnl_post_ops_create;
import static org.bytedeco.dnnl.global.dnnl.dnnl_primitive_attr_create;
import static org.bytedeco.dnnl.global.dnnl.dnnl_primitive_attr_set_post_ops;
import static org.bytedeco.dnnl.global.dnnl.dnnl_primitive_attr_set_scratchpad_mode;
import static org.bytedeco.dnnl.global.dnnl.dnnl_s32;
import static org.bytedeco.dnnl.global.dnnl.dnnl_scratchpad_mode_user;
import static org.bytedeco.dnnl.global.dnnl.dnnl_stream_create;
import static org.bytedeco.dnnl.global.dnnl.dnnl_stream_default_flags;
import static org.bytedeco.dnnl.global.dnnl.dnnl_success;
import static org.bytedeco.dnnl.global.dnnl.dnnl_u8;

import org.atelier4j.tensor.DType;
import org.bytedeco.dnnl.dnnl_engine;
import org.bytedeco.dnnl.dnnl_memory_desc;
import org.bytedeco.dnnl.dnnl_post_ops;
import org.bytedeco.dnnl.dnnl_primitive_attr;
import org.bytedeco.dnnl.dnnl_stream;
import org.bytedeco.javacpp.LongPointer;
import org.bytedeco.javacpp.Pointer;

/** oneDNN's C interface in the few words that the kernels need: engine, memory layouts and attributes. */
final class OneDnn {
    /** The processor. */
    static final dnnl_engine ENGINE = new dnnl_engine();

    private static final ThreadLocal<dnnl_stream> STREAM = ThreadLocal.withInitial(OneDnn::newStream);

    static {
        check("engine", dnnl_engine_create(ENGINE, dnnl_cpu, 0));
    }

    private OneDnn() {}

    /** Returns this thread's stream; on the processor it runs each primitive before it returns. */
    static dnnl_stream stream() {
        return STREAM.get();
    }

    private static dnnl_stream newStream() {
        dnnl_stream stream = new dnnl_stream();
        check("stream", dnnl_stream_create(stream, ENGINE, dnnl_stream_default_flags));
        return stream;
    }

    static void check(String what, int status) {
        if (status != dnnl_success) {
            throw new OneDnnException(what, status);
        }
    }

    /** Returns oneDNN's name of an element type; integers of 4 bytes and bytes are only ever moved. */
    static int type(DType dtype) {
        return switch (dtype) {
            case FLOAT32 -> dnnl_f32;
            case BFLOAT16 -> dnnl_bf16;
            case INT32 -> dnnl_s32;
            case UINT8, BOOL -> dnnl_u8;
            case FLOAT64, INT64 -> throw new IllegalArgumentException("oneDNN: does not compute with " + dtype);
        };
    }

    /** Returns a layout by lengths and strides. */
    static dnnl_memory_desc layout(int type, long[] dims, long[] strides) {
        dnnl_memory_desc desc = new dnnl_memory_desc();
        check("layout", dnnl_memory_desc_create_with_strides(desc, dims.length, dims, type, strides));
        return desc;
    }

    /** Returns the layout of a contiguous tensor. */
    static dnnl_memory_desc dense(int type, long... dims) {
        return layout(type, dims, denseStrides(dims));
    }

    /** Returns the layout of channels-last memory, lengths in oneDNN's order N, C, spatial…. */
    static dnnl_memory_desc channelsLast(int type, long... dims) {
        long[] strides = new long[dims.length];
        strides[1] = 1;
        long step = dims[1];
        for (int i = dims.length - 1; i >= 2; i--) {
            strides[i] = step;
            step *= dims[i];
        }
        strides[0] = step;
        return layout(type, dims, strides);
    }

    /** Returns a layout that oneDNN may choose. */
    static dnnl_memory_desc any(int type, long... dims) {
        dnnl_memory_desc desc = new dnnl_memory_desc();
        check("layout", dnnl_memory_desc_create_with_tag(desc, dims.length, dims, type, dnnl_format_tag_any));
        return desc;
    }

    static long[] denseStrides(long... dims) {
        long[] strides = new long[dims.length];
        long step = 1;
        for (int i = dims.length - 1; i >= 0; i--) {
            strides[i] = step;
            step *= dims[i];
        }
        return strides;
    }

    static LongPointer longs(long... values) {
        return new LongPointer(values);
    }

    /** What follows a primitive, in order, and that scratch memory comes from us. */
    static final class Attributes {
        private final dnnl_primitive_attr attr = new dnnl_primitive_attr();
        private final dnnl_post_ops postOps = new dnnl_post_ops();

        Attributes() {
            check("attributes", dnnl_primitive_attr_create(attr));
            check("attributes", dnnl_post_ops_create(postOps));
            check("attributes", dnnl_primitive_attr_set_scratchpad_mode(attr, dnnl_scratchpad_mode_user));
        }

        Attributes binary(int algorithm, dnnl_memory_desc operand) {
            check("post-op", dnnl_post_ops_append_binary(postOps, algorithm, operand));
            return this;
        }

        Attributes eltwise(Eltwise f) {
            check("post-op", dnnl_post_ops_append_eltwise(postOps, f.algorithm(), f.alpha(), f.beta()));
            return this;
        }

        dnnl_primitive_attr build() {
            check("attributes", dnnl_primitive_attr_set_post_ops(attr, postOps));
            return attr;
        }
    }

    static dnnl_primitive_attr plain() {
        return new Attributes().build();
    }

    /** A pointer whose address can be set: handing addresses to oneDNN makes no garbage. */
    static final class Address extends Pointer {
        Address() {
            super((Pointer) null);
        }

        Address at(long value) {
            address = value;
            return this;
        }
    }
}
