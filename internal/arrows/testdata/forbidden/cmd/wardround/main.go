package main

import (
	"example.com/clever/library"
	plist "github.com/groob/plist"
	"github.com/spf13/cobra"

	"github.com/wardround/wardround/internal/sweep"
)
