"""Ports for servers that start a little later."""

from cli.embedded.nats_server import SERVER_PORTS, free_ports


def test_a_port_that_was_given_out_and_is_not_listened_to_yet_is_not_given_out_again():
    first, second = free_ports(400), free_ports(400)

    assert len({*first, *second}) == 800
    assert {*first, *second} <= set(SERVER_PORTS)
