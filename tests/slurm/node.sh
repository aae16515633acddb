#!/usr/bin/env bash
# SLURM on this machine alone, from Debian's packages: tests/slurm/node.sh start|stop
# Its node has more processors and memory than the machine may have, and a GPU that isn't one, so that the same jobs fit
# everywhere and only the GPU keeps some of them apart.
# It needs root, writes /etc/slurm and installs packages: for a machine that may be spoilt, such as a container.
set -euo pipefail

stop() {
    for file in /run/slurmd.pid /run/slurmctld.pid /run/munge/munged.pid; do
        if [ -f "$file" ]; then kill "$(cat "$file")" 2> /dev/null || true; fi
    done
}

start() {
    if [ -e /etc/slurm/slurm.conf ] && ! grep -qx ClusterName=brainuad /etc/slurm/slurm.conf; then
        echo "There is a SLURM here already; it is left alone." >&2
        exit 1
    fi
    if ! command -v slurmctld > /dev/null; then
        apt-get update -qq
        DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
            slurmctld slurmd slurm-client munge
    fi
    install -d -o munge -g munge -m 755 /run/munge
    [ -f /etc/munge/munge.key ] || /usr/sbin/mungekey -c
    [ -f /run/munge/munged.pid ] && kill -0 "$(cat /run/munge/munged.pid)" 2> /dev/null \
        || su -s /bin/bash munge -c /usr/sbin/munged
    mkdir -p /var/spool/slurmctld /var/spool/slurmd /var/log/slurm /etc/slurm
    host=$(hostname -s)
    cat > /etc/slurm/slurm.conf << EOF
ClusterName=brainuad
SlurmctldHost=$host(127.0.0.1)
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
StateSaveLocation=/var/spool/slurmctld
SlurmdSpoolDir=/var/spool/slurmd
SlurmctldPidFile=/run/slurmctld.pid
SlurmdPidFile=/run/slurmd.pid
SlurmctldLogFile=/var/log/slurm/slurmctld.log
SlurmdLogFile=/var/log/slurm/slurmd.log
SlurmdParameters=config_overrides
ProctrackType=proctrack/pgid
TaskPlugin=task/none
SchedulerType=sched/backfill
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
GresTypes=gpu
ReturnToService=2
MailProg=/bin/true
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
NodeName=$host NodeAddr=127.0.0.1 CPUs=4 RealMemory=64000 Gres=gpu:1 State=UNKNOWN
PartitionName=main Nodes=ALL Default=YES MaxTime=INFINITE State=UP
EOF
    echo "NodeName=$host Name=gpu File=/dev/null" > /etc/slurm/gres.conf
    /usr/sbin/slurmctld -c  # what was queued when it was last stopped is forgotten
    sleep 1
    /usr/sbin/slurmd
    for _ in $(seq 40); do
        if sinfo --noheader --format %T 2> /dev/null | grep -q idle; then return; fi
        sleep 0.5
    done
    echo "SLURM didn't come up; see /var/log/slurm" >&2
    exit 1
}

case "${1:-}" in
    start | stop) "$1" ;;
    *) echo "usage: $0 start|stop" >&2; exit 2 ;;
esac
