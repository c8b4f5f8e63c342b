package nano

import (
	"github.com/micromdm/nanomdm/push"
	"github.com/micromdm/nanomdm/push/nanopush"
)

// APNs returns the factory that has New send pushes to Apple.
func APNs() push.PushProviderFactory { return nanopush.NewFactory() }
