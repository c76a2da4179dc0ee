package org.atelier4j.io;

import static org.atelier4j.io.MalformedFileException.check;

import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import org.atelier4j.tensor.Shape;

/**
 * Runs one pickle (Python's protocols 2 to 4) as far as {@code torch.save} uses the language for a dictionary of dense
 * tensors: numbers, texts, tuples, lists, dictionaries, references to memory, and four functions known by name. Nothing
 * is looked up or called by a name from the file; any other instruction or name is an error that says which.
 */
final class Pickle {
    private static final int MAX_TEXT = 1 << 16;
    private static final int MAX_STACK = 1 << 20;

    private static final Map<String, StoredType> STORAGES = Map.of(
            "torch FloatStorage", StoredType.F32,
            "torch DoubleStorage", StoredType.F64,
            "torch HalfStorage", StoredType.F16,
            "torch BFloat16Storage", StoredType.BF16,
            "torch LongStorage", StoredType.I64,
            "torch IntStorage", StoredType.I32,
            "torch ShortStorage", StoredType.I16,
            "torch CharStorage", StoredType.I8,
            "torch ByteStorage", StoredType.U8,
            "torch BoolStorage", StoredType.BOOL);

    private enum Function {
        ORDERED_DICT,
        REBUILD_TENSOR,
        REBUILD_PARAMETER
    }

    private static final Map<String, Function> FUNCTIONS = Map.of(
            "collections OrderedDict", Function.ORDERED_DICT,
            "torch._utils _rebuild_tensor", Function.REBUILD_TENSOR,
            "torch._utils _rebuild_tensor_v2", Function.REBUILD_TENSOR,
            "torch._utils _rebuild_parameter", Function.REBUILD_PARAMETER);

    /** The value None. */
    private enum None {
        NONE
    }

    /** A place on the stack from which on values are taken together. */
    private enum Mark {
        MARK
    }

    /**
     * A block of memory in the file.
     *
     * @param key its name there
     * @param bytes its length
     */
    record StorageRef(String key, StoredType type, long bytes) {}

    /**
     * A tensor in a block of memory.
     *
     * @param offset of its first element, in elements
     */
    record TensorRef(StorageRef storage, long offset, Shape shape) {}

    private final InputStream in;
    private final Object source;
    private final List<Object> stack = new ArrayList<>();
    private final Map<Integer, Object> memo = new HashMap<>();

    /**
     * Starts at the position of a stream; {@link #value} stops behind the pickle's last byte.
     *
     * @param source named in messages
     */
    Pickle(InputStream in, Object source) {
        this.in = in;
        this.source = source;
    }

    /** Runs the pickle, which must be a dictionary of tensors, and returns where these lie, by name. */
    Map<String, TensorRef> tensors() throws IOException {
        Object value = value();
        check(
                value instanceof Map<?, ?>,
                source,
                "must hold a dictionary of tensors (a state_dict), got %s",
                word(value));
        Map<String, TensorRef> tensors = new LinkedHashMap<>();
        ((Map<?, ?>) value).forEach((name, entry) -> {
            check(
                    name instanceof String && entry instanceof TensorRef,
                    source,
                    "must hold a dictionary of tensors (a state_dict), got %s under %s",
                    word(entry),
                    name);
            tensors.put((String) name, (TensorRef) entry);
        });
        return tensors;
    }

    /** Runs the pickle and returns its value. */
    Object value() throws IOException {
        try {
            while (true) {
                int op = next();
                if (op == '.') {
                    Object value = pop();
                    check(stack.isEmpty(), source, "pickle must end with one value");
                    return value;
                }
                step(op);
                check(stack.size() <= MAX_STACK, source, "pickle must not nest or hold more than %d values", MAX_STACK);
            }
        } catch (EOFException e) {
            throw new MalformedFileException(source, "pickle ends too early", e);
        } catch (ArithmeticException | ClassCastException | IndexOutOfBoundsException | NegativeArraySizeException e) {
            throw new MalformedFileException(source, "pickle is damaged: its instructions do not fit together", e);
        }
    }

