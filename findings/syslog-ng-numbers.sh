#!/bin/bash
# syslog-ng-core 3.38.1-5+deb12u1 with libjson-c5 0.16-2 (Debian 12).
#
# Expected: json-parser() takes JSON apart, and $(format-json) puts it together
# again. By default all values are text by then, so one expects the text that was
# there; with @version: 4.0 they keep their types, which the documentation gives
# as the reason to change.
#
# Seen: a fraction has six digits behind the point, so 1e-7 becomes zero. Whole
# numbers above 2^63-1 become 2^63-1. A key with a dot becomes two levels, and an
# empty object is gone. Nothing is logged.
#
#   in:           {"risk":1e-7,"share":0.1234567891,"size":18446744073709551615,"a.b":1,"e":{}}
#   out, default: {"size":"9223372036854775807","share":"0.123457","risk":"0.000000","a":{"b":"1"}}
#   out, 4.0:     {"size":9223372036854775807,"share":0.123457,"risk":0.000000,"a":{"b":1}}
#
# Way out: forward the text itself ($MESSAGE), and parse a copy for what is
# compared.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
apt-get -q -o APT::Sandbox::User=root download syslog-ng-core=3.38.1-5+deb12u1 libjson-c5=0.16-2 libivykis0=0.42.4-1 \
	libnet1=1.1.6+dfsg-3.2 libpcre3=2:8.39-15 libwrap0=7.6.q-32 >/dev/null
for deb in *.deb; do dpkg -x "$deb" root; done
program=$(find "$dir/root" -type f -name syslog-ng -perm -u+x -path '*/sbin/*')
modules=$(dirname "$(find "$dir/root" -name libjson-plugin.so)")
libraries=$(find "$dir/root" -name '*.so.*' -exec dirname {} + | sort -u | paste -sd:)

echo '{"risk":1e-7,"share":0.1234567891,"size":18446744073709551615,"a.b":1,"e":{}}' >in

# run VERSION prints the line that arrives.
run() {
	rm -rf out persist
	cat >conf <<-CONF
		@version: $1
		source s { file("$dir/in" flags(no-parse) follow-freq(1)); };
		parser p { json-parser(prefix("j.")); };
		destination d { file("$dir/out" template("\$(format-json --key j.* --shift-levels 1)\n")); };
		log { source(s); parser(p); destination(d); };
	CONF
	LD_LIBRARY_PATH=$libraries "$program" -F -f conf --no-caps --module-path="$modules" -R "$dir/persist" -c "$dir/control" -p "$dir/pid" 2>log &
	local pid=$!
	for _ in $(seq 100); do [ -s out ] && break; sleep 0.1; done
	kill $pid && wait $pid
	cat out
}
got="default: $(run 3.38)
4.0: $(run 4.0)"
echo "$got"
want='default: {"size":"9223372036854775807","share":"0.123457","risk":"0.000000","a":{"b":"1"}}
4.0: {"size":9223372036854775807,"share":0.123457,"risk":0.000000,"a":{"b":1}}'
[ "$got" = "$want" ] || { echo 'This has changed.' >&2; exit 1; }
