// Command wardround makes a ward round over a clinic's Apple devices: it asks
// them through MDM how they are set up, judges the answers against written
// requirements, and keeps results with their evidence.
//
// This is the tour of the code, in the order in which data flows.
//
//  1. A command is one file here (cmd_demo.go, cmd_check.go, ...); run is the
//     program as a function, newRootCommand its tree, exitCode its outcome.
//     embedded.go wires a data folder to the MDM server its devices are
//     enrolled in; serve keeps it up, and control.go is how sweep reaches it.
//     canary.go simulates the one device that must fail.
//  2. internal/sweep makes a round. It asks each enrollment what
//     mdm.QueriesFor says: an mdm.Query is one of ten read-only RequestTypes,
//     and nothing else can be built. The ledger knows what is outstanding; a
//     device whose answers are as before is not judged anew.
//  3. mdm/nano is NanoMDM in this process. Its report path bounds a request,
//     verifies its signature and certificate, and hands the body to
//     mdm.Receive: the one pass (internal/plist) that bounds, reads the
//     envelope, overwrites what must not be kept, and yields mdm.Evidence. The
//     storage, tables beside the evidence, keeps both in one transaction before
//     the device is answered. mdm/sim plays the devices, for simulate in a
//     process of its own.
//  4. sweep.Intake takes delivery and internal/store keeps: evidence and what
//     is outstanding in state.db. `check` takes files instead (pile.go).
//  5. internal/judge is the only path from evidence to verdicts, and pure: it
//     decodes (mdm.Decode), joins the answers and the profile contents of
//     internal/catalog (read by package profiles) into a checks/fact.Set, and
//     has each baseline evaluate it.
//  6. Package checks holds the requirements: YAML in checks/baselines, CEL over
//     declared facts, three-valued, so that silence is never a pass.
//  7. internal/store keeps the verdicts as intervals in results.db, with the
//     views that dashboards read; internal/report writes them for people and
//     programs, and reads its own JSON back. Each round and each act is an entry
//     of internal/chain; internal/evidence carries kept answers to another
//     machine, where replay gives the same verdicts. internal/exposure says when
//     a restriction was not shown in force, internal/lost what is known of a
//     device that is gone.
//  8. The profile commands work beside this: profiles reads files, cmd_profile_diff
//     compares them with kept evidence, internal/remedy plans the profile that
//     would turn failing verdicts. It is written to a file and never sent.
//
// Who may import whom is a test: internal/arrows.
package main
