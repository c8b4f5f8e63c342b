package checks

import "github.com/wardround/wardround/internal/store"
