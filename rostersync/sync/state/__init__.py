"""Put the desired enrolments beside the current ones."""
