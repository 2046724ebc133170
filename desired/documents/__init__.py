"""Documents made from code: who calls whom, the JSON Schemas of values, and their reference."""
