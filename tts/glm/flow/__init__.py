"""From speech tokens and a reference to mel: the diffusion transformer and its solver."""
