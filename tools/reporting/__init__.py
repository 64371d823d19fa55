"""tools/report in Python: measures, writes the page, compares two reports. README.md has the map."""
