"""The report of a benchmark: one HTML page, and the same figures for papers.

results folder --> runs --> views --> page       HTML with plotly.js inside
                   read     numbers   pictures   PNG by matplotlib
"""
