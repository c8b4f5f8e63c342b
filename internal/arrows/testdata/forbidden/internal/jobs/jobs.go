package jobs

import "github.com/wardround/wardround/checks"
