// Package ber reads BER, the encoding of certificates and CMS messages, within
// bounds that are proved before anything else touches the bytes.
//
// Check and Parse do one pass without recursion: depth, number and length of
// all parts are bounded, whether lengths are definite or not. They refuse what
// certificates and CMS never need and readers disagree about: tag numbers above
// 30, lengths of more than four bytes or with leading zeros, and an indefinite
// length without content.
//
// It gives no meaning to what it reads; see package profiles for signed
// profiles and mdm/nano for signed requests.
package ber
