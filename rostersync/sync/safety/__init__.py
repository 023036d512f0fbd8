"""Hold every change that could take access from somebody by mistake, rule by rule."""
