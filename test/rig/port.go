package rig

import "net"

// FreePort is a TCP address of the loopback interface, as host:port, on which no
// process listens, and its port.
func FreePort() (address, port string, err error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", "", err
	}
	defer l.Close()
	_, port, err = net.SplitHostPort(l.Addr().String())
	return l.Addr().String(), port, err
}
