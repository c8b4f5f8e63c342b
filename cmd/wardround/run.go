package main

import (
	"context"
	"fmt"
	"io"
	"os/signal"
	"syscall"
)

// run is the program as a function: what main, the scripts and the end-to-end
// tests call. It returns the exit status.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	ctx, stop := signal.NotifyContext(ctx, syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	// A second signal ends a program that waits for something else than ctx.
	defer context.AfterFunc(ctx, stop)()
	g := &globals{in: stdin, out: stdout, err: stderr}
	root := newRootCommand(g)
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	if !g.started && exitCode(err) == exitNotKnown {
		// Cobra refused the command line before any command ran.
		err = usage(err, "run 'wardround --help' or 'wardround COMMAND --help' for what there is")
	}
	if message := errorText(err); message != "" {
		fmt.Fprint(stderr, message)
	}
	return exitCode(err)
}
