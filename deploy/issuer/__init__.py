"""An OAuth issuer for the local stack: SMART Backend Services for programs, a page of invented people for the console.

For local use only: anybody who reaches the page may be anybody on it. A real installation brings its own issuer.
"""
