//go:build unix

package sqlite_test

import (
	"os"
	osexec "os/exec"
	"syscall"
)

// asNobody runs a program without the rights of whoever may write everywhere.
func asNobody(cmd *osexec.Cmd) {
	if os.Getuid() == 0 {
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	}
}
