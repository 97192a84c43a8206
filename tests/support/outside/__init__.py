"""The outside world as tests play it: what payers, offices, the EHR and the gateways say, and how it is signed.

What they say when, and what goes wrong, is the script of each test; no rule of a service may enter here.
"""
