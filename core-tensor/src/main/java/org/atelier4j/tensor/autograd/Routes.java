package org.atelier4j.tensor.autograd;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.atelier4j.tensor.Tensor;

/** Which parts of a recorded graph lead from a value back to chosen nodes; walks without recursion. */
final class Routes {
    private Routes() {}

    /** Returns {@code root} and all nodes on which it depends, without looking behind those of {@code border}. */
    static Set<Node> behind(Node root, Set<Node> border) {
        Set<Node> seen = new HashSet<>();
        Deque<Node> open = new ArrayDeque<>();
        seen.add(root);
        open.push(root);
        while (!open.isEmpty()) {
            Node node = open.pop();
            if (border.contains(node)) {
                continue;
            }
            for (Tensor x : node.inputs()) {
                Node next = x.node();
                if (next != null && seen.add(next)) {
                    open.push(next);
                }
            }
        }
        return seen;
    }

    /**
     * Returns which inputs of a node lead back to one of the targets, for each node between {@code root} and these of
     * which at least one does.
     */
    static Map<Node, boolean[]> to(Set<Node> targets, Node root, Set<Node> border) {
        List<Node> rising = new ArrayList<>(behind(root, border));
        rising.sort(Comparator.comparingLong(Node::number));
        Set<Node> leading = new HashSet<>(targets);
        Map<Node, boolean[]> routes = new HashMap<>();
        for (Node node : rising) {
            if (border.contains(node)) {
                continue;
            }
            boolean[] leads = new boolean[node.inputs().size()];
            boolean any = false;
            for (int i = 0; i < leads.length; i++) {
                Node next = node.inputs().get(i).node();
                leads[i] = next != null && leading.contains(next);
                any |= leads[i];
            }
            if (any) {
                leading.add(node);
                routes.put(node, leads);
            }
        }
        return routes;
    }
}
