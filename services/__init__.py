"""One folder per service, each with the same rooms."""
