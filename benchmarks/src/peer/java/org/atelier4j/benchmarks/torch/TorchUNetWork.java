package org.atelier4j.benchmarks.torch;

import java.util.LinkedHashMap;
import java.util.Map;
import org.atelier4j.benchmarks.UNetData;
import org.atelier4j.benchmarks.Work;
import org.atelier4j.diffusion.unet.UNetConfig;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.AdamW;
import org.bytedeco.pytorch.AdamWOptions;
import org.bytedeco.pytorch.InferenceMode;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.MemoryFormat;

/** libtorch's U-Net on the batch that all engines share: a training step with its own AdamW, or a prediction. */
final class TorchUNetWork implements Work {
    /** The system property that, set to {@code contiguous}, has images as (B, C, H, W) in memory. */
    private static final String LAYOUT = "atelier.benchmarks.layout";

    private final TorchUNet net;
    private final boolean training;
    private final Tensor images;
    private final Tensor times;
    private final Tensor noise;
    private final AdamW optimizer;

    TorchUNetWork(UNetData data, boolean training) {
        this.training = training;
        boolean contiguous = "contiguous".equals(System.getProperty(LAYOUT));
        MemoryFormat layout = contiguous ? MemoryFormat.Contiguous : MemoryFormat.ChannelsLast;
        net = new TorchUNet(data, layout);
        UNetConfig.Images size = data.config().images();
        images = Torch.images(data.images(), layout, data.batch(), size.height(), size.width(), size.in());
        noise = Torch.images(data.noise(), layout, data.batch(), size.height(), size.width(), size.out());
        times = Torch.of(data.times(), data.batch());
        Tensor[] parameters = net.parameters().values().toArray(Tensor[]::new);
        optimizer = new AdamW(new TensorVector(parameters), new AdamWOptions(UNetData.LEARNING_RATE));
    }

    @Override
    public void run() {
        if (training) {
            try (PointerScope scope = new PointerScope()) {
                optimizer.zero_grad(); // lets the gradients go, as in Python
                torch.mse_loss(net.forward(images, times), noise).backward();
                optimizer.step();
            }
        } else {
            try (PointerScope scope = new PointerScope();
                    InferenceMode mode = new InferenceMode()) {
                net.forward(images, times);
            }
        }
    }

    @Override
    public Map<String, float[]> results() {
        Map<String, float[]> all = new LinkedHashMap<>();
        try (PointerScope scope = new PointerScope()) {
            Tensor prediction = net.forward(images, times);
            all.put("prediction", Torch.imageValues(prediction));
            if (training) {
                torch.mse_loss(prediction, noise).backward();
                net.parameters().forEach((path, p) -> all.put("gradient of " + path, Torch.values(p.grad())));
                optimizer.zero_grad();
            }
        }
        return all;
    }
}
