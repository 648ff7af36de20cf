"""Jobs over HTTP: runs of Prefect as other systems know them."""
