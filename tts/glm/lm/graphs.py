"""Work that is launched again and again: recorded once on a GPU, called as it is elsewhere.

What is recorded reads and writes tensors that live as long as the recording; it allocates only
from the graph's own pool, asks the device for nothing, and its shapes never change.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

Work = Callable[[], None]

_WARM_UPS = 3  # calls before the recording: libraries choose kernels and allocate workspaces


def recorded(work: Work, device: torch.device) -> Work:
    """``work``, or its CUDA graph; calls it a few times first, on a side stream.

    Call it while ``work`` may run without harm: before the state that it changes means anything.
    """
    if device.type != "cuda":
        return work
    with torch.cuda.device(device), torch.inference_mode():
        streams: Any = torch.cuda  # the constructor has no types
        side = streams.Stream()
        side.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(side):
            for _ in range(_WARM_UPS):
                work()
        torch.cuda.current_stream().wait_stream(side)
        graph = torch.cuda.CUDAGraph()
        # other stages of the engine may allocate meanwhile, in their own threads
        with torch.cuda.graph(graph, capture_error_mode="thread_local"):
            work()
    return graph.replay
