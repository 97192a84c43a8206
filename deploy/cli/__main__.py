"""Runs the command line where nothing is installed: `python -m deploy.cli`."""

from deploy.cli.main import app

if __name__ == "__main__":
    app(prog_name="throughline")
