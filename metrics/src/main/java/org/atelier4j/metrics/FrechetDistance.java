package org.atelier4j.metrics;

import org.atelier4j.tensor.Check;
import org.atelier4j.tensor.SymmetricEigen;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.TensorScope;
import org.atelier4j.tensor.autograd.NoGrad;

/**
 * The squared Fréchet distance of two Gaussians fitted to features: Heusel et al. 2017, "GANs trained by a two time-scale
 * update rule converge to a local Nash equilibrium" (arXiv:1706.08500), eq. 6, after Dowson, Landau 1982:
 *
 * <pre>{@code d² = ‖μ₁ − μ₂‖² + Tr(Σ₁ + Σ₂ − 2(Σ₁^½ Σ₂ Σ₁^½)^½)}</pre>
 *
 * <p>It is called FID only where the features are those of the Inception network of 2015; with any other network it is a
 * number of its own. It falls with the number of images on either side (Chong, Forsyth 2020), so compare only what was
 * measured with equally many.
 *
 * <p><b>Differs from the usual code</b>, which takes the square root of the unsymmetric Σ₁Σ₂ and drops an imaginary part:
 * the symmetric form has real, non-negative eigenvalues. Those below D·2⁻⁵²·λ_max, which rounding makes of zeros (of
 * either sign), count as zero; so N ≤ D, where Σ is singular, needs no offset on the diagonal.
 */
public final class FrechetDistance {
    private static final String NAME = "FrechetDistance";

    private FrechetDistance() {}

    /** Returns the distance, ≥ 0, of the features of two sets of at least two images each. */
    public static double between(FeatureStatistics a, FeatureStatistics b) {
        Rows.checkSameNetwork(NAME, a.extractor(), a.hash(), b.extractor(), b.hash());
        checkCount(a);
        checkCount(b);
        try (TensorScope scope = TensorScope.open()) {
            return between(a.mean(), a.covariance(), b.mean(), b.covariance());
        }
    }

    private static void checkCount(FeatureStatistics s) {
        Rows.checkCount(NAME, s.count() < 0 ? 2 : s.count(), 2);
    }

    /**
     * Returns the distance, ≥ 0, of two Gaussians.
     *
     * @param mean1 μ₁, FLOAT64 (D)
     * @param covariance1 Σ₁, FLOAT64 (D, D), symmetric with no eigenvalue below zero
     * @param mean2 μ₂
     * @param covariance2 Σ₂
     */
    public static double between(Tensor mean1, Tensor covariance1, Tensor mean2, Tensor covariance2) {
        Check.shape(
                mean1.rank() == 1
                        && mean1.shape().equals(mean2.shape())
                        && covariance1.shape().equals(mean1.shape().insert(0, mean1.dim(0)))
                        && covariance1.shape().equals(covariance2.shape()),
                "FrechetDistance: means must be (D) and covariances (D, D), got %s, %s, %s, %s",
                mean1.shape(),
                covariance1.shape(),
                mean2.shape(),
                covariance2.shape());
        try (TensorScope scope = TensorScope.open();
                NoGrad off = NoGrad.open()) {
            double shift = mean1.sub(mean2).square().sum().item();
            double spread = trace(covariance1) + trace(covariance2) - 2 * overlap(covariance1, covariance2);
            return Math.max(0, shift + spread); // rounding alone brings it below zero
        }
    }

    /** Returns {@code Tr((Σ₁^½ Σ₂ Σ₁^½)^½)}. */
    private static double overlap(Tensor covariance1, Tensor covariance2) {
        SymmetricEigen eigen = SymmetricEigen.of(covariance1); // Σ₁ = VᵀΛV
        Tensor scale = roots(eigen.values()).unsqueeze(1); // Λ^½, (D, 1)
        Tensor half = eigen.vectors().mul(scale); // Λ^½ V: Σ₁^½ turned into Σ₁'s axes, which no eigenvalue sees
        Tensor product = half.matmul(covariance2).matmul(half, false, true); // Λ^½ V Σ₂ Vᵀ Λ^½
        return roots(SymmetricEigen.values(product)).sum().item();
    }

    /** Returns the square roots of eigenvalues, zero for those that rounding cannot tell from zero. */
    private static Tensor roots(Tensor eigenvalues) {
        double[] values = eigenvalues.toDoubles(); // rising
        double floor = values.length * 0x1p-52 * Math.max(0, values[values.length - 1]);
        for (int i = 0; i < values.length; i++) {
            values[i] = values[i] <= floor ? 0 : Math.sqrt(values[i]);
        }
        return Tensor.of(values, values.length);
    }

    private static double trace(Tensor matrix) {
        int n = matrix.dim(0);
        double[] values = matrix.toDoubles();
        double sum = 0;
        for (int i = 0; i < n; i++) {
            sum += values[i * n + i];
        }
        return sum;
    }
}
