"""Turn the cells of a sheet into rows of the ROSTER table, with their problems."""
