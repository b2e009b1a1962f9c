"""The network itself: its layers, geometry, data flow and forward pass."""
