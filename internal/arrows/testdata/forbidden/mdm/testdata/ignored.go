package ignored

import "github.com/wardround/wardround/cmd/wardround"
