"""The services' simulation: the real five, on fakes, with an outside that refuses, dawdles and forgets to answer."""
