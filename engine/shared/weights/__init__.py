"""A classifier's weights under names and layouts that belong to neither framework."""
