"""`python -m device` is `parley`."""

from device.commands.main import main

main(prog_name="parley")
