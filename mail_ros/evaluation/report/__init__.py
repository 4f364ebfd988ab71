"""The report of a benchmark: one HTML page with plotly.js inside, and its tables as Markdown."""