    private void step(int op) throws IOException {
        switch (op) {
            case 0x80 -> {
                int protocol = next();
                check(protocol >= 2 && protocol <= 4, source, "pickle's protocol must be 2 to 4, got %d", protocol);
            }
            case 0x95 -> integer(8); // FRAME: a hint
            case 'N' -> push(None.NONE);
            case 0x88 -> push(true);
            case 0x89 -> push(false);
            case 'K' -> push(integer(1));
            case 'M' -> push(integer(2));
            case 'J' -> push((long) (int) integer(4));
            case 0x8a -> push(big(next()));
            case 'X' -> push(text(integer(4)));
            case 'U', 0x8c -> push(text(integer(1)));
            case 'T' -> push(text(integer(4)));
            case '}' -> push(new LinkedHashMap<>());
            case ']' -> push(new ArrayList<>());
            case ')' -> push(List.of());
            case '(' -> push(Mark.MARK);
            case 't' -> push(List.copyOf(popToMark()));
            case 0x85 -> push(List.of(pop()));
            case 0x86 -> push(tuple(2));
            case 0x87 -> push(tuple(3));
            case 'u' -> putAll(popToMark());
            case 's' -> putAll(tuple(2));
            case 'e' -> addAll(popToMark());
            case 'a' -> addAll(List.of(pop()));
            case 'q' -> memo.put((int) integer(1), top());
            case 'r' -> memo.put((int) integer(4), top());
            case 0x94 -> memo.put(memo.size(), top());
            case 'h' -> push(known((int) integer(1)));
            case 'j' -> push(known((int) integer(4)));
            case 'c' -> push(global(line(), line()));
            case 0x93 -> {
                List<Object> names = tuple(2);
                push(global((String) names.get(0), (String) names.get(1)));
            }
            case 'Q' -> push(storage(pop()));
            case 'R' -> {
                Object arguments = pop();
                push(call(pop(), (List<?>) arguments));
            }
            case 'b' -> pop(); // BUILD: the state of an OrderedDict, PyTorch's versions of modules
            default ->
                throw new MalformedFileException(
                        source,
                        String.format(
                                "pickle must be what torch.save writes for a dictionary of tensors, got instruction"
                                        + " 0x%02x",
                                op));
        }
    }

    private Object global(String module, String name) {
        String both = module + " " + name;
        StoredType type = STORAGES.get(both);
        Function function = FUNCTIONS.get(both);
        check(
                type != null || function != null,
                source,
                "pickle must be what torch.save writes for a dictionary of tensors, got the name %s.%s",
                module,
                name);
        return type != null ? type : Objects.requireNonNull(function);
    }

    /** {@code ('storage', type, key, device, elements)}, before 1.6 with a view of another memory behind. */
    private StorageRef storage(Object id) {
        List<?> parts = (List<?>) id;
        boolean whole = parts.size() == 5 || parts.size() == 6 && parts.get(5) == None.NONE;
        check(
                whole && "storage".equals(parts.get(0)) && parts.get(1) instanceof StoredType,
                source,
                "pickle must refer to whole blocks of memory");
        StoredType type = (StoredType) parts.get(1);
        long elements = (Long) parts.get(4);
        check(
                elements >= 0 && elements <= Integer.MAX_VALUE / type.dtype().bytes(),
                source,
                "memory %s must have less than 2 GiB, got %d elements",
                parts.get(2),
                elements);
        return new StorageRef((String) parts.get(2), type, elements * type.bytes());
    }

    private Object call(Object function, List<?> arguments) {
        if (function == Function.ORDERED_DICT) {
            Map<Object, Object> map = new LinkedHashMap<>();
            for (Object pair : arguments.isEmpty() ? List.of() : (List<?>) arguments.get(0)) {
                map.put(((List<?>) pair).get(0), ((List<?>) pair).get(1));
            }
            return map;
        }
        if (function == Function.REBUILD_PARAMETER) {
            return arguments.get(0);
        }
        check(function == Function.REBUILD_TENSOR, source, "pickle must call functions only, got %s", word(function));
        return tensor((StorageRef) arguments.get(0), (Long) arguments.get(1), (List<?>) arguments.get(2), (List<?>)
                arguments.get(3));
    }

