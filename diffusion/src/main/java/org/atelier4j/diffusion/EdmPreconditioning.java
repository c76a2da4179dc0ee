package org.atelier4j.diffusion;

import java.util.List;
import org.atelier4j.tensor.Check;
import org.atelier4j.tensor.Expression;
import org.atelier4j.tensor.Rng;
import org.atelier4j.tensor.Shape;
import org.atelier4j.tensor.Tensor;

/**
 * The continuous process of Karras et al. 2022, "Elucidating the Design Space of Diffusion-Based Generative Models"
 * (arXiv:2206.00364): {@code x = x0 + σ ε}, with a network F whose input and target have unit variance at every σ.
 *
 * <p>The denoiser is {@code D(x; σ) = c_skip x + c_out F(c_in x; c_noise)}, eq. 7; the four functions stand in table 1,
 * column "Ours", and below. Training draws {@code ln σ ~ N(P_mean, P_std²)}.
 *
 * @param sigmaData standard deviation of the data, 0.5 in the paper
 * @param logSigmaMean P_mean, −1.2 in the paper
 * @param logSigmaStd P_std &gt; 0, 1.2 in the paper
 */
public record EdmPreconditioning(double sigmaData, double logSigmaMean, double logSigmaStd) implements DiffusionLoss {

    /** Checks the ranges. */
    public EdmPreconditioning {
        Check.that(
                sigmaData > 0 && logSigmaStd > 0,
                "EdmPreconditioning: sigmaData and logSigmaStd must be > 0, got %s and %s",
                sigmaData,
                logSigmaStd);
    }

    /** Returns the paper's numbers. */
    public static EdmPreconditioning paper() {
        return new EdmPreconditioning(0.5, -1.2, 1.2);
    }

    /** Returns the weight of the noisy image in the result, {@code σ_d²/(σ² + σ_d²)}. */
    public double skip(double sigma) {
        return sigmaData * sigmaData / variance(sigma);
    }

    /** Returns the weight of the network in the result, {@code σ σ_d/√(σ² + σ_d²)}. */
    public double out(double sigma) {
        return sigma * sigmaData / Math.sqrt(variance(sigma));
    }

    /** Returns the factor that gives the network's input unit variance, {@code 1/√(σ² + σ_d²)}. */
    public double in(double sigma) {
        return 1 / Math.sqrt(variance(sigma));
    }

    /** Returns the time that the network is told, {@code ln(σ)/4}. */
    public double noise(double sigma) {
        return Math.log(sigma) / 4;
    }

    /** Returns the loss weight {@code λ(σ) = (σ² + σ_d²)/(σ σ_d)² = 1/c_out²}. */
    public double weight(double sigma) {
        return 1 / (out(sigma) * out(sigma));
    }

    /** The four functions at the noise levels of a batch. */
    private record Factors(Expression skip, Expression out, Expression in, Tensor noise) {}

    /** Returns c_skip, c_out and c_in as (B, 1, …, 1) and c_noise as (B), of the type of {@code like}, for σ (B). */
    private Factors factors(Tensor sigma, Tensor like) {
        Expression s = Expression.of(sigma.to(like.dtype()));
        Expression variance = s.square().add(sigmaData * sigmaData);
        Expression in = variance.sqrt().reciprocal();
        List<Tensor> made = Expression.evaluate(
                variance.reciprocal().mul(sigmaData * sigmaData),
                s.mul(in).mul(sigmaData),
                in,
                s.log().div(4));
        return new Factors(
                PerImage.factors(made.get(0), like),
                PerImage.factors(made.get(1), like),
                PerImage.factors(made.get(2), like),
                made.get(3));
    }

    /** Returns the denoiser D(x; σ) around a network; it takes σ as time and returns x0. */
    public Denoiser around(Denoiser network) {
        Denoiser.Lazy denoiser = (x, sigma, condition) -> {
            Factors c = factors(sigma, x);
            Expression noisy = Expression.of(x);
            Tensor input = noisy.mul(c.in()).tensor();
            Expression output = network.predict(input, c.noise(), condition);
            return noisy.mul(c.skip()).add(output.mul(c.out())); // eq. 7
        };
        return denoiser;
    }

    /** Returns noise levels for a batch (B), log-normal. */
    public Tensor drawSigmas(int images, Rng rng) {
        return rng.normal(Shape.of(images)).mul(logSigmaStd).add(logSigmaMean).exp();
    }

    @Override
    public Tensor loss(Denoiser network, Tensor x0, Condition condition, Rng rng) {
        Tensor sigma = drawSigmas(x0.dim(0), rng.split("sigma"));
        return at(network, x0, condition, sigma, rng.split("eps").normal(x0.shape()));
    }

    /**
     * Returns {@code mean λ(σ) ‖D(x0 + σε; σ) − x0‖²}, eq. 2, in the form of eq. 8: as {@code λ c_out² = 1}, it is the plain
     * error of F against {@code (x0 − c_skip x)/c_out}.
     *
     * @param sigma one level per image (B)
     */
    public Tensor at(Denoiser network, Tensor x0, Condition condition, Tensor sigma, Tensor eps) {
        Factors c = factors(sigma, x0);
        Expression data = Expression.of(x0);
        Expression x = data.add(Expression.of(eps).mul(PerImage.factors(sigma, x0)));
        Expression target = data.sub(x.mul(c.skip())).div(c.out());
        List<Tensor> made = Expression.evaluate(x.mul(c.in()), target);
        return network.predict(made.get(0), c.noise(), condition)
                .sub(Expression.of(made.get(1)))
                .square()
                .tensor()
                .mean();
    }

    private double variance(double sigma) {
        return sigma * sigma + sigmaData * sigmaData;
    }
}
