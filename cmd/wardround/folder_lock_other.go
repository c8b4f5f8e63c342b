//go:build !unix

package main

import "errors"

// lockFolder needs a lock that the system lets go when the process ends.
func lockFolder(string) (unlock func() error, err error) {
	return nil, errors.New("lock the data folder: serving devices needs a Unix system")
}
