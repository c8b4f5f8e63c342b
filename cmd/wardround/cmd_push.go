package main

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/wardround/wardround/internal/store/sqlite"
	"github.com/wardround/wardround/mdm/nano"
)

func newPushCommand(g *globals) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "push",
		Short: "Keep the certificate that wakes devices",
		Long: `Keep the certificate with which Apple's push service lets this server wake its
devices.

Exit status: as of its subcommands.`,
		Example: "  wardround push cert --cert push.pem --key push.key --dir ward",
	}
	cmd.AddCommand(newPushCertCommand(g))
	return cmd
}

func newPushCertCommand(g *globals) *cobra.Command {
	var certFile, keyFile string
	cmd := &cobra.Command{
		Use:   "cert",
		Short: "Store an APNs push certificate, or say which are stored",
		Long: `Store the push certificate and its key (PEM, not encrypted) in state.db, which only
its owner can read. One for the same topic is replaced. Without --cert and --key the
stored ones are listed. A running serve takes notice when it is started anew.

Exit status: 0; 2 if a file cannot be read or is no push certificate.`,
		Example: `  wardround push cert --cert push.pem --key push.key --dir ward
  wardround push cert --dir ward`,
		Args: cobra.NoArgs,
		RunE: g.command(func(ctx context.Context, _ []string) error {
			return runPushCert(ctx, certFile, keyFile, g.config.Dir, time.Now(), g.out)
		}),
	}
	cmd.Flags().StringVar(&certFile, "cert", "", "PEM file of the certificate")
	cmd.Flags().StringVar(&keyFile, "key", "", "PEM file of its key")
	cmd.MarkFlagsRequiredTogether("cert", "key")
	return cmd
}

func runPushCert(ctx context.Context, certFile, keyFile, dir string, now time.Time, out io.Writer) error {
	var cert, key []byte
	if certFile != "" {
		var err error
		if cert, key, err = readPushCertificate(certFile, keyFile); err != nil {
			return usage(fmt.Errorf("push certificate: %w", err), "")
		}
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return usage(fmt.Errorf("data folder: %w", err), "")
		}
	} else if _, err := os.Stat(filepath.Join(dir, stateFile)); err != nil {
		return usage(fmt.Errorf("no push certificate in %s: %w", dir, err), "store one with --cert and --key")
	}
	state, err := sqlite.OpenState(ctx, filepath.Join(dir, stateFile))
	if err != nil {
		return usage(err, "")
	}
	defer state.Close()
	if cert != nil {
		if err := nano.KeepPushCertificate(ctx, state, cert, key); err != nil {
			return usage(err, "it must be the certificate that identity.apple.com gave for an MDM push request")
		}
		sum := sha256.Sum256(cert)
		if err := recordAdmin(ctx, state, "push-certificate", map[string]string{"sha256": hex.EncodeToString(sum[:])}, now); err != nil {
			return err
		}
	}
	return listPushCertificates(ctx, state, now, out)
}

func readPushCertificate(certFile, keyFile string) (cert, key []byte, err error) {
	cert, certErr := readFile(certFile, maxRootsFile)
	key, keyErr := readFile(keyFile, maxRootsFile)
	if err := errors.Join(certErr, keyErr); err != nil {
		return nil, nil, err
	}
	_, err = tls.X509KeyPair(cert, key)
	return cert, key, err
}

func listPushCertificates(ctx context.Context, state *sqlite.State, now time.Time, out io.Writer) error {
	certificates, err := nano.PushCertificates(ctx, state)
	if err != nil {
		return err
	}
	if len(certificates) == 0 {
		fmt.Fprintln(out, "no push certificate is stored")
	}
	for _, c := range certificates {
		fmt.Fprintf(out, "%s  until %s, %d days left\n", printable(c.Topic), stamp(c.NotAfter), int(c.NotAfter.Sub(now).Hours()/24))
	}
	return nil
}
