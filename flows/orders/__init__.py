"""What others order of Prefect: placing runs, following them, ending them."""
