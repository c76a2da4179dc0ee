package org.atelier4j.vqvae;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Map;
import java.util.TreeMap;
import org.atelier4j.io.Json;
import org.atelier4j.tensor.Tensor;

/** The fingerprint of a codebook: SHA-256 over its config and its numbers in order of their names. */
final class CodebookHash {
    private CodebookHash() {}

    static String of(CodebookConfig config, Map<String, Tensor> numbers) {
        MessageDigest digest = sha256();
        digest.update(Json.write(config.toTree()).getBytes(StandardCharsets.UTF_8));
        new TreeMap<>(numbers).forEach((name, tensor) -> {
            digest.update(name.getBytes(StandardCharsets.UTF_8));
            digest.update(tensor.shape().toString().getBytes(StandardCharsets.UTF_8));
            digest.update(tensor.detach().download());
        });
        return HexFormat.of().formatHex(digest.digest());
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform must have SHA-256", e);
        }
    }
}
