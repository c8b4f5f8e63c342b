// Package plist is the one bounded pass over plist bytes.
//
// Parse refuses what is too large, too deep or too many before it builds
// anything. It reads XML property lists as CoreFoundation does, and rewrites
// UTF-16 and binary ones as UTF-8 XML, the binary ones only after GuardBinary
// has proved them free of cycles, sharing bombs and impossible counts. The
// Document is flat and refers into the bytes, so that a caller can read a few
// fields of a large answer, or overwrite one value in place, without decoding
// the rest.
//
// It knows nothing of MDM or profiles; see packages mdm and profiles.
package plist
