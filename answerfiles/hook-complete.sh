# Stage installation-complete, $1 is 0 for success: says on every console what to do next, before the machine restarts,
# and leaves a report on the stick. It follows selector-report.sh in one script.
#
# For tests only: XENROLL_TEST_ROOT stands before every path.

say_on_consoles() {     # status
        local console name=${host:+ $host of school $school}
        if [[ $1 == 0 ]]; then
                say="Installed:${name:- this host}."
                [[ -n $server ]] || say="$say Remove the stick or disc now."
                say="$say The machine restarts from its own disk."
        else
                say="The installation of${name:- this host} failed. Take a photograph of the screen;"
                say="$say what happened stands in /tmp/install-log."
        fi
        find_consoles
        for console in $consoles; do
                # A console that blocks holds up nobody.
                [[ ! -e $root/dev/$console ]] || printf '\r\n%s\r\n' "$say" >"$root/dev/$console" 2>/dev/null &
        done
}

report_end() {  # outcome what remedy
        local chinese_what chinese_remedy
        word "$2" chinese
        chinese_what=$text
        word "$3" chinese
        chinese_remedy=$text
        word "$2" english
        what=$text
        word "$3" english
        write_report install "$1" - "xenroll-${school:-unknown}-${host:-unknown}.txt" \
                "$chinese_what" "$chinese_remedy" "$what" "$text"
}

log_end() { tail -n 20 "$root/tmp/install-log" 2>/dev/null | sed -e 's/.*[Pp][Aa][Ss][Ss][Ww].*/[...]/' -e 's/.*\$[0-9][a-z]*\$.*/[...]/'; }

{ read -r school host <"$state/host"; } 2>/dev/null
contents "$state/build"
build=$value
contents "$state/disks"
used_disks=$value
contents "$state/medium"
medium=$value
contents "$state/roll-call"
roll_call=$value
read_server "$state/xenroll-server"
say_on_consoles "${1:-}"
read_messages "$state/xenroll-messages"
if [[ ${1:-} == 0 ]]; then
        tell_roll_call install completed - ''
        within 30 report_end completed 'done' next
        # Unless the server hears of it, it would let this machine start the installer once more.
        within 90 tell_server install completed - ''
else
        tell_roll_call install failed - "$(log_end)"
        within 30 report_end failed broken photograph
        within 90 tell_server install failed - "$(log_end)"
fi
[[ -z $root ]] || wait
exit 0
