"""The service: speech API, jobs, webhooks and the review page, thin over tasks and flows."""
