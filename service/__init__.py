"""Everything that touches a wire, a disk, a clock or a person."""
