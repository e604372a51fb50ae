package main

import (
	"io"
	"os"
	"os/exec"

	"github.com/fluent-bit-o365/fluent-bit-o365/test/rig"
)

// process is a running host whose output is read as it comes.
type process struct {
	*rig.Process
	records io.Reader
	log     io.Reader
}

func startProcess(cmd *exec.Cmd) (*process, error) {
	var outputs [2]*os.File
	for i, to := range []*io.Writer{&cmd.Stdout, &cmd.Stderr} {
		r, w, err := os.Pipe()
		if err != nil {
			return nil, err
		}
		defer w.Close()
		outputs[i], *to = r, w
	}
	p, err := rig.Start(cmd)
	return &process{p, outputs[0], outputs[1]}, err
}
