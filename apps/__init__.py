"""The services of the shop. Each module describes one service, as `SERVICE`."""
