package fact

import (
	"github.com/groob/plist"

	_ "github.com/wardround/wardround"
)
