"""One file a use case: check, plan, apply, resume, undo, export, review, explain, history."""
