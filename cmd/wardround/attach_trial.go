package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/wardround/wardround/mdm"
	"github.com/wardround/wardround/mdm/webhook"
)

// An attachTrial tries an MDM server elsewhere.
type attachTrial struct {
	opts   attachOptions
	cfg    Config // that serve would have
	client *webhook.Client
	logger *slog.Logger
	out    io.Writer
	failed bool
}

func openAttachTrial(url string, opts attachOptions, cfg Config, logger *slog.Logger, out io.Writer) (*attachTrial, error) {
	key, err := readSecretFile(opts.keyFile)
	if err != nil {
		return nil, usage(fmt.Errorf("--key-file: %w", err), "")
	}
	cfg.MDMListen = opts.listen
	cfg.Attach.URL, cfg.Attach.Dialect, cfg.Attach.User = url, opts.dialect, opts.user
	cfg.Attach.KeyFile, cfg.Attach.HMACKeyFile = opts.keyFile, opts.hmacKeyFile
	cfg.Attach.Unsigned = webhook.Server(opts.dialect) == webhook.MicroMDM
	t := &attachTrial{opts: opts, cfg: cfg, logger: logger, out: out}
	t.client, err = webhook.NewClient(webhook.ClientConfig{
		Server: webhook.Server(opts.dialect), URL: url, User: opts.user, Key: webhook.Secret(key), Timeout: 10 * time.Second, Attempts: 2,
	}, nil, logger)
	return t, usage(err, "")
}

// say prints one finding.
func (t *attachTrial) say(ok bool, what, text string) {
	mark := "ok  "
	if !ok {
		mark, t.failed = "FAIL", true
	}
	fmt.Fprintf(t.out, "%s  %-26s %s\n", mark, what, text)
}

// server asks for the version and whether the key is taken.
func (t *attachTrial) server(ctx context.Context) error {
	if version, err := t.client.Version(ctx); err != nil {
		t.say(false, "version", err.Error())
	} else {
		t.say(true, "version", version)
	}
	certificate, err := t.client.PushCertificate(ctx, t.opts.topic)
	switch {
	case err == nil:
		days := daysLeft(certificate.NotAfter, time.Now())
		t.say(days > 0, "push certificate", fmt.Sprintf("%d days left", days))
	case errors.Is(err, webhook.ErrKeyRefused):
		t.say(false, "API key", "the server refuses it")
	case errors.Is(err, errors.ErrUnsupported):
		t.say(true, "API key", "taken, as far as the server tells; it does not say how long its push certificate lasts")
	default:
		t.say(false, "API", err.Error())
	}
	return ctx.Err()
}

// device asks one device in a folder of its own.
func (t *attachTrial) device(ctx context.Context) (err error) {
	cfg := t.cfg
	if cfg.Dir, err = os.MkdirTemp("", "wardround-attach-*"); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(cfg.Dir)) }()
	e, err := openEmbedded(ctx, cfg, t.logger)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, e.Close()) }()
	queries := mdm.QueriesFor(mdm.Target{Enrollment: mdm.Enrollment{ID: t.opts.device, Type: mdm.Device}, AppManagement: cfg.AppManagement})
	commands := make([]mdm.Command, 0, len(queries))
	for _, q := range queries {
		commands = append(commands, mdm.Command{Query: q, CommandUUID: mdm.NewCommandUUID()})
	}
	if err := e.attached.client.Ask(ctx, t.opts.device, commands...); err != nil {
		t.say(false, "queue", err.Error())
		return nil
	}
	t.say(true, "queue", fmt.Sprintf("%d read-only queries are queued for %s", len(commands), t.opts.device))
	if failed, err := e.attached.client.Wake(ctx, []string{t.opts.device}); err != nil || failed[t.opts.device] != nil {
		fmt.Fprintf(t.out, "note  %-26s %v; it is asked when it polls\n", "push", errors.Join(err, failed[t.opts.device]))
	}
	return t.answers(ctx, e, queries)
}

