"""What the flow calculates, counted: to say how near a measured speed is to what is possible."""

from __future__ import annotations

from tts.glm.checkpoint.configs import FlowConfig

_TOKEN_KERNEL, _POSITION_KERNEL, _GROUPS = 7, 31, 16


def operations(config: FlowConfig, frames: int, steps: int = 10) -> int:
    """Floating-point operations of one job, both guidance branches, the multiply and the add
    of a product counted apart.

    Only products and convolutions: norms and gates are passes over memory. The modulations, one
    row for each step and speaker, are left out as well.

    Args:
        frames: of the job, its reference's included; padding is nobody's work.
    """
    width, text, inner = config.width, config.text_width, config.heads * config.head_dim
    token_paths = 2 if config.speech_token_cfg else 1
    once = token_paths * config.text_blocks * text * (_TOKEN_KERNEL + 2 * 2 * text)
    once += 2 * width * (config.mel + text)
    convolutions = 2 * width * (width // _GROUPS) * _POSITION_KERNEL
    attention = 4 * width * inner + 2 * frames * inner
    branch = convolutions + config.depth * (attention + 2 * config.ff_mult * width * width)
    step = config.mel * width + 2 * (branch + width * config.mel)
    return 2 * frames * (once + steps * step)
