package org.atelier4j.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;

class LabelDropoutTest {

    @Test
    void metadataGiveBackWhatTheyWereGiven() {
        Map<String, String> texts = new LinkedHashMap<>();
        new LabelDropout(0.15).putInto(texts);

        assertThat(texts).containsExactly(Map.entry("labelDropout", "0.15"));
        assertThat(LabelDropout.ofMetadata(texts, LabelDropout.NONE, "f")).isEqualTo(new LabelDropout(0.15));
        assertThat(LabelDropout.ofMetadata(Map.of(), LabelDropout.USUAL, "f")).isEqualTo(LabelDropout.USUAL);
        assertThatThrownBy(() -> LabelDropout.ofMetadata(Map.of("labelDropout", "much"), LabelDropout.NONE, "f"))
                .hasMessage("labelDropout: of f must be a number, got much");
        assertThatThrownBy(() -> LabelDropout.ofMetadata(Map.of("labelDropout", "1"), LabelDropout.NONE, "f"))
                .hasMessage("labelDropout: must lie in [0, 1), got 1.0");
    }

    @Test
    void onlyAModelWithClassesThatWereHiddenIsGuided() {
        assertThat(LabelDropout.USUAL.allowsGuidance(10)).isTrue();
        assertThat(LabelDropout.USUAL.allowsGuidance(0)).isFalse();
        assertThat(LabelDropout.NONE.allowsGuidance(10)).isFalse();
    }

    @Test
    void whatWasNeverSeenIsRefused() {
        assertThatThrownBy(() -> LabelDropout.NONE.check("m", 10, true, 1))
                .hasMessage("m: guidance must be 0 for a model trained with label dropout 0, which saw no image without"
                        + " its class, got 1.0");
        assertThatThrownBy(() -> LabelDropout.NONE.check("m", 10, false, 0))
                .hasMessage("m: each image must have a class for a model trained with label dropout 0, which saw none"
                        + " without, got images of no class");
        assertThatCode(() -> LabelDropout.NONE.check("m", 10, true, 0)).doesNotThrowAnyException();
        assertThatCode(() -> LabelDropout.NONE.check("m", 0, false, 0)).doesNotThrowAnyException();
        assertThatCode(() -> LabelDropout.USUAL.check("m", 10, false, 0)).doesNotThrowAnyException();
    }
}
