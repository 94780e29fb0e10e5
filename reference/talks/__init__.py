"""What talks and research pages named by the course add, a module each."""
