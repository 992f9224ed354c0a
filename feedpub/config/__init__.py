"""The text of `config.yaml` ⇄ Config."""
