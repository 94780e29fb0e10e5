"""The platform: releases assignments, takes notebooks, grades them in containers, reports.

It knows no assignment by name and never imports `reference`.
"""
