"""What a door other than HTTP is, such as a socket that takes HL7 messages. Its protocol is for its service to know."""

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from shared.service.runtime import Service


class Listener(Protocol):
    """Takes something in from outside for as long as its service runs. It decides nothing: it submits commands.

    One that ends by itself ends the process, as every door does. Several services of a process may run the same
    listener: what belongs to one run is local to `run`. Whoever calls gets no answer before `Service.execute` returns:
    then the command is saved. One that is asked again sends the same command id.
    """

    async def run(self, service: "Service") -> None:
        """Listen, without end. It begins once the service reads, and is cancelled before the service drains.

        Cancelled, it takes no more, may finish what it has in hand, and ends within the time for draining.
        """
