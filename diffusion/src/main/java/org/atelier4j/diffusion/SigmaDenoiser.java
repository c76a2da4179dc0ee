package org.atelier4j.diffusion;

import java.util.Arrays;
import org.atelier4j.tensor.Check;
import org.atelier4j.tensor.Expression;
import org.atelier4j.tensor.Tensor;

/**
 * A network of discrete time as the denoiser D(x; σ) that EDM samplers ask for: it takes σ as time and returns x0.
 *
 * <p>{@code x = x0 + σε} is {@code x_t/√ᾱ_t} at the t with {@code σ_t = σ}, {@code ᾱ = 1/(1 + σ²)}. Differs from Karras et
 * al. 2022 (table 1, columns VP and iDDPM), who take the nearest step: t between two steps is told to the network as a
 * fraction, linear in ln σ, so that x is always scaled for the σ it has. σ outside of the schedule takes its first or
 * last step.
 */
public final class SigmaDenoiser implements Denoiser.Lazy {
    private final GaussianDiffusion diffusion;
    private final Denoiser network;
    private final double[] logSigmas;

    /** Wraps a network that was trained for {@code diffusion}. */
    public SigmaDenoiser(GaussianDiffusion diffusion, Denoiser network) {
        this.diffusion = diffusion;
        this.network = network;
        NoiseSchedule schedule = diffusion.schedule();
        this.logSigmas = new double[schedule.steps()];
        Arrays.setAll(logSigmas, t -> Math.log(schedule.sigma(t)));
    }

    @Override
    public Expression predict(Tensor x, Tensor sigma, Condition condition) {
        double[] s = sigma.toDoubles();
        double common = s[0];
        for (double other : s) {
            Check.that(other == common, "SigmaDenoiser: all images must be at one sigma, got %s and %s", common, other);
        }
        double alphaCumprod = 1 / (1 + common * common);
        Tensor xt = x.mul(Math.sqrt(alphaCumprod));
        Tensor time = Tensor.full(timestep(common), x.dtype(), sigma.shape());
        Expression output = network.predict(xt, time, condition);
        return diffusion.prediction().x0(output, Expression.of(xt), alphaCumprod);
    }

    /** Returns the step at which the schedule has the given σ, between two steps as a fraction. */
    public double timestep(double sigma) {
        double wanted = Math.log(sigma);
        NoiseSchedule schedule = diffusion.schedule();
        int at = Arrays.binarySearch(logSigmas, wanted);
        int above = at >= 0 ? at : -at - 1;
        if (above == 0 || above == logSigmas.length) {
            return schedule.timestep(above == 0 ? 0 : above - 1);
        }
        double low = logSigmas[above - 1];
        double share = Double.isInfinite(logSigmas[above]) ? 0 : (wanted - low) / (logSigmas[above] - low);
        double before = schedule.timestep(above - 1);
        return before + share * (schedule.timestep(above) - before);
    }
}
