package nano_test

import (
	"bufio"
	"cmp"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"testing"
	"time"
)

// A process is a server in a process of its own.
type process struct {
	cmd  *exec.Cmd
	in   io.Writer
	said chan string  // closed when it has ended
	log  lockedBuffer // if it is verbose

	patience time.Duration // with what it is to say; default 2 min
}

func startProcess(t testing.TB, cfg childConfig) *process {
	t.Helper()
	config, err := json.Marshal(cfg)
	must(t, err)
	p := &process{cmd: exec.CommandContext(t.Context(), os.Args[0]), said: make(chan string, 8)}
	p.cmd.Env = append(os.Environ(), childVariable+"="+string(config))
	p.cmd.Stderr = os.Stderr
	if cfg.Verbose {
		p.cmd.Stderr = &p.log
	}
	p.in, err = p.cmd.StdinPipe()
	must(t, err)
	out, err := p.cmd.StdoutPipe()
	must(t, err)
	must(t, p.cmd.Start())
	go func() {
		defer close(p.said)
		for lines := bufio.NewScanner(out); lines.Scan(); {
			p.said <- lines.Text()
		}
	}()
	return p
}

// wait waits until the process says something, and kills it if it does not.
func (p *process) wait(t testing.TB, want string) {
	t.Helper()
	late := time.After(cmp.Or(p.patience, 2*time.Minute))
	for {
		select {
		case got, ok := <-p.said:
			if !ok {
				p.kill()
				t.Fatalf("the server ended before it said %q", want)
			}
			if got == want {
				return
			}
		case <-late:
			p.kill()
			t.Fatalf("the server never said %q", want)
		}
	}
}

// tell says something to the process and waits for the answer.
func (p *process) tell(t testing.TB, line, answer string) {
	t.Helper()
	_, err := io.WriteString(p.in, line+"\n")
	must(t, err)
	p.wait(t, answer)
}

// kill ends the process as kill -9 does.
func (p *process) kill() {
	_ = p.cmd.Process.Kill()
	for range p.said { // until its output ends
	}
	_ = p.cmd.Wait()
}
