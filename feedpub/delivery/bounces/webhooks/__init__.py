"""Verify and parse the bounce and complaint webhooks of mail providers.

Each provider has a class whose instances are `WebhookParser`s: called with a `WebhookRequest` and
the time, they return a `WebhookNotification` or raise WebhookError, and nothing else for any input.
"""
