"""One torch thread for every test here: the models are small, and the machine is shared."""

from __future__ import annotations

import torch

torch.set_num_threads(1)
