"""The sizes of the models, from their config files or, where those say nothing, their tensors.

Pure values; imports neither torch nor a file. ``flow/config.yaml`` and ``hift.pt`` name no
sizes: the stored weights decide (the shape of a tensor by its name is given to ``from_shapes``).
Every ``from_…`` raises ``Unusable`` for values that this engine cannot run.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from tts.glm.checkpoint.fields import Shapes, Unusable, count, flag, positive, same, shape, whole

RATES = (24000, 32000)  # Hz, of the two vocoders
MEL = 80
SPEAKER = 192  # CAMPPlus
MEL_PER_SECOND = 50
TOKENS_PER_SECOND = 25


@dataclass(frozen=True, slots=True)
class LmConfig:
    """A Llama without biases whose output layer is its embedding."""

    vocab: int  # rows of the embedding
    hidden: int
    layers: int
    heads: int
    kv_heads: int
    head_dim: int
    ffn: int
    norm_eps: float
    rope_theta: float
    max_positions: int

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """From ``llm/config.json``.

        Raises:
            Unusable: a value is missing, makes no sense, or asks for another architecture.
        """
        same(data, "model_type", "llama")
        same(data, "hidden_act", "silu")
        same(data, "rope_scaling", None)
        same(data, "attention_bias", False)
        same(data, "mlp_bias", False)
        same(data, "tie_word_embeddings", True, absent=False)
        hidden = whole(data, "hidden_size")
        heads = whole(data, "num_attention_heads")
        kv_heads = whole(data, "num_key_value_heads", default=heads)
        head_dim = whole(data, "head_dim", default=hidden // heads)
        if heads % kv_heads:
            raise Unusable("num_key_value_heads", str(kv_heads), f"a divisor of {heads} heads")
        if head_dim % 2:
            raise Unusable("head_dim", str(head_dim), "an even number")
        return cls(
            vocab=whole(data, "vocab_size"),
            hidden=hidden,
            layers=whole(data, "num_hidden_layers"),
            heads=heads,
            kv_heads=kv_heads,
            head_dim=head_dim,
            ffn=whole(data, "intermediate_size"),
            norm_eps=positive(data, "rms_norm_eps"),
            rope_theta=positive(data, "rope_theta"),
            max_positions=whole(data, "max_position_embeddings"),
        )


@dataclass(frozen=True, slots=True)
class FlowConfig:
    """The diffusion transformer from speech tokens to mel."""

    width: int
    depth: int  # transformer blocks
    heads: int
    ff_mult: int
    text_width: int
    text_blocks: int  # ConvNeXt blocks of the token path
    vocab: int  # rows of text_embed
    head_dim: int = 64
    mel: int = MEL
    speaker: int = SPEAKER
    guidance: float = 0.7  # inference_cfg_rate
    speech_token_cfg: bool = False

    @staticmethod
    def check_settings(data: Mapping[str, Any]) -> None:
        """Refuses a variant of the flow that the published model is not.

        Raises:
            Unusable: the first key that asks for one.
        """
        same(data, "spkr_emb_adaLN", True)
        same(data, "remove_spkr_concat_condition", True)
        same(data, "mel_dim", MEL)
        same(data, "mel_framerate", MEL_PER_SECOND)
        same(data, "input_frame_rate", TOKENS_PER_SECOND)
        same(data, "use_wavlm_emb", False)
        same(data, "t_scheduler", "cosine")
        flag(data, "speech_token_cfg", default=False)

    @classmethod
    def from_shapes(cls, shapes: Shapes, yaml: Mapping[str, Any] | None = None) -> Self:
        """From the tensors of ``flow.pt`` (names begin with ``estimator.``).

        Args:
            yaml: what stands under ``flow:`` in ``flow/config.yaml``.

        Raises:
            Unusable: a tensor that tells a size is missing, or the file asks for a variant
                that the published model is not.
        """
        data = yaml or {}
        cls.check_settings(data)
        at = "estimator."
        mel, width = shape(shapes, f"{at}proj_out.weight", 2)
        inner, _ = shape(shapes, f"{at}transformer_blocks.0.attn.to_q.weight", 2)
        feed, _ = shape(shapes, f"{at}transformer_blocks.0.ff.ff.0.0.weight", 2)
        vocab, text_width = shape(shapes, f"{at}text_emb_layer.text_embed.weight", 2)
        (half,) = shape(shapes, f"{at}rotary_embed.inv_freq", 1)
        modulated = shape(shapes, f"{at}norm_out.linear.weight", 2)[1]
        head_dim = 2 * half
        if inner % head_dim:
            raise Unusable(
                f"{at}transformer_blocks.0.attn.to_q.weight",
                f"{inner} rows",
                f"a multiple of the {head_dim} channels of a head",
            )
        if feed % width:
            raise Unusable(
                f"{at}transformer_blocks.0.ff.ff.0.0.weight",
                f"{feed} rows",
                f"a multiple of the width {width}",
            )
        if width % 16:  # groups of the position convolution
            raise Unusable(f"{at}proj_out.weight", f"{width} columns", "a multiple of 16")
        return cls(
            width=width,
            depth=count(shapes, f"{at}transformer_blocks."),
            heads=inner // head_dim,
            ff_mult=feed // width,
            text_width=text_width,
            text_blocks=count(shapes, f"{at}text_emb_layer.text_blocks."),
            vocab=vocab,
            head_dim=head_dim,
            mel=mel,
            speaker=modulated - width,
            speech_token_cfg=flag(data, "speech_token_cfg", default=False),
        )


@dataclass(frozen=True, slots=True)
class VqConfig:
    """The Whisper encoder that turns a recording into speech tokens."""

    width: int
    heads: int
    layers: int  # quantize_position: later ones are not loaded
    ffn: int
    mels: int
    max_positions: int  # at 50 Hz
    block: int | None  # frames that see one another whatever their order; None: all do
    pooling: int  # frames to a token
    codebook: int  # entries

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """From ``speech_tokenizer/config.json``.

        Raises:
            Unusable: see ``LmConfig.from_json``.
        """
        same(data, "activation_function", "gelu")
        same(data, "scale_embedding", False)
        same(data, "encoder_causal_attention", False)
        same(data, "encoder_causal_convolution", False)
        same(data, "quantize_causal_encoder", False)
        same(data, "pooling_type", "avg")
        width, heads = whole(data, "d_model"), whole(data, "encoder_attention_heads")
        if width % heads:
            raise Unusable("encoder_attention_heads", str(heads), f"a divisor of d_model {width}")
        layers = whole(data, "quantize_position")
        pooled = whole(data, "pooling_position", default=layers)
        if pooled != layers:
            raise Unusable("pooling_position", str(pooled), f"quantize_position, {layers}")
        pooling = whole(data, "pooling_kernel_size")
        if pooling != 2:  # 50 Hz to the 25 Hz of the language model
            raise Unusable("pooling_kernel_size", str(pooling), "2")
        blocked = data.get("quantize_causal_block_size") is not None
        return cls(
            width=width,
            heads=heads,
            layers=layers,
            ffn=whole(data, "encoder_ffn_dim"),
            mels=whole(data, "num_mel_bins"),
            max_positions=whole(data, "max_source_positions"),
            block=whole(data, "quantize_causal_block_size") if blocked else None,
            pooling=pooling,
            codebook=whole(data, "quantize_vocab_size"),
        )


@dataclass(frozen=True, slots=True)
class HiftConfig:
    """The vocoder at 24 kHz; everything else about it is fixed."""

    base: int  # channels before the first upsampling; halves with each of three
    f0_width: int  # channels of the pitch predictor

    @classmethod
    def from_shapes(cls, shapes: Shapes) -> Self:
        """From the tensors of ``hift.pt``.

        Raises:
            Unusable: a tensor that tells a size is missing.
        """
        (base,) = shape(shapes, "conv_pre.bias", 1)
        _, f0_width = shape(shapes, "f0_predictor.classifier.weight", 2)
        if base % 8:
            raise Unusable("conv_pre.bias", f"{base} channels", "a multiple of 8")
        return cls(base=base, f0_width=f0_width)


@dataclass(frozen=True, slots=True)
class SpecialTokens:
    """Ids of the tokens with a meaning of their own, resolved by name from the tokenizer."""

    pad: int
    eoa: int  # end of audio
    boa: int  # begin of audio
    ats: int  # first speech token
    ate: int  # last speech token

    @classmethod
    def from_mapping(cls, ids: Mapping[str, int]) -> Self:
        """From ids by field name."""
        return cls(**{name: int(ids[name]) for name in ("pad", "eoa", "boa", "ats", "ate")})

    @property
    def codes(self) -> int:
        """How many speech tokens there are."""
        return self.ate - self.ats + 1
