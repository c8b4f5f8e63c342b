package main

import (
	"context"
	"os"
	"os/user"
	"strconv"
	"strings"

	"github.com/wardround/wardround/internal/store"
)

// loginFile tells on Linux by whose login a process came to be. What somebody
// becomes later, by su or sudo, leaves it as it is; only root can write it.
const loginFile = "/proc/self/loginuid"

// actorOf is the pseudonym of who runs this program.
func actorOf(ctx context.Context, state store.State) (string, error) {
	names, err := state.Pseudonyms(ctx)
	if err != nil {
		return "", err
	}
	login, err := os.ReadFile(loginFile)
	if err != nil {
		login = nil // not Linux, or one that does not tell
	}
	return names.Actor(whoRuns(string(login), os.Getenv("SUDO_UID"), ownAccount()))
}

// whoRuns names a person by the account that he logged in with, else by the one
// that called sudo, else by the own one. It is the number that counts: a program
// cannot look up every name, and would take one person for two.
func whoRuns(login, sudo, own string) string {
	const unset = 1<<32 - 1 // of a login: a service has none
	for _, text := range []string{login, sudo} {
		if uid, err := strconv.ParseUint(strings.TrimSpace(text), 10, 32); err == nil && uid != unset {
			return "uid " + strconv.FormatUint(uid, 10)
		}
	}
	return "uid " + own
}

// ownAccount is the number of the account that this program runs as, or what the
// system has in its place.
func ownAccount() string {
	if u, err := user.Current(); err == nil && u.Uid != "" {
		return u.Uid
	}
	return strconv.Itoa(os.Getuid())
}
