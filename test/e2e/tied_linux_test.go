package e2e

import (
	"os/exec"
	"syscall"
)

// tie lets a process end with this one, however this one ends.
func tie(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL} }
