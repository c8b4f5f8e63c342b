package main

import (
	"os"
	"testing"
)

func TestAPersonIsWhoLoggedIn(t *testing.T) {
	for _, c := range []struct{ name, login, sudo, own, want string }{
		{"becoming root by su changes nothing", "1001", "", "0", "uid 1001"},
		{"nor does becoming the service's account", "1001\n", "", "990", "uid 1001"},
		{"what sudo says is not asked then", "1001", "1002", "0", "uid 1001"},
		{"two that use sudo are two", "4294967295", "1002", "0", "uid 1002"},
		{"without a login file sudo tells", "", "1002", "990", "uid 1002"},
		{"a service has no login", "4294967295", "", "990", "uid 990"},
		{"root may log in", "0", "1002", "0", "uid 0"},
		{"what is no number tells nothing", "zoe", "-1", "501", "uid 501"},
		{"nor does one that no account has", "99999999999", "4294967295", "S-1-5-21", "uid S-1-5-21"},
	} {
		if got := whoRuns(c.login, c.sudo, c.own); got != c.want {
			t.Errorf("%s: got %q, want %q", c.name, got, c.want)
		}
	}
}

func TestAnActorIsNotTheAccountThatAPersonBecame(t *testing.T) {
	state := emptyState(t)
	names, err := state.Pseudonyms(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	login, err := os.ReadFile(loginFile)
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	t.Setenv("SUDO_UID", "4711") // what counts where the system does not tell the login
	want, err := names.Actor(whoRuns(string(login), "4711", "nobody"))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := actorOf(t.Context(), state); err != nil || got != want {
		t.Errorf("got %s, %v, want %s", got, err, want)
	}
}
