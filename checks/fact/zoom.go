package fact

// ZoomDomain is the preference domain of Zoom's app for the Mac.
const ZoomDomain = "us.zoom.config"

// ZoomManagement is the fact that Zoom's own cloud decides.
const ZoomManagement Key = "zoom.device_management"

// ZoomKeys declares the keys of ZoomDomain that facts tell of, as Zoom spells
// them; profiles spell them in any case. The fact of each is named zoom.KEY: what
// the installed profiles force on a Mac, or what Zoom does when none does.
func ZoomKeys() []Decl {
	return []Decl{
		{"zDisableLocalRecord", Bool, "Recording to the computer is off."},
		{"zDisableCMR", Bool, "Recording to the cloud is off."},
		{"zDisableFT", Bool, "File transfer is off."},
		{"DisableMeeting3rdPartyFileStorage", Bool, "Files of other storage services cannot be sent in a meeting."},
		{"ZDisableAnnotation", Bool, "Annotation is off."},
		{"NoGoogle", Bool, "Nobody signs in with a Google account."},
		{"NoFacebook", Bool, "Nobody signs in with a Facebook account."},
		{"NoSSO", Bool, "Nobody signs in with single sign-on."},
		{"DisableLoginWithEmail", Bool, "Nobody signs in with an e-mail address and a password."},
		{"EnableAppleLogin", Bool, "An Apple Account can sign in; so by default."},
		{"EnforceSignInToJoin", Bool, "Whoever joins has to be signed in; in a browser will do."},
		{"EnforceAppSignInToJoin", Bool, "Whoever joins has to be signed in in the app."},
		{"ForceSSOURL", String, "The organisation's address of single sign-on, in place of all others."},
		{"ZSSOHost", String, "The organisation's address of single sign-on."},
		{"Login_Domain", String, "E-mail domains that can sign in, with & in between."},
		{"Account", StringList, "Numbers of the accounts that can join."},
	}
}

// zoom declares the facts about Zoom.
func zoom() []Decl {
	decls := []Decl{{ZoomManagement, Bool, "Zoom Device Management is set up on the Mac or in the app's managed configuration (SetEnrollToken4CloudMDM): what holds is decided in Zoom's cloud."}}
	for _, d := range ZoomKeys() {
		d.Key = ZoomKey(string(d.Key))
		d.Doc += " Forced by an installed profile, on macOS."
		decls = append(decls, d)
	}
	return decls
}

// ZoomKey names the fact of a key of ZoomDomain.
func ZoomKey(key string) Key { return Key("zoom." + key) }
