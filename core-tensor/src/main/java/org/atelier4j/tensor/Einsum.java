package org.atelier4j.tensor;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * Sums of products in Einstein's notation: {@code Einsum.of("bhid,bhjd->bhij", q, k)} is
 * {@code y[b, h, i, j] = Σ_d q[b, h, i, d]·k[b, h, j, d]}.
 *
 * <p>Each letter is an axis; one that the result lacks is summed. Without {@code ->} the result has the letters that occur
 * once, in alphabetical order. A product of two tensors becomes one matrix product, batched over the letters that all
 * three share; the factors are copied only where their axes are not yet in an order that a matrix product can read. More
 * than two tensors are combined from the left. A letter may not repeat within one tensor (no diagonals).
 */
public final class Einsum {
    private final String equation;

    private Einsum(String equation) {
        this.equation = equation;
    }

    /**
     * Returns the sum of products that {@code equation} describes.
     *
     * @param equation letters for the axes of each operand, joined by commas, and optionally {@code ->} with those of the
     *     result; spaces are ignored
     * @throws IllegalArgumentException if the equation is malformed or does not fit the operands
     */
    public static Tensor of(String equation, Tensor... operands) {
        return new Einsum(equation).evaluate(operands);
    }

    private Tensor evaluate(Tensor... operands) {
        String[] sides = equation.replace(" ", "").split("->", -1);
        require(sides.length <= 2, "there may be one -> only");
        String[] terms = sides[0].split(",", -1);
        require(
                terms.length == operands.length,
                "there must be one term for each of the " + operands.length + " tensors");
        TreeMap<Character, Integer> lengths = new TreeMap<>();
        for (int i = 0; i < terms.length; i++) {
            check(terms[i], operands[i], lengths);
        }
        String result = sides.length == 2 ? sides[1] : single(sides[0]);
        distinct(result);
        for (char c : result.toCharArray()) {
            require(lengths.containsKey(c), "letter " + c + " of the result must occur in a term");
        }
        Labeled product = reduce(new Labeled(operands[0], terms[0]), needed(result, terms, 1));
        for (int i = 1; i < terms.length; i++) {
            String keep = needed(result, terms, i + 1);
            Labeled left = reduce(product, keep + terms[i]);
            Labeled right = reduce(new Labeled(operands[i], terms[i]), keep + left.axes);
            product = contract(left, right, keep);
        }
        return reduce(product, result).inOrder(result);
    }

    /** A tensor with a letter for each of its axes. */
    private record Labeled(Tensor value, String axes) {
        int length(char axis) {
            return value.dim(axes.indexOf(axis));
        }

        Tensor inOrder(String order) {
            return value.permute(order.chars().map(axes::indexOf).toArray());
        }
    }

    private void check(String term, Tensor operand, TreeMap<Character, Integer> lengths) {
        distinct(term);
        require(
                term.length() == operand.rank(),
                "term " + term + " must have " + operand.rank() + " letters for shape " + operand.shape());
        for (int i = 0; i < term.length(); i++) {
            int n = operand.dim(i);
            Integer before = lengths.put(term.charAt(i), n);
            require(
                    before == null || before == n,
                    "letter " + term.charAt(i) + " must have one length, got " + before + " and " + n);
        }
    }

    private void distinct(String term) {
        for (int i = 0; i < term.length(); i++) {
            require(Character.isLetter(term.charAt(i)), "axes must be letters, got " + term);
            require(term.indexOf(term.charAt(i)) == i, "letters must differ within a term (no diagonals), got " + term);
        }
    }

    private static String single(String terms) {
        return terms.chars()
                .filter(c -> c != ',' && terms.indexOf(c) == terms.lastIndexOf(c))
                .sorted()
                .mapToObj(Character::toString)
                .collect(Collectors.joining());
    }

    /** Returns the letters that the result or a term from {@code next} on still asks for. */
    private static String needed(String result, String[] terms, int next) {
        return result + String.join("", Arrays.asList(terms).subList(next, terms.length));
    }

    /** Sums over the letters that nobody asks for. */
    private static Labeled reduce(Labeled x, String keep) {
        String left = shared(x.axes, keep);
        int[] gone = x.axes.chars()
                .filter(c -> keep.indexOf(c) < 0)
                .map(x.axes::indexOf)
                .toArray();
        if (gone.length == 0) {
            return x;
        }
        int[] dims = left.chars().map(c -> x.length((char) c)).toArray();
        return new Labeled(x.value.sum(gone).reshape(Shape.of(dims)), left);
    }

    /** One matrix product: rows are letters of a only, columns letters of b only. */
    private static Labeled contract(Labeled a, Labeled b, String keep) {
        String common = shared(a.axes, b.axes);
        String batch = shared(common, keep);
        String inner = without(common, keep);
        String rows = without(a.axes, common);
        String columns = without(b.axes, common);
        Tensor y;
        if (inner.isEmpty()) {
            Tensor left = merged(a, batch, rows, "");
            Tensor right = merged(b, batch, "", columns);
            y = left.mul(right); // (batch, rows, 1) ⊙ (batch, 1, columns)
        } else {
            boolean transposeA = a.axes.equals(batch + inner + rows) && !rows.isEmpty();
            boolean transposeB = !b.axes.equals(batch + inner + columns);
            Tensor left = transposeA ? merged(a, batch, inner, rows) : merged(a, batch, rows, inner);
            Tensor right = transposeB ? merged(b, batch, columns, inner) : merged(b, batch, inner, columns);
            y = left.matmul(right, transposeA, transposeB);
        }
        List<Integer> dims = new ArrayList<>();
        batch.chars().forEach(c -> dims.add(a.length((char) c)));
        rows.chars().forEach(c -> dims.add(a.length((char) c)));
        columns.chars().forEach(c -> dims.add(b.length((char) c)));
        return new Labeled(y.reshape(Shape.of(dims.stream().mapToInt(i -> i).toArray())), batch + rows + columns);
    }

    /** Returns x as (batch, first, second), each the product of its letters' lengths. */
    private static Tensor merged(Labeled x, String batch, String first, String second) {
        return x.inOrder(batch + first + second).reshape(Shape.of(size(x, batch), size(x, first), size(x, second)));
    }

    private static int size(Labeled x, String letters) {
        return letters.chars().map(c -> x.length((char) c)).reduce(1, Math::multiplyExact);
    }

    private static String shared(String a, String b) {
        return filter(a, b, true);
    }

    private static String without(String a, String b) {
        return filter(a, b, false);
    }

    private static String filter(String a, String b, boolean inside) {
        return a.chars()
                .filter(c -> b.indexOf(c) >= 0 == inside)
                .mapToObj(Character::toString)
                .collect(Collectors.joining());
    }

    private void require(boolean condition, String what) {
        Check.that(condition, "einsum: %s, in \"%s\"", what, equation);
    }
}
