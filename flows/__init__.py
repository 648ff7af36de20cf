"""The order of work on Prefect, and the command line."""
