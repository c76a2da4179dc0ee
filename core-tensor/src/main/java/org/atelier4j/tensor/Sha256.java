package org.atelier4j.tensor;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/**
 * The SHA-256 of parts that are added one after the other: what weights, codebooks and compiled kernels are known by. Where one
 * part ends and the next begins does not count.
 */
public final class Sha256 {
    private final MessageDigest digest;

    /** Begins with nothing. */
    public Sha256() {
        try {
            digest = MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform must have SHA-256", e);
        }
    }

    /** Returns the hash of bytes, 64 hexadecimal digits. */
    public static String of(byte[] bytes) {
        return new Sha256().add(bytes, bytes.length).hex();
    }

    /** Adds the first {@code length} bytes. */
    public Sha256 add(byte[] bytes, int length) {
        digest.update(bytes, 0, length);
        return this;
    }

    /** Adds what a buffer has left. */
    public Sha256 add(ByteBuffer bytes) {
        digest.update(bytes);
        return this;
    }

    /** Adds a text, in UTF-8. */
    public Sha256 add(String text) {
        digest.update(text.getBytes(StandardCharsets.UTF_8));
        return this;
    }

    /** Returns the hash of all parts, 64 hexadecimal digits, and begins anew. */
    public String hex() {
        return HexFormat.of().formatHex(digest.digest());
    }
}
