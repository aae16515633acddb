"""The tables of a study, as CSV, HTML and, where a paper has them, LaTeX."""
