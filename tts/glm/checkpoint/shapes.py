"""Which tensors each model has, by name, and their shapes, from its sizes.

Names and shapes are those of the published files. What a config cannot say (the sizes of flow
and vocoder) was inferred from some of these tensors; here all of them are held against it.
"""

from __future__ import annotations

from collections.abc import Iterator

from tts.glm.checkpoint.configs import FlowConfig, HiftConfig, LmConfig, VqConfig

Expected = dict[str, tuple[int, ...]]

_KERNELS = (3, 7, 11)  # of the three residual blocks after each upsampling of HiFT
_SOURCE_KERNELS = (7, 7, 11)
_UPSAMPLING = (16, 11, 7)  # kernels of the transposed convolutions
_SOURCE_DOWN = (30, 6, 1)
_SPECTRUM = 18  # real and imaginary parts of 9 bins
_HARMONICS = 9
_VQ_NEEDLESS = ("ema_count", "ema_weight", "embed_positions2.weight")  # training and decoding


def lm_shapes(config: LmConfig) -> Expected:
    """Of ``llm/``; the output layer is the embedding, and has no tensor of its own."""
    width, inner, kv = config.hidden, config.heads * config.head_dim, config.kv_heads
    shapes: Expected = {"model.embed_tokens.weight": (config.vocab, width)}
    for layer in range(config.layers):
        at = f"model.layers.{layer}"
        shapes |= {
            f"{at}.input_layernorm.weight": (width,),
            f"{at}.self_attn.q_proj.weight": (inner, width),
            f"{at}.self_attn.k_proj.weight": (kv * config.head_dim, width),
            f"{at}.self_attn.v_proj.weight": (kv * config.head_dim, width),
            f"{at}.self_attn.o_proj.weight": (width, inner),
            f"{at}.post_attention_layernorm.weight": (width,),
            f"{at}.mlp.gate_proj.weight": (config.ffn, width),
            f"{at}.mlp.up_proj.weight": (config.ffn, width),
            f"{at}.mlp.down_proj.weight": (width, config.ffn),
        }
    shapes["model.norm.weight"] = (width,)
    return shapes


def vq_shapes(config: VqConfig) -> Expected:
    """Of the encoder in ``speech_tokenizer/``, without ``model.encoder.``, as far as used."""
    width = config.width
    shapes: Expected = {
        **_linear("conv1", width, config.mels, 3),
        **_linear("conv2", width, width, 3),
        "embed_positions.weight": (config.max_positions, width),
        "codebook.weight": (config.codebook, width),
    }
    for layer in range(config.layers):
        at = f"layers.{layer}"
        shapes |= {
            **_norm(f"{at}.self_attn_layer_norm", width),
            **_linear(f"{at}.self_attn.q_proj", width, width),
            f"{at}.self_attn.k_proj.weight": (width, width),
            **_linear(f"{at}.self_attn.v_proj", width, width),
            **_linear(f"{at}.self_attn.out_proj", width, width),
            **_norm(f"{at}.final_layer_norm", width),
            **_linear(f"{at}.fc1", config.ffn, width),
            **_linear(f"{at}.fc2", width, config.ffn),
        }
    return shapes


def vq_is_needless(name: str, config: VqConfig) -> bool:
    """Whether a tensor of the encoder's file is there for others: what comes after the
    quantiser, the averages of training, and the final norm."""
    if name in _VQ_NEEDLESS or name.startswith("layer_norm"):
        return True
    layer = name.removeprefix("layers.").partition(".")[0]
    return name.startswith("layers.") and layer.isdigit() and int(layer) >= config.layers


