"""What is measured, one quantity a file."""
