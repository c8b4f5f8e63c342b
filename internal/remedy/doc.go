// Package remedy plans the configuration profile that would turn failing
// verdicts, and says what no profile can mend.
//
// A profile can do harm, so the plan is careful. A setting is left out if it
// goes against a required row of any baseline that holds on the devices, or if
// it could cut a device off: the restriction to known Wi-Fi networks stays out
// unless each device has proved an Enterprise network that a profile
// installed. What will be lost, and in which order to go about it, is part of
// the plan.
//
// What a plan claims is tried out first: the settings are put into the facts of
// each device and its verdicts are evaluated again. The package is pure; it
// neither writes files nor sends anything, and nothing in wardround does the
// latter. See package checks for what a requirement wants to have set, and
// profiles.Draft for the writing.
package remedy
