package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"github.com/wardround/wardround/internal/chain"
	"github.com/wardround/wardround/internal/store"
)

// A chainKeeper signs the heads of a data folder's chain and writes them where
// they can be fetched from.
type chainKeeper struct {
	key      chain.Key
	headFile string // heads are appended to it; empty: none are
	webhook  headWebhook
	results  store.Results
	logger   *slog.Logger
	now      func() time.Time
}

// openChainKeeper reads the key of the folder, or makes it at the first start,
// and puts the public one beside it.
func openChainKeeper(cfg Config, results store.Results, logger *slog.Logger) (*chainKeeper, error) {
	dir := cfg.Dir
	webhook, err := newHeadWebhook(cfg)
	if err != nil {
		return nil, err
	}
	key, err := chain.LoadOrCreateKey(filepath.Join(dir, chainKeyFile))
	if err != nil {
		return nil, usage(err, "")
	}
	public, err := key.Public().PEM()
	if err != nil {
		return nil, err
	}
	name := filepath.Join(dir, chainPublicFile)
	if there, err := readFile(name, maxRootsFile); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, usage(fmt.Errorf("public key of the chain: %w", err), "")
	} else if !bytes.Equal(there, public) {
		if err := os.WriteFile(name, public, 0o644); err != nil { //nolint:gosec // it is public
			return nil, usage(fmt.Errorf("public key of the chain: %w", err), "")
		}
	}
	return &chainKeeper{key: key, headFile: cfg.HeadFile, webhook: webhook, results: results, logger: logger, now: time.Now}, nil
}

// public is the key in the form in which the first entry has it.
func (k *chainKeeper) public() string { return k.key.Public().String() }

// publish signs the head of the chain, logs it, appends it to the file and posts
// it. Before the first round there is none.
func (k *chainKeeper) publish(ctx context.Context) error {
	signed, err := k.head(ctx)
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("publish the head of the chain: %w", err)
	}
	k.logger.InfoContext(ctx, "head of the chain", "entry", signed.Seq, "head", signed.String())
	if err := errors.Join(k.appendTo(signed), k.webhook.post(ctx, signed.String())); err != nil {
		return fmt.Errorf("publish the head of the chain: %w", err)
	}
	return nil
}

// recorded publishes the head after a round. One that could not be is logged: the
// round is recorded all the same, and the next head covers what this one would
// have.
func (k *chainKeeper) recorded(ctx context.Context) {
	if err := k.publish(ctx); err != nil {
		k.logger.ErrorContext(ctx, "a head of the chain did not get everywhere", "err", err)
	}
}

func (k *chainKeeper) head(ctx context.Context) (chain.SignedHead, error) {
	c, err := k.results.Chain(ctx)
	if err != nil {
		return chain.SignedHead{}, err
	}
	defer c.Close()
	id, last, err := c.Head(ctx)
	if err != nil {
		return chain.SignedHead{}, err
	}
	return k.key.Sign(chain.HeadOf(id, last, k.now()))
}

func (k *chainKeeper) appendTo(head chain.SignedHead) error {
	if k.headFile == "" {
		return nil
	}
	f, err := os.OpenFile(k.headFile, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o644)
	if err != nil {
		return fmt.Errorf("head-file: %w", err)
	}
	_, err = f.WriteString(head.String() + "\n")
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("head-file: %w", err)
	}
	return nil
}

// recordAct keeps that the person who runs this program did something. Body is
// what the kind asks for; see package store.
func recordAct(ctx context.Context, state store.State, kind string, body any, now time.Time) error {
	actor, err := actorOf(ctx, state)
	if err != nil {
		return fmt.Errorf("record what was done: %w", err)
	}
	data, err := chain.Canonical(body)
	if err != nil {
		return fmt.Errorf("record what was done: %w", err)
	}
	if _, err := state.Act(ctx, store.Act{At: now, Kind: kind, Actor: actor, Body: data}); err != nil {
		return fmt.Errorf("record what was done: %w", err)
	}
	return nil
}

// recordAdmin is recordAct of what has no kind of its own.
func recordAdmin(ctx context.Context, state store.State, action string, details map[string]string, now time.Time) error {
	return recordAct(ctx, state, store.ActAdmin, store.AdminAct{Action: action, Details: details}, now)
}
