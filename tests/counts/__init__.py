"""What a referral costs each service: counted at the ports, and approved by hand."""
