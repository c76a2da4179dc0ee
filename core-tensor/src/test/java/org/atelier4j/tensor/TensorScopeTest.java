package org.atelier4j.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import org.atelier4j.tensor.device.HostStorage;
import org.junit.jupiter.api.Test;

/** Memory of a step: what a scope releases, what it lets live, and in which order scopes close. */
class TensorScopeTest {

    private static boolean isManaged(Tensor t) {
        return ((HostStorage) t.storage()).isManaged();
    }

    @Test
    void releasesWhatWasMadeInsideAndNothingElse() {
        Tensor before = Tensor.ones(2);
        Tensor inside;
        Tensor view;
        try (TensorScope scope = TensorScope.open()) {
            inside = before.add(1);
            view = inside.reshape(2, 1);
            assertThat(inside.storage().isReleased()).isFalse();
        }
        assertThat(inside.storage().isReleased()).isTrue();
        assertThat(view.storage().isReleased()).isTrue();
        TensorAssert.assertThat(before).hasValues(1, 1);
    }

    @Test
    void whatIsKeptBelongsToTheEnclosingScope() {
        Tensor kept;
        try (TensorScope outer = TensorScope.open()) {
            Tensor inner = step();
            kept = inner;
            TensorAssert.assertThat(inner).hasValues(3, 3);
            assertThat(isManaged(inner)).isFalse();
        }
        assertThat(kept.storage().isReleased()).isTrue();
    }

    @Test
    void whatIsKeptOutsideOfAllScopesBelongsToTheGarbageCollector() {
        Tensor kept = step();
        TensorAssert.assertThat(kept).hasValues(3, 3);
        assertThat(isManaged(kept)).isTrue();
    }

    private static Tensor step() {
        try (TensorScope scope = TensorScope.open()) {
            return scope.keep(Tensor.ones(2).add(2));
        }
    }

    @Test
    void keepingInAnOuterScopePassesThroughInnerOnes() {
        Tensor kept;
        Tensor dropped;
        try (TensorScope outer = TensorScope.open()) {
            try (TensorScope inner = TensorScope.open()) {
                kept = outer.keep(Tensor.ones(2));
                dropped = Tensor.ones(2);
            }
            assertThat(kept.storage().isReleased()).isFalse();
            assertThat(dropped.storage().isReleased()).isTrue();
        }
        assertThat(kept.storage().isReleased()).isFalse();
        assertThat(isManaged(kept)).isTrue();
    }

    @Test
    void howeverManyAreKeptTheOthersGo() {
        List<Tensor> kept = new ArrayList<>();
        List<Tensor> dropped = new ArrayList<>();
        try (TensorScope scope = TensorScope.open()) {
            for (int i = 0; i < 30; i++) {
                kept.add(scope.keep(Tensor.ones(2)));
                dropped.add(Tensor.ones(2));
            }
        }
        assertThat(kept).noneMatch(t -> t.storage().isReleased());
        assertThat(dropped).allMatch(t -> t.storage().isReleased());
    }

    @Test
    void keepingAViewKeepsItsMemory() {
        Tensor view;
        try (TensorScope scope = TensorScope.open()) {
            view = scope.keep(Tensor.arange(6).reshape(2, 3).slice(0, 1, 1));
        }
        TensorAssert.assertThat(view).hasShape(1, 3).hasValues(3, 4, 5);
    }

    @Test
    void anExceptionInsideStillReleases() {
        AtomicReference<Tensor> made = new AtomicReference<>();
        assertThatThrownBy(() -> {
                    try (TensorScope scope = TensorScope.open()) {
                        made.set(Tensor.ones(2));
                        throw new UnsupportedOperationException("inside");
                    }
                })
                .isInstanceOf(UnsupportedOperationException.class);
        assertThat(made.get().storage().isReleased()).isTrue();
        assertThat(isManaged(Tensor.ones(1))).as("no scope is open any more").isTrue();
    }

    @Test
    void scopesMustCloseInReverseOrder() {
        TensorScope outer = TensorScope.open();
        TensorScope inner = TensorScope.open();
        assertThatThrownBy(outer::close)
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("TensorScope: scopes must be closed in reverse order of opening");
        inner.close();
        outer.close();
        outer.close(); // a second time does nothing
        assertThat(isManaged(Tensor.ones(1))).isTrue();
    }

    @Test
    void anotherThreadMustNotCloseAndHasScopesOfItsOwn() throws InterruptedException {
        AtomicReference<Throwable> failure = new AtomicReference<>();
        AtomicReference<Tensor> made = new AtomicReference<>();
        try (TensorScope scope = TensorScope.open()) {
            Thread other = new Thread(() -> {
                made.set(Tensor.ones(2));
                try {
                    scope.close();
                } catch (IllegalStateException e) {
                    failure.set(e);
                }
            });
            other.start();
            other.join();
        }
        assertThat(failure.get()).hasMessage("TensorScope: must be closed by the thread that opened it");
        assertThat(made.get().storage().isReleased()).isFalse();
    }

    @Test
    void whatIsMadeOutsideOutlivesOpenScopes() {
        Tensor parameter;
        Tensor after;
        try (TensorScope scope = TensorScope.open()) {
            parameter = TensorScope.outside(() -> Tensor.ones(2));
            after = Tensor.ones(2);
            assertThatThrownBy(() -> TensorScope.outside(() -> {
                        throw new UnsupportedOperationException();
                    }))
                    .isInstanceOf(UnsupportedOperationException.class);
            assertThat(isManaged(Tensor.ones(1)))
                    .as("the scope is innermost again")
                    .isFalse();
        }
        assertThat(isManaged(parameter)).isTrue();
        assertThat(after.storage().isReleased()).isTrue();
    }

    @Test
    void discardReleasesAtOnce() {
        try (TensorScope scope = TensorScope.open()) {
            Tensor state = Tensor.ones(2);
            TensorScope.discard(state);
            assertThat(state.storage().isReleased()).isTrue();
        }
        Tensor managed = Tensor.ones(2);
        TensorScope.discard(managed);
        TensorScope.discard(managed);
        assertThat(managed.storage().isReleased()).isTrue();
    }

    @Test
    void aKeptTensorThatWasDiscardedIsNotRevived() {
        Tensor t;
        try (TensorScope scope = TensorScope.open()) {
            t = scope.keep(Tensor.ones(2));
            TensorScope.discard(t);
        }
        assertThat(t.storage().isReleased()).isTrue();
    }
}
