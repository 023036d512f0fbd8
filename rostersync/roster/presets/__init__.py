"""What is known of other systems' exports."""
