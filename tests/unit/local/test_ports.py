from deploy.local.ports import distinct_ports


class TestDistinctPorts:
    def test_are_never_the_same_twice(self) -> None:
        """Parts of one platform that were given one port could not all start."""
        ports = distinct_ports(1_000)

        assert len(ports) == len(set(ports)) == 1_000

    def test_are_never_lent_to_clients(self) -> None:
        """Between a port's choice and its use the kernel may lend it, if it is among those that it lends."""
        assert all(20_000 <= port < 32_000 for port in distinct_ports(100))