// answers waits for them, and tells of each.
func (t *attachTrial) answers(ctx context.Context, e *embedded, queries []mdm.Query) error {
	late := time.After(t.opts.wait)
	again := time.NewTicker(200 * time.Millisecond)
	defer again.Stop()
	for {
		found, err := e.state.Observations(ctx, t.opts.device)
		if err != nil {
			return err
		}
		came := make(map[mdm.QueryKey]mdm.Evidence)
		for _, o := range found {
			if o.Evidence.Class == mdm.Report && o.Evidence.Status != mdm.Idle {
				came[o.Evidence.Query] = o.Evidence
			}
		}
		waiting := len(came) < len(queries)
		if waiting {
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-again.C:
				continue
			case <-late:
			}
		}
		for _, q := range queries {
			evidence, ok := came[q.Key()]
			t.sayAnswer(q.Key(), evidence, ok)
		}
		if len(found) == 0 {
			fmt.Fprintln(t.out, "      Nothing came by the webhook: is the server started with the flags below, and can it reach that address?")
		}
		return nil
	}
}

func (t *attachTrial) sayAnswer(q mdm.QueryKey, e mdm.Evidence, came bool) {
	switch {
	case !came:
		t.say(false, string(q), "no answer came in "+t.opts.wait.String())
	case e.Status == mdm.Acknowledged:
		t.say(true, string(q), "answered")
	case e.Status == mdm.NotNow:
		t.say(true, string(q), "put off: it comes by and by")
	default:
		text := string(e.Status)
		if reply, err := mdm.Decode(e); err == nil && len(reply.ErrorChain) > 0 {
			text += fmt.Sprintf(" %s %d", reply.ErrorChain[0].ErrorDomain, reply.ErrorChain[0].ErrorCode)
		}
		t.say(false, string(q), "refused: "+text+"; its enrollment profile may lack the right to be asked this (AccessRights)")
	}
}

// propose says what the server and serve need, and writes it if told to.
func (t *attachTrial) propose() error {
	keyFile := t.opts.hmacKeyFile
	if keyFile == "" {
		keyFile = filepath.Join(filepath.Dir(t.opts.output), "webhook-hmac.key")
	}
	attach := map[string]any{"url": t.cfg.Attach.URL, "dialect": t.opts.dialect, "key-file": absolute(t.opts.keyFile)}
	if t.cfg.Attach.Unsigned {
		attach["unsigned"] = true
	} else {
		attach["hmac-key-file"] = absolute(keyFile)
	}
	if t.opts.user != "" {
		attach["user"] = t.opts.user
	}
	text, err := yaml.Marshal(map[string]any{"dir": absolute(t.cfg.Dir), "mdm-listen": t.opts.listen, "attach": attach})
	if err != nil {
		return err
	}
	fmt.Fprintf(t.out, "\nThe server has to be started with\n  -webhook-url %s\n", t.opts.webhook)
	if t.cfg.Attach.Unsigned {
		fmt.Fprintln(t.out, "MicroMDM does not sign its webhook: whoever reaches that address can speak for any device.")
	} else {
		fmt.Fprintf(t.out, "  -webhook-hmac-key and the key in %s\n", keyFile)
	}
	fmt.Fprintf(t.out, "\nThe configuration %s:\n%s", t.opts.output, "    "+strings.ReplaceAll(strings.TrimSpace(string(text)), "\n", "\n    ")+"\n")
	if !t.opts.yes {
		fmt.Fprintln(t.out, "\nNothing was written; --yes writes it.")
		return nil
	}
	return t.write(keyFile, text)
}

// write writes the configuration, and a key if there is none.
func (t *attachTrial) write(keyFile string, text []byte) error {
	if !t.cfg.Attach.Unsigned && t.opts.hmacKeyFile == "" {
		if err := writeNew(keyFile, []byte(rand.Text()+rand.Text()+"\n")); err != nil {
			return err
		}
	}
	if err := writeNew(t.opts.output, text); err != nil {
		return err
	}
	fmt.Fprintf(t.out, "\nWritten. Begin with: wardround serve --config %s\n", t.opts.output)
	return nil
}

// writeNew writes a file for its owner alone, and none over another.
func writeNew(name string, data []byte) error {
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return usage(err, "")
	}
	_, err = f.Write(data)
	return errors.Join(err, f.Close())
}

func absolute(name string) string {
	if full, err := filepath.Abs(name); err == nil {
		return full
	}
	return name
}