def flow_shapes(config: FlowConfig) -> Expected:
    """Of ``flow/flow.pt``."""
    width, text = config.width, config.text_width
    inner, modulation = config.heads * config.head_dim, width + config.speaker
    shapes: Expected = {
        **_linear("time_embed.time_mlp.0", width, 256),
        **_linear("time_embed.time_mlp.2", width, width),
        "text_emb_layer.text_embed.weight": (config.vocab, text),
        **_linear("emb_concator.proj", width, 2 * config.mel + text),
        **_linear("emb_concator.conv_pos_embed.conv1d.0", width, width // 16, 31),
        **_linear("emb_concator.conv_pos_embed.conv1d.2", width, width // 16, 31),
        "rotary_embed.inv_freq": (config.head_dim // 2,),
        **_linear("norm_out.linear", 2 * width, modulation),
        **_linear("proj_out", config.mel, width),
    }
    for block in range(config.text_blocks):
        at = f"text_emb_layer.text_blocks.{block}"
        shapes |= {
            **_linear(f"{at}.dwconv", text, 1, 7),
            **_norm(f"{at}.norm", text),
            **_linear(f"{at}.pwconv1", 2 * text, text),
            f"{at}.grn.gamma": (1, 1, 2 * text),
            f"{at}.grn.beta": (1, 1, 2 * text),
            **_linear(f"{at}.pwconv2", text, 2 * text),
        }
    for block in range(config.depth):
        at = f"transformer_blocks.{block}"
        shapes |= {
            **_linear(f"{at}.attn_norm.linear", 6 * width, modulation),
            **_linear(f"{at}.attn.to_q", inner, width),
            **_linear(f"{at}.attn.to_k", inner, width),
            **_linear(f"{at}.attn.to_v", inner, width),
            **_linear(f"{at}.attn.to_out.0", width, inner),
            **_linear(f"{at}.ff.ff.0.0", config.ff_mult * width, width),
            **_linear(f"{at}.ff.ff.2", width, config.ff_mult * width),
        }
    return {f"estimator.{name}": shape for name, shape in shapes.items()}


def hift_shapes(config: HiftConfig) -> Expected:
    """Of ``hift/hift.pt``: convolutions as size (original0) and direction (original1)."""
    base, pitch = config.base, config.f0_width
    shapes: Expected = {
        "m_source.l_linear.weight": (1, _HARMONICS),
        "m_source.l_linear.bias": (1,),
        **_normed("conv_pre", base, 80, 7),
        **_normed("conv_post", _SPECTRUM, base // 8, 7),
        "f0_predictor.classifier.weight": (1, pitch),
        "f0_predictor.classifier.bias": (1,),
    }
    for layer in range(5):
        inputs = pitch if layer else 80
        shapes |= _normed(f"f0_predictor.condnet.{2 * layer}", pitch, inputs, 3)
    for stage, kernel in enumerate(_UPSAMPLING):
        above, width = base >> stage, base >> (stage + 1)
        up = f"ups.{stage}"
        shapes |= {
            f"{up}.bias": (width,),
            f"{up}.parametrizations.weight.original0": (above, 1, 1),  # transposed: inputs first
            f"{up}.parametrizations.weight.original1": (above, width, kernel),
            **_linear(f"source_downs.{stage}", width, _SPECTRUM, _SOURCE_DOWN[stage]),
            **dict(_residual(f"source_resblocks.{stage}", width, _SOURCE_KERNELS[stage])),
        }
        for number, size in enumerate(_KERNELS):
            shapes |= _residual(f"resblocks.{len(_KERNELS) * stage + number}", width, size)
    return shapes


def _linear(name: str, outputs: int, inputs: int, kernel: int = 0) -> Expected:
    """Weight and bias of a linear layer, or of a convolution where a kernel is given."""
    weight = (outputs, inputs, kernel) if kernel else (outputs, inputs)
    return {f"{name}.weight": weight, f"{name}.bias": (outputs,)}


def _norm(name: str, width: int) -> Expected:
    return {f"{name}.weight": (width,), f"{name}.bias": (width,)}


def _normed(name: str, outputs: int, inputs: int, kernel: int) -> Expected:
    return {
        f"{name}.bias": (outputs,),
        f"{name}.parametrizations.weight.original0": (outputs, 1, 1),
        f"{name}.parametrizations.weight.original1": (outputs, inputs, kernel),
    }


def _residual(name: str, width: int, kernel: int) -> Iterator[tuple[str, tuple[int, ...]]]:
    for number in range(3):
        for half in (1, 2):
            yield f"{name}.activations{half}.{number}.alpha", (width,)
            yield from _normed(f"{name}.convs{half}.{number}", width, width, kernel).items()
