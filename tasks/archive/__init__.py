"""The archive: what is finished as deterministic zips in an object store, then pruned."""
