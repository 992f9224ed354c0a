"""HTTP side of feedpub: static files, sign-up pages, mail webhooks, health checks and preview."""
