// Package webhook speaks with a NanoMDM, NanoHUB or MicroMDM server elsewhere.
//
// What devices send comes in by the server's webhook: a Receiver checks its
// signature, has package mdm bound and read the device's bytes, and answers
// only when they are durable. What is asked goes out by the server's API: a
// Client queues mdm.Query values, and nothing else, and has devices pushed.
// The server's API key can do anything; there is no code here that would.
//
// NanoMDM has one webhook URL and posts each event once. A Receiver therefore
// passes every event on to whoever received them before, from a queue on disk.
//
// Wiring, with state the sqlite store and intake a sweep.Intake:
//
//	journal := intake.Journal(state)
//	receiver, err := webhook.NewReceiver(webhook.ReceiverConfig{
//		Server:  webhook.NanoMDM,
//		Key:     webhookKey, // NanoMDM's -webhook-hmac-key
//		Privacy: state.PrivacyKey(),
//		Forward: []webhook.Target{{URL: "https://old.example/hook", Key: oldKey}},
//	}, journal, logger)
//	client, err := webhook.NewClient(webhook.ClientConfig{
//		Server: webhook.NanoMDM, URL: "https://mdm.example", Key: apiKey, // NanoMDM's -api
//	}, state, logger)
//	server := webhook.HTTPServer(receiver) // or mount the receiver on a mux of one's own
//	go receiver.Run(ctx)                   // passes events on until ctx ends
//	rounder := sweep.New(client, ...)      // client is the mdm.Asker
//
// DecodeEvents reads saved events, for files; see cmd/wardround's check.
package webhook
