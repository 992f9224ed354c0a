"""Read, validate and print `config.yaml`, and interpret the schedules in it.

`load.parse_config` returns a `schema.Config`.
"""
