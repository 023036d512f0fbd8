"""Recognise what each column holds, and read its words and dates."""