    private TensorRef tensor(StorageRef storage, long offset, List<?> sizes, List<?> strides) {
        check(
                sizes.size() == strides.size()
                        && Stream.concat(sizes.stream(), strides.stream()).allMatch(n -> n instanceof Long),
                source,
                "a tensor must have as many strides as sizes, all whole numbers");
        int[] dims = new int[sizes.size()];
        long count = 1;
        for (int i = 0; i < dims.length; i++) {
            dims[i] = Math.toIntExact((Long) sizes.get(i));
            check(dims[i] >= 0, source, "sizes must be >= 0, got %s", sizes);
            count = Math.multiplyExact(count, dims[i]);
        }
        long stride = 1;
        for (int i = dims.length - 1; i >= 0 && count > 0; i--) {
            check(
                    dims[i] == 1 || (Long) strides.get(i) == stride,
                    source,
                    "tensors must be stored without gaps and in order, got sizes %s with strides %s",
                    sizes,
                    strides);
            stride *= dims[i];
        }
        long elements = storage.bytes() / storage.type().bytes();
        check(
                offset >= 0 && offset + count <= elements,
                source,
                "a tensor must lie within its memory, got %d elements from %d on in %d",
                count,
                offset,
                elements);
        return new TensorRef(storage, offset, Shape.of(dims));
    }

    @SuppressWarnings("unchecked") // this class makes no other maps
    private void putAll(List<Object> pairs) {
        Map<Object, Object> map = (Map<Object, Object>) top();
        for (int i = 0; i < pairs.size(); i += 2) {
            check(
                    pairs.get(i) instanceof String || pairs.get(i) instanceof Long,
                    source,
                    "keys must be texts or numbers");
            map.put(pairs.get(i), pairs.get(i + 1));
        }
    }

    private void addAll(List<Object> values) {
        check(top() instanceof ArrayList, source, "pickle is damaged: nothing to append to");
        @SuppressWarnings("unchecked") // as above
        List<Object> list = (List<Object>) top();
        list.addAll(values);
    }

    private void push(Object value) {
        stack.add(value);
    }

    private Object top() {
        return stack.get(stack.size() - 1);
    }

    private Object pop() {
        return stack.remove(stack.size() - 1);
    }

    private List<Object> tuple(int n) {
        List<Object> values = new ArrayList<>();
        for (int i = 0; i < n; i++) {
            values.add(pop());
        }
        Collections.reverse(values);
        return values;
    }

    private List<Object> popToMark() {
        int at = stack.lastIndexOf(Mark.MARK);
        check(at >= 0, source, "pickle is damaged: a mark is missing");
        List<Object> values = new ArrayList<>(stack.subList(at + 1, stack.size()));
        stack.subList(at, stack.size()).clear();
        return values;
    }

    private Object known(int index) {
        Object value = memo.get(index);
        check(value != null, source, "pickle is damaged: value %d was never stored", index);
        return Objects.requireNonNull(value);
    }

    private int next() throws IOException {
        int b = in.read();
        if (b < 0) {
            throw new EOFException();
        }
        return b;
    }

    private long integer(int bytes) throws IOException {
        long value = 0;
        for (int i = 0; i < bytes; i++) {
            value |= (long) next() << 8 * i;
        }
        return value;
    }

    /** A number of so many bytes; one that a long cannot hold, as the format's magic number, stays a BigInteger. */
    private Object big(int bytes) throws IOException {
        byte[] digits = new byte[bytes + 1]; // highest first, behind one that keeps 0 bytes a number
        byte[] little = read(bytes);
        digits[0] = bytes > 0 && little[bytes - 1] < 0 ? (byte) -1 : 0; // sign
        for (int i = 0; i < bytes; i++) {
            digits[bytes - i] = little[i];
        }
        BigInteger value = new BigInteger(digits);
        return value.bitLength() < Long.SIZE ? (Object) value.longValue() : value;
    }

    private String text(long length) throws IOException {
        check(length <= MAX_TEXT, source, "texts must have at most %d bytes, got %d", MAX_TEXT, length);
        return new String(read((int) length), StandardCharsets.UTF_8);
    }

    private byte[] read(int length) throws IOException {
        byte[] bytes = in.readNBytes(length);
        if (bytes.length < length) {
            throw new EOFException();
        }
        return bytes;
    }

    private String line() throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        for (int b = next(); b != '\n'; b = next()) {
            bytes.write(b);
            check(bytes.size() <= MAX_TEXT, source, "names must have at most %d bytes", MAX_TEXT);
        }
        return bytes.toString(StandardCharsets.UTF_8);
    }

    /** Names a value; not what a list holds, which may be itself. */
    private static String word(Object value) {
        if (value instanceof Map<?, ?> map) {
            return "a dictionary with the keys " + map.keySet();
        } else if (value instanceof TensorRef) {
            return "a tensor";
        }
        return value instanceof Long || value instanceof String ? "the value " + value : "another value";
    }
}
