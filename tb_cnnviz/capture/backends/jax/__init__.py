"""What JAX alone needs."""
