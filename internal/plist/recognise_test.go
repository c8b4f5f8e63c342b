package plist_test

import (
	"strings"
	"testing"

	"github.com/wardround/wardround/internal/plist"
)

func TestLooksLikeNamesWhatItIsInstead(t *testing.T) {
	for _, test := range []struct{ in, want string }{
		{"", "empty"},
		{" \n\ufeff"[:2], "empty"},
		{`{\rtf1\ansi`, "RTF"},
		{"<!DOCTYPE html><p>", "HTML"},
		{"\n<HTML><body>not found", "HTML"},
		{"<xml>test</xml>", "XML of another kind"},
		{`<?xml version="1.0"?><plist><String>`, ""},
		{"{\"a\": 1}", "JSON"},
		{"{ }", "JSON"},
		{"[1]", "JSON"},
		{"{ a = 1; }", "an OpenStep property list"},
		{"{\n \"PayloadType\" = \"a:b\"; }", "an OpenStep property list"},
		{"// !$*UTF8*$!\n{", "an OpenStep property list"},
		{"( a, b )", "an OpenStep property list"},
		{"{ what", ""},
		{"PK\x03\x04rest", "a ZIP archive"},
		{"Rar!\x1a\x07", "a RAR archive"},
		{"\x1f\x8b\x08", "gzip"},
		{"-----BEGIN CERTIFICATE-----", "PEM text"},
		{"\x30\x82\x10\x00", "signed data or another DER structure"},
		{"\x30\x80\x06\x09", "signed data or another DER structure"},
		{"bplist16", "a binary property list of a version that is not read"},
		{strings.Repeat("TUlJRW1U\r\n", 8), "base64 text"},
		{"Ask the service desk for the profile.", "plain text"},
		{"word", "plain text"},
		{"\x00\x01\x02", ""},
		{"\xff\xfb\x90\x44" + strings.Repeat("\x80", 20), ""},
	} {
		if got := plist.LooksLike([]byte(test.in)); got != test.want {
			t.Errorf("%.40q: got %q, want %q", test.in, got, test.want)
		}
	}
}
