package webhook

import (
	"net/http"
	"time"
)

// HTTPServer returns a server for handler with the limits that a listener for
// one sender needs: headers of 16 KiB, and time limits for slow senders. A
// Receiver limits bodies itself, behind any server.
func HTTPServer(handler http.Handler) *http.Server {
	return &http.Server{
		Handler:           handler,
		MaxHeaderBytes:    16 << 10,
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       time.Minute,
		WriteTimeout:      2 * time.Minute,
		IdleTimeout:       2 * time.Minute,
	}
}
