# shellcheck shell=bash disable=SC2034,SC2154,SC2317   # used and set in the other part
# Stage filesystem-populated, $1 is where the new system is mounted: leaves there which build installed it, and as whom,
# so that the selector of the same medium refuses to install it again; and puts the agent there, with its plan and its
# service. Never in the way of the installation. It follows selector-report.sh in one script.
#
# The plan is on the disk only together with an agent that removes it, whole or not at all: it holds secrets.
#
# For tests only: XENROLL_TEST_ROOT stands before the selector's own files.

note() {        # name folder: copied as it is, readable by everybody, no secret in it
        [[ -s $state/$1 ]] || return
        cp "$state/$1" "$2/$1" && chmod 0644 "$2/$1"
}

fits() {        # file: is it the agent that the pack means
        local got want=$agent_sha256
        [[ -s $1 ]] && (($(wc -c <"$1") == agent_bytes)) || return
        if type sha256sum >/dev/null 2>&1; then
                got=$(sha256sum <"$1")
        else
                got=$(md5sum <"$1")
                want=$agent_md5
        fi
        [[ ${got%% *} == "$want" ]]
}

download() {    # URL file
        if type wget >/dev/null 2>&1; then
                wget -q -T 20 -O "$2" "$1"
        else
                curl -s -f -m 60 -o "$2" "$1"
        fi
}

fetch_agent() { # file: from the medium, or from the server that this machine was started from
        local try
        if [[ -e $state/xenroll-agent ]]; then
                cp "$state/xenroll-agent" "$1"
                return
        fi
        [[ -n $report_url ]] || return
        for ((try = 0; try < 5; try++)); do
                download "${report_url%/report}/agent" "$1"
                fits "$1" && return
                sleep 3
        done
}

put_plan() {    # root; for its eyes only from the first byte on
        local hash
        (umask 077 && cat "$state/plan" >"$1/etc/xenroll/plan.xml") || return
        # Once more by itself, should the plan be damaged one day: the one-time password has to die all the same.
        hash=$(sed -n 's/.*<self [^>]*root-hash="\([^"]*\)".*/\1/p' "$state/plan")
        [[ -z $hash ]] || (umask 077 && printf '%s\n' "$hash" >"$1/etc/xenroll/root-hash") || return
        [[ -z $report_url ]] || (umask 077 && printf '%s\n' "$report_url" >"$1/etc/xenroll/report")
}

put_unit() {    # root: for systemd (7.0 and later); nothing that its version 219 does not know
        local folder=$1/etc/systemd/system
        mkdir -p "$folder/multi-user.target.wants" && cat >"$folder/xenroll-agent.service" <<'UNIT' || return
[Unit]
Description=Makes this host what its deployment says, and removes itself
Wants=network-online.target
After=network-online.target xapi-init-complete.target xs-firstboot.service network-init.service storage-init.service
After=control-domain-params-init.service generate-iscsi-iqn.service create-guest-templates.service
ConditionPathExists=!/var/lib/xenroll/done

[Service]
Type=simple
ExecStart=/opt/xenroll/xenroll-agent run
Restart=on-failure
RestartSec=30
UMask=0077
LimitCORE=0
NoNewPrivileges=yes
PrivateTmp=yes
ProtectHome=yes
ProtectSystem=yes

[Install]
WantedBy=multi-user.target
UNIT
        chmod 0644 "$folder/xenroll-agent.service" &&
                ln -sf ../xenroll-agent.service "$folder/multi-user.target.wants/xenroll-agent.service"
}

put_script() {  # root: for 6.5, which has no systemd
        mkdir -p "$1/etc/init.d" "$1/etc/rc3.d" && cat >"$1/etc/init.d/xenroll-agent" <<'SCRIPT' || return
#!/bin/bash
# chkconfig: 3 99 01
# description: Makes this host what its deployment says, and removes itself.
pid=/var/run/xenroll-agent.pid
case ${1:-} in
start)
        [ -e /var/lib/xenroll/done ] || setsid /bin/bash /etc/init.d/xenroll-agent loop </dev/null >>/var/log/xenroll-agent.log 2>&1 &
        ;;
loop)
        echo $$ >$pid
        cd / || exit 1
        umask 077
        ulimit -c 0
        until /opt/xenroll/xenroll-agent run; do sleep 30; done
        rm -f $pid
        ;;
stop)
        # All of its process group: setsid made one.
        [ ! -s $pid ] || kill -TERM -- -"$(cat $pid)" 2>/dev/null
        rm -f $pid
        ;;
status)
        exec /opt/xenroll/xenroll-agent status
        ;;
*)
        echo "Usage: $0 {start|stop|status}"
        ;;
esac
exit 0
SCRIPT
        chmod 0755 "$1/etc/init.d/xenroll-agent" && ln -sf ../init.d/xenroll-agent "$1/etc/rc3.d/S99xenroll-agent"
}

put_service() { # root
        if [[ -d $1/usr/lib/systemd/system || -d $1/lib/systemd/system ]]; then
                put_unit "$1"
        else
                put_script "$1"
        fi
}

put_agent() {   # root: sets trouble when it cannot be
        local agent=$1/opt/xenroll/xenroll-agent
        trouble='it did not arrive whole'
        mkdir -p "$1/opt/xenroll" "$1/etc/xenroll" || return
        within 180 fetch_agent "$agent.new"
        fits "$agent.new" || return
        trouble='the disk does not take it'
        chmod 0755 "$agent.new" && mv -f "$agent.new" "$agent" && put_plan "$1" && put_service "$1" && trouble=
}

take_back() {   # root
        local hash
        # Without an agent nobody would ever replace the one-time password: the administrator's is set at once.
        hash=$(sed -n 's/.*<self [^>]*root-hash="\([^"]*\)".*/\1/p' "$state/plan")
        [[ -z $hash ]] || printf 'root:%s\n' "$hash" | chroot "$1" /usr/sbin/chpasswd -e
        rm -f "$1"/etc/xenroll/{plan.xml,root-hash,report} "$1"/opt/xenroll/xenroll-agent{,.new} \
                "$1"/etc/systemd/system/{,multi-user.target.wants/}xenroll-agent.service \
                "$1"/etc/init.d/xenroll-agent "$1"/etc/rc3.d/S99xenroll-agent
        rmdir "$1/opt/xenroll"
        printf 'xenroll: the agent was not put on this host: %s\n' "$trouble"
        tell_roll_call agent failed 867 "the agent was not put on this host: $trouble"
        # As many seconds as a server that is there needs; XR-867.
        within 30 tell_server agent failed 867 "the agent was not put on this host: $trouble"
}

if [[ -n ${1:-} && -d $1/etc ]]; then
        umask 022
        mkdir -p "$1/etc/xenroll" && chmod 0755 "$1/etc/xenroll"
        note build "$1/etc/xenroll"
        note host "$1/etc/xenroll"
        agent_sha256='' agent_md5='' agent_bytes=''
        { read -r agent_sha256 agent_md5 agent_bytes <"$state/agent"; } 2>/dev/null
        contents "$state/roll-call"
        roll_call=$value
        read_server "$state/xenroll-server"
        if [[ -s $state/plan && -n $agent_bytes ]]; then
                put_agent "$1"
                [[ -z $trouble ]] || take_back "$1"
        fi
fi >&2
exit 0
