"""The sizes of the models, from their config files or, where those say nothing, their tensors.

Pure values; imports neither torch nor a file. ``flow/config.yaml`` and ``hift.pt`` name no
sizes: the stored weights decide (the shape of a tensor by its name is given to ``from_shapes``).
Every ``from_…`` raises ``Unusable`` for values that this engine cannot run.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

Shapes = Mapping[str, tuple[int, ...]]  # of tensors, by their stored names

RATES = (24000, 32000)  # Hz, of the two vocoders
MEL = 80
SPEAKER = 192  # CAMPPlus
MEL_PER_SECOND = 50
TOKENS_PER_SECOND = 25


class Unusable(ValueError):
    """A value of a config, or a shape, that the engine cannot run.

    Args:
        place: the key or tensor.
        found: what is there.
        expected: what would be right.
    """

    def __init__(self, place: str, found: str, expected: str) -> None:
        super().__init__(f"{place}: {found}; expected {expected}")
        self.place, self.found, self.expected = place, found, expected


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
        _same(data, "model_type", "llama")
        _same(data, "hidden_act", "silu")
        _same(data, "rope_scaling", None)
        _same(data, "attention_bias", False)
        _same(data, "mlp_bias", False)
        _same(data, "tie_word_embeddings", True, absent=False)
        hidden = _whole(data, "hidden_size")
        heads = _whole(data, "num_attention_heads")
        kv_heads = _whole(data, "num_key_value_heads", default=heads)
        head_dim = _whole(data, "head_dim", default=hidden // heads)
        if heads % kv_heads:
            raise Unusable("num_key_value_heads", str(kv_heads), f"a divisor of {heads} heads")
        if head_dim % 2:
            raise Unusable("head_dim", str(head_dim), "an even number")
        return cls(
            vocab=_whole(data, "vocab_size"),
            hidden=hidden,
            layers=_whole(data, "num_hidden_layers"),
            heads=heads,
            kv_heads=kv_heads,
            head_dim=head_dim,
            ffn=_whole(data, "intermediate_size"),
            norm_eps=_positive(data, "rms_norm_eps"),
            rope_theta=_positive(data, "rope_theta"),
            max_positions=_whole(data, "max_position_embeddings"),
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
        _same(data, "spkr_emb_adaLN", True)
        _same(data, "remove_spkr_concat_condition", True)
        _same(data, "mel_dim", MEL)
        _same(data, "mel_framerate", MEL_PER_SECOND)
        _same(data, "input_frame_rate", TOKENS_PER_SECOND)
        _same(data, "use_wavlm_emb", False)
        _same(data, "t_scheduler", "cosine")
        at = "estimator."
        mel, width = _shape(shapes, f"{at}proj_out.weight", 2)
        inner, _ = _shape(shapes, f"{at}transformer_blocks.0.attn.to_q.weight", 2)
        feed, _ = _shape(shapes, f"{at}transformer_blocks.0.ff.ff.0.0.weight", 2)
        vocab, text_width = _shape(shapes, f"{at}text_emb_layer.text_embed.weight", 2)
        (half,) = _shape(shapes, f"{at}rotary_embed.inv_freq", 1)
        modulated = _shape(shapes, f"{at}norm_out.linear.weight", 2)[1]
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
            depth=_count(shapes, f"{at}transformer_blocks."),
            heads=inner // head_dim,
            ff_mult=feed // width,
            text_width=text_width,
            text_blocks=_count(shapes, f"{at}text_emb_layer.text_blocks."),
            vocab=vocab,
            head_dim=head_dim,
            mel=mel,
            speaker=modulated - width,
            speech_token_cfg=_flag(data, "speech_token_cfg", default=False),
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
        _same(data, "activation_function", "gelu")
        _same(data, "scale_embedding", False)
        _same(data, "encoder_causal_attention", False)
        _same(data, "encoder_causal_convolution", False)
        _same(data, "quantize_causal_encoder", False)
        _same(data, "pooling_type", "avg")
        width, heads = _whole(data, "d_model"), _whole(data, "encoder_attention_heads")
        if width % heads:
            raise Unusable("encoder_attention_heads", str(heads), f"a divisor of d_model {width}")
        layers = _whole(data, "quantize_position")
        pooled = _whole(data, "pooling_position", default=layers)
        if pooled != layers:
            raise Unusable("pooling_position", str(pooled), f"quantize_position, {layers}")
        pooling = _whole(data, "pooling_kernel_size")
        if pooling != 2:  # 50 Hz to the 25 Hz of the language model
            raise Unusable("pooling_kernel_size", str(pooling), "2")
        blocked = data.get("quantize_causal_block_size") is not None
        return cls(
            width=width,
            heads=heads,
            layers=layers,
            ffn=_whole(data, "encoder_ffn_dim"),
            mels=_whole(data, "num_mel_bins"),
            max_positions=_whole(data, "max_source_positions"),
            block=_whole(data, "quantize_causal_block_size") if blocked else None,
            pooling=pooling,
            codebook=_whole(data, "quantize_vocab_size"),
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
        (base,) = _shape(shapes, "conv_pre.bias", 1)
        _, f0_width = _shape(shapes, "f0_predictor.classifier.weight", 2)
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


def _whole(data: Mapping[str, Any], key: str, default: int | None = None) -> int:
    value = data.get(key)
    if value is None and default is not None:
        return default
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= 10_000_000:
        raise Unusable(key, "missing" if value is None else repr(value), "a whole number from 1")
    return value


def _positive(data: Mapping[str, Any], key: str) -> float:
    value = data.get(key)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < 1e9:
        raise Unusable(key, "missing" if value is None else repr(value), "a number above 0")
    return float(value)


def _flag(data: Mapping[str, Any], key: str, *, default: bool) -> bool:
    value = data.get(key, default)
    if not isinstance(value, bool):
        raise Unusable(key, repr(value), "true or false")
    return value


def _same(data: Mapping[str, Any], key: str, wanted: object, *, absent: bool = True) -> None:
    """One value and no other; a key that is absent is right unless ``absent`` is False."""
    value = data.get(key)
    right = absent if key not in data else value == wanted and type(value) is type(wanted)
    if not right:
        raise Unusable(key, repr(value) if key in data else "missing", repr(wanted))


def _shape(shapes: Shapes, name: str, dimensions: int) -> tuple[int, ...]:
    shape = shapes.get(name)
    if shape is None:
        raise Unusable(name, "missing", f"a tensor of {dimensions} dimensions")
    if len(shape) != dimensions:
        raise Unusable(name, f"shape {list(shape)}", f"{dimensions} dimensions")
    return tuple(shape)


def _count(shapes: Shapes, prefix: str) -> int:
    """How many numbered parts stand under ``prefix``: one more than the largest number."""
    numbers = {
        int(name.removeprefix(prefix).partition(".")[0])
        for name in shapes
        if name.startswith(prefix) and name.removeprefix(prefix).partition(".")[0].isdigit()
    }
    return max(numbers, default=-1) + 1
