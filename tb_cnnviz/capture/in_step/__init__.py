"""What rides along in a train step."""
