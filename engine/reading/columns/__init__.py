"""What the columns of a table are: their names, a guess at text and label, the labels in a column's cells, the parts that it names."""
