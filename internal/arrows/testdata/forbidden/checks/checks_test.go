package checks_test

import (
	"os"

	"github.com/wardround/wardround/internal/store"
)
