"""Checks whether this container is ready. The engine runs it often: it imports the standard library alone."""

import http.client
import sys


def main() -> None:
    """Exit with 0 when /readyz on the port given (8080 if none) answers 200, else with 1."""
    port = int(sys.argv[1]) if len(sys.argv) > 1 else 8080
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=3)
    try:
        connection.request("GET", "/readyz")
        sys.exit(connection.getresponse().status != http.client.OK)
    except (OSError, http.client.HTTPException) as error:
        sys.exit(f"Port {port} does not answer: {type(error).__name__}.")


if __name__ == "__main__":
    main()
