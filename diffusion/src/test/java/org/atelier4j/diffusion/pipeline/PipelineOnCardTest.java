package org.atelier4j.diffusion.pipeline;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.atelier4j.diffusion.pipeline.DiffusionPipeline.Request;
import org.atelier4j.diffusion.unet.UNet;
import org.atelier4j.diffusion.unet.UNetConfig;
import org.atelier4j.model.LabelDropout;
import org.atelier4j.tensor.Rng;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.TensorAssert;
import org.atelier4j.tensor.TensorScope;
import org.atelier4j.tensor.device.Device;
import org.atelier4j.tensor.device.DeviceScope;
import org.atelier4j.tensor.device.cuda.Emulator;
import org.junit.jupiter.api.Test;

/** A model that was loaded onto an (emulated) card draws there what it draws on the host, the network being one graph. */
class PipelineOnCardTest {
    private static final UNetConfig SIZES = new UNetConfig(
            new UNetConfig.Images(4, 4, 1, 1),
            new UNetConfig.Channels(8, List.of(1, 2), 1, 4),
            new UNetConfig.Attention(List.of(2), 1),
            new UNetConfig.Conditions(3, 0),
            0);

    private static DiffusionPipeline pipeline() {
        UNet network = new UNet(SIZES, Rng.of(1));
        int[] i = new int[1];
        network.parameters()
                .forEach((path, p) ->
                        p.assign(Rng.of(2).split(i[0]++).normal(p.shape()).mul(0.2)));
        PipelineConfig config = new PipelineConfig(
                SIZES, Objective.Discrete.standard(), List.of("boot", "bag", "coat"), LabelDropout.USUAL);
        return new DiffusionPipeline(network, config);
    }

    private static Tensor draw(DiffusionPipeline pipeline, Request request) {
        return pipeline.generate(request).tensor().to(Device.cpu());
    }

    @Test
    void severalThreadsDrawWhatOneDraws() throws ExecutionException, InterruptedException {
        Device card = Emulator.device();
        ExecutorService threads = Executors.newFixedThreadPool(3);
        try (DeviceScope there = DeviceScope.open(card);
                DiffusionPipeline alone = pipeline();
                DiffusionPipeline shared = pipeline()) {
            List<Request> requests = IntStream.range(0, 6)
                    .mapToObj(i -> Request.of(1 + i % 2)
                            .withLabels(List.of(i % 3))
                            .withSeed(i)
                            .withSampler(SamplerKind.DDIM, 3))
                    .toList();
            List<Future<Tensor>> images = requests.stream()
                    .map(request -> threads.submit(() -> draw(shared, request)))
                    .toList();
            for (int i = 0; i < images.size(); i++) {
                TensorAssert.assertThat(images.get(i).get()).isIdenticalTo(draw(alone, requests.get(i)));
            }
        } finally {
            threads.shutdown();
        }
    }

    @Test
    void imagesAreThoseOfTheHost() {
        Device card = Emulator.device();
        Request request = Request.of(2).withLabels(List.of(0, 2)).withSampler(SamplerKind.DDPM, 6);
        Tensor expected;
        try (DiffusionPipeline pipeline = pipeline()) {
            expected = draw(pipeline, request);
        }
        try (DeviceScope there = DeviceScope.open(card);
                TensorScope scope = TensorScope.open();
                DiffusionPipeline pipeline = pipeline()) {
            long start = Emulator.hostLaunches();
            TensorAssert.assertThat(draw(pipeline, request)).isCloseTo(expected, 1e-4, 1e-4);
            long first = Emulator.hostLaunches() - start;
            TensorAssert.assertThat(draw(pipeline, request)).isCloseTo(expected, 1e-4, 1e-4);
            long second = Emulator.hostLaunches() - start - first;

            assertThat(second).as("launches once the network is recorded").isLessThan(first / 3);
        }
    }
}
