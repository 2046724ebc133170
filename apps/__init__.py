"""The services of the shop: one module each, whose `SERVICE` says all about it."""
