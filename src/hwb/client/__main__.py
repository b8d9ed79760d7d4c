"""``python -m hwb.client``: the same as ``hwb-client``, for schedules that need not know where scripts lie."""

from hwb.client.cli import main

main()
