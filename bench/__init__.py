"""What is measured, and against what: `make bench`. Nothing here is part of the product, and nothing is a test."""
