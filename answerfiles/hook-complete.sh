#!/bin/bash
# Stage installation-complete, $1 is 0 for success: says on every console what to do next, before the machine restarts.
#
# For tests only: XENROLL_TEST_ROOT stands before every path.

root=${XENROLL_TEST_ROOT:-}
school='' host='' active=''
{ read -r school host <"$root/tmp/xenroll-host"; } 2>/dev/null
{ read -r active <"$root/sys/class/tty/console/active"; } 2>/dev/null

name=${host:+ $host of school $school}
if [[ ${1:-} == 0 ]]; then
        text="Installed:${name:- this host}. Remove the stick or disc now; the machine restarts from its own disk."
else
        text="The installation of${name:- this host} failed. Take a photograph of the screen;"
        text="$text what happened stands in /tmp/install-log."
fi

for console in console tty0 $active; do
        # A console that blocks holds up nobody.
        [[ ! -e $root/dev/$console ]] || printf '\r\n%s\r\n' "$text" >"$root/dev/$console" 2>/dev/null &
done
[[ -z $root ]] || wait
exit 0
