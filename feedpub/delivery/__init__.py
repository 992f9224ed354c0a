"""Deliveries that are due → messages handed to a transport, and what became of each."""
