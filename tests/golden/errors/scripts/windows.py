#!/usr/bin/python
print()
