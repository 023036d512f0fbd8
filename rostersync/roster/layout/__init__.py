"""Find the header row, and the rows that state no enrolment."""
