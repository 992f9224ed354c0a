"""Send due deliveries and process the bounces that come back.

`runner.DeliveryRunner` sends; `bounces.parse_bounce` reads what arrives at the return path.
"""
