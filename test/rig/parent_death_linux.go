package rig

import (
	"os/exec"
	"syscall"
)

// tie lets a command end with this process, however this one ends, and keeps
// the terminal's signals from it.
func tie(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}
