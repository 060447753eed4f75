"""The parts of control_plane.py: strict JSON, the wire contract, the script and its report."""
