package org.atelier4j.vqvae;

import java.util.Map;
import java.util.TreeMap;
import org.atelier4j.io.Json;
import org.atelier4j.tensor.Sha256;
import org.atelier4j.tensor.Tensor;

/** The fingerprint of a codebook: SHA-256 over its config and its numbers in order of their names. */
final class CodebookHash {
    private CodebookHash() {}

    static String of(CodebookConfig config, Map<String, Tensor> numbers) {
        Sha256 hash = new Sha256().add(Json.write(config.toTree()));
        new TreeMap<>(numbers)
                .forEach((name, tensor) -> hash.add(name)
                        .add(tensor.shape().toString())
                        .add(tensor.detach().download()));
        return hash.hex();
    }
}
