package sim

// enterpriseWiFi is EAP-TLS done right: an anchor and server names to know the
// RADIUS server by, an identity of its own for each device, TLS 1.2 at least.
func (c *catalog) enterpriseWiFi(file, name, ssid string) *profile {
	anchor, identity := newUUID(c.rng), newUUID(c.rng)
	return c.profile(file, name,
		payload{
			kind: "com.apple.security.root", identifier: "anchor", name: "Seaside RADIUS root", uuid: anchor,
			content: dict{{"PayloadCertificateFileName", "radius-root.cer"}, {"PayloadContent", newAuthority(c.rng, "Seaside RADIUS root").cert.Raw}},
		},
		payload{
			kind: "com.apple.security.scep", identifier: "identity", name: "Wi-Fi identity", uuid: identity,
			content: dict{{"PayloadContent", dict{
				{"Key Type", "RSA"},
				{"Keysize", 2048},
				{"Subject", []any{[]any{stringList("CN", "wifi-client")}}},
				{"URL", "https://scep.seaside.example/scep"},
			}}},
		},
		payload{
			kind: "com.apple.wifi.managed", identifier: "wifi", name: "Wi-Fi " + ssid,
			content: dict{
				{"AutoJoin", true},
				{"EAPClientConfiguration", dict{
					{"AcceptEAPTypes", []any{13}},
					{"PayloadCertificateAnchorUUID", stringList(anchor)},
					{"TLSMaximumVersion", "1.3"},
					{"TLSMinimumVersion", "1.2"},
					{"TLSTrustedServerNames", stringList("radius1.seaside.example", "radius2.seaside.example")},
				}},
				{"EncryptionType", "WPA2"},
				{"HIDDEN_NETWORK", false},
				{"PayloadCertificateUUID", identity},
				{"SSID_STR", ssid},
			},
		})
}

// personalWiFi is a network with one key for everybody, installed by hand.
func (c *catalog) personalWiFi(file, name, ssid string) *profile {
	p := c.profile(file, name, payload{
		kind: "com.apple.wifi.managed", identifier: "wifi", name: "Wi-Fi " + ssid,
		content: dict{
			{"AutoJoin", true},
			{"EncryptionType", "WPA2"},
			{"HIDDEN_NETWORK", false},
			{"Password", "correct horse battery staple"},
			{"SSID_STR", ssid},
		},
	})
	p.byHand = true
	return p
}

// foreignWiFi came from somebody else's console: no catalog holds it.
func (c *catalog) foreignWiFi() *profile {
	p := c.personalWiFi("conference", "Conference centre", "Harbour-Conference")
	p.identifier, p.file = "com.harbour-conference.guest", ""
	p.payloads[0].identifier = p.identifier + ".wifi"
	return p
}
