#!/bin/bash
echo
