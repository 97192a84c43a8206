"""Which provider, which visit, and when: one placement per referral, one calendar day per resource and UTC date."""
