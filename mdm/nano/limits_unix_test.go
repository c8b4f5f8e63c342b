//go:build linux || darwin

package nano_test

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"strconv"
	"syscall"
)

// obeyLimits sets how large a file of this process may become, in bytes, to
// each number that comes; below 0 it is as before. To write beyond that is an
// error then, as it is on a disk that is full.
func obeyLimits() error {
	signal.Ignore(syscall.SIGXFSZ)
	var before syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &before); err != nil {
		return err
	}
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		n, err := strconv.ParseInt(lines.Text(), 10, 64)
		if err != nil {
			return err
		}
		now := before
		if n >= 0 {
			now.Cur = uint64(n)
		}
		if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &now); err != nil {
			return err
		}
		fmt.Println(sayLimited)
	}
	return errors.New("nothing more to do")
}
