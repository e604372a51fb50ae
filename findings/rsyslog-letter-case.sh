#!/bin/bash
# rsyslog 8.2302.0-1+deb12u2 and libfastjson4 1.2304.0-1 (Debian 12).
#
# Expected: mmjsonparse takes a JSON message apart, and the property $! is that
# JSON again. The documentation says that names of variables are compared
# without regard to case unless variables.caseSensitive is on; that sounds like a
# convenience for whoever writes a template.
#
# Seen: two keys that differ only in case become one. It has the name of the
# first and the value of the second, and nothing is logged. Names in JSON are
# case-sensitive, and Microsoft 365 has both UserId and UserID, Id and id in one
# record, so that one user's action is filed under something else.
#
#   in:  {"UserId":"ann@example.com","Size":1,"UserID":"10032001"}
#   out: { "UserId": "10032001", "Size": 1 }
#
# Way out: global(variables.caseSensitive="on") before anything is parsed.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
apt-get -q -o APT::Sandbox::User=root download rsyslog=8.2302.0-1+deb12u2 libfastjson4=1.2304.0-1 libestr0=0.1.11-1 >/dev/null
for deb in *.deb; do dpkg -x "$deb" root; done
program=$(find "$dir/root" -type f -name rsyslogd)
modules=$(dirname "$(find "$dir/root" -name mmjsonparse.so)")
libraries=$(find "$dir/root" -name '*.so.*' -exec dirname {} + | sort -u | paste -sd:)

echo '{"UserId":"ann@example.com","Size":1,"UserID":"10032001"}' >in

# run CASE_SENSITIVE prints the property $!.
run() {
	rm -rf out work && mkdir work
	cat >conf <<-CONF
		global(workDirectory="$dir/work" variables.caseSensitive="$1")
		module(load="imfile")
		module(load="mmjsonparse")
		input(type="imfile" file="$dir/in" tag="audit" addMetadata="off")
		template(name="json" type="list") { property(name="\$!") constant(value="\n") }
		action(type="mmjsonparse" cookie="")
		action(type="omfile" file="$dir/out" template="json")
	CONF
	LD_LIBRARY_PATH=$libraries "$program" -n -i NONE -f conf -M "$modules" 2>log &
	local pid=$!
	for _ in $(seq 100); do [ -s out ] && break; sleep 0.1; done
	kill $pid && wait $pid
	cat out
}
got="off: $(run off)
on: $(run on)"
echo "$got"
want='off: { "UserId": "10032001", "Size": 1 }
on: { "UserId": "ann@example.com", "Size": 1, "UserID": "10032001" }'
[ "$got" = "$want" ] || { echo 'This has changed.' >&2; exit 1; }
