"""The rules of the system: facts and a date in, a plan out. Knows no database, network or clock."""
