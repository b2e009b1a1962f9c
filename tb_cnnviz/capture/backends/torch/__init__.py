"""What PyTorch alone needs."""
