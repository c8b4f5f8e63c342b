//go:build !unix

package sqlite_test

import osexec "os/exec"

func asNobody(*osexec.Cmd) {}
