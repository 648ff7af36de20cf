"""Who listens to takes: the ear, the recogniser's process, its model."""
