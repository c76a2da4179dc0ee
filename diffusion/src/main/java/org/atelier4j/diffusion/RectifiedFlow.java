package org.atelier4j.diffusion;

import org.atelier4j.tensor.Check;
import org.atelier4j.tensor.Expression;
import org.atelier4j.tensor.Rng;
import org.atelier4j.tensor.Shape;
import org.atelier4j.tensor.Tensor;

/**
 * Straight paths between data and noise: Liu et al. 2022, "Flow Straight and Fast" (arXiv:2209.03003), and the
 * conditional flow matching of Lipman et al. 2022 (arXiv:2210.02747) with the optimal-transport path.
 *
 * <p>Here {@code x_t = (1 − t) x0 + t ε}, t from 0 (data) to 1 (noise), as in Esser et al. 2024 (arXiv:2403.03206); the
 * first two papers run time the other way. The network learns the velocity {@code dx_t/dt = ε − x0}; sampling
 * integrates it from 1 to 0 ({@link org.atelier4j.diffusion.sampler.FlowSampler}).
 *
 * <p>Differs from the papers: the network is told {@code 1000 t}, so that a time embedding made for a thousand discrete
 * steps resolves it.
 *
 * @param times how training draws t
 */
public record RectifiedFlow(Times times) implements DiffusionLoss {
    private static final double TIME_SCALE = 1000;

    /** The law of t in training. */
    public sealed interface Times {
        /** Returns times in (0, 1), one per image (B). */
        Tensor draw(int images, Rng rng);

        /** All times alike. */
        record Uniform() implements Times {
            @Override
            public Tensor draw(int images, Rng rng) {
                return rng.uniform(Shape.of(images));
            }
        }

        /**
         * {@code t = 1/(1 + e^{−u})}, {@code u ~ N(mean, std²)}: more of the middle, where the velocity is hard to tell
         * (Esser et al. 2024, eq. 19).
         *
         * @param mean positive for more noise
         * @param std &gt; 0
         */
        record LogitNormal(double mean, double std) implements Times {
            /** Checks the range. */
            public LogitNormal {
                Check.that(std > 0, "LogitNormal: std must be > 0, got %s", std);
            }

            @Override
            public Tensor draw(int images, Rng rng) {
                return rng.normal(Shape.of(images)).mul(std).add(mean).sigmoid();
            }
        }
    }

    /** Draws all times alike. */
    public RectifiedFlow() {
        this(new Times.Uniform());
    }

    /** Returns {@code (1 − t) x0 + t ε}, one t per image (B). */
    public Tensor interpolate(Tensor x0, Tensor eps, Tensor t) {
        Expression share = PerImage.factors(t, x0);
        return Expression.of(x0)
                .mul(share.affine(-1, 1))
                .add(Expression.of(eps).mul(share))
                .tensor();
    }

    /** Returns the velocity field around a network: it takes t in [0, 1] as time and returns dx/dt. */
    public Denoiser around(Denoiser network) {
        Denoiser.Lazy field = (x, t, condition) -> network.predict(x, t.mul(TIME_SCALE), condition);
        return field;
    }

    @Override
    public Tensor loss(Denoiser network, Tensor x0, Condition condition, Rng rng) {
        Tensor t = times.draw(x0.dim(0), rng.split("t"));
        return at(network, x0, condition, t, rng.split("eps").normal(x0.shape()));
    }

    /** Returns {@code mean ‖v_θ(x_t, t) − (ε − x0)‖²} at given times, one per image (B). */
    public Tensor at(Denoiser network, Tensor x0, Condition condition, Tensor t, Tensor eps) {
        Tensor xt = interpolate(x0, eps, t);
        Expression velocity = around(network).predict(xt, t.to(x0.dtype()), condition);
        Expression target = Expression.of(eps).sub(Expression.of(x0));
        return velocity.sub(target).square().tensor().mean();
    }
}
