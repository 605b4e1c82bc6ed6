"""Counting at any size: one scan of the lists, by DuckDB or Spark, gives the counts that `measures` works on."""
