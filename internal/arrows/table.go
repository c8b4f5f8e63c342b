package arrows

// Module is the path that our packages start with.
const Module = "github.com/wardround/wardround"

// An Arrow is what one package may import of ours, by path inside the module.
type Arrow struct {
	Package string
	May     []string // Anything for no limit
}

// Anything lets a package import any of ours.
const Anything = "*"

// Arrows is the table, one row for every package.
func Arrows() []Arrow {
	return []Arrow{
		{"checks/fact", nil},
		{"internal/plist", nil},
		{"internal/ber", nil},
		{"internal/plaintext", nil},
		{"profiles", []string{"checks/fact", "internal/plist", "internal/ber"}},
		{"mdm", []string{"checks/fact", "profiles", "internal/plist"}},
		{"checks", []string{"checks/fact"}},
		{"mdm/nano", []string{"mdm", "profiles", "internal/plist", "internal/ber"}},
		{"mdm/sim", []string{"mdm", "profiles", "internal/plist"}},
		{"mdm/webhook", []string{"mdm"}},
		{"internal/judge", []string{"checks", "checks/fact", "mdm", "profiles"}},
		{"internal/catalog", []string{"profiles"}},
		{"internal/remedy", []string{"checks", "checks/fact", "profiles"}},
		{"internal/lost", []string{"checks", "checks/fact", "mdm", "profiles", "internal/judge", "internal/plaintext"}},
		{"internal/exposure", []string{"checks"}},
		{"internal/mscp", []string{"checks", "checks/fact", "profiles"}},
		{"internal/chain", nil},
		{"internal/evidence", []string{"checks", "mdm", "internal/judge"}},
		{"internal/store", []string{"checks", "checks/fact", "mdm", "internal/chain"}},
		{"internal/store/sqlite", []string{"checks", "checks/fact", "mdm", "internal/chain", "internal/store"}},
		{"internal/store/postgres", []string{"checks", "checks/fact", "mdm", "internal/chain", "internal/store"}},
		{"internal/store/storetest", []string{Anything}},
		{"internal/sweep", []string{
			"checks", "checks/fact", "mdm", "profiles",
			"internal/judge", "internal/catalog", "internal/store", "internal/notify",
		}},
		{"internal/jobs", []string{"internal/sweep", "internal/notify", "internal/store"}},
		{"internal/report", []string{"checks", "internal/plaintext"}},
		{"internal/notify", []string{"checks"}},
		{"internal/web", []string{"checks", "internal/report", "internal/store"}},
		{"internal/arrows", nil},
		{"cmd/wardround", []string{Anything}},
	}
}

// A Door is where a third-party library may come in.
type Door struct {
	Library string   // import path, with all below it
	In      []string // packages; Anything for all
}

// Doors is the list of libraries. golang.org/x and the standard library need
// none.
func Doors() []Door {
	return []Door{
		{"github.com/spf13", []string{"cmd/wardround"}},
		{"modernc.org/sqlite", []string{"internal/store/sqlite", "mdm/nano", "internal/jobs"}},
		{"github.com/jackc/pgx", []string{"internal/store/postgres", "mdm/nano", "internal/jobs"}},
		{"github.com/micromdm", []string{"mdm/nano", "mdm/webhook", "mdm/sim"}},
		{"github.com/groob/plist", []string{"internal/plist", "mdm", "profiles", "mdm/sim"}},
		{"github.com/google/cel-go", []string{"checks", "internal/mscp", "cmd/wardround"}},
		{"cel.dev", []string{"checks", "internal/mscp", "cmd/wardround"}},
		{"github.com/goccy/go-yaml", []string{"checks", "internal/mscp", "cmd/wardround"}},
		{"go.yaml.in/yaml", []string{"checks", "internal/mscp", "cmd/wardround"}},
		{"github.com/pressly/goose", []string{"internal/store/sqlite", "internal/store/postgres", "mdm/nano"}},
		{"github.com/klauspost/compress", []string{"internal/store/sqlite", "internal/store/postgres", "internal/evidence"}},
		{"github.com/riverqueue", []string{"internal/jobs"}},
		{"github.com/smallstep/pkcs7", []string{"profiles", "mdm/nano", "mdm/sim"}},
		{"github.com/smallstep/scep", []string{"mdm/nano", "mdm/sim"}},
		{"github.com/danielgtaylor/huma", []string{"internal/web"}},
		{"github.com/alexedwards/scs", []string{"internal/web"}},
		{"github.com/coreos/go-oidc", []string{"internal/web"}},
		{"github.com/coreos/go-systemd", []string{"cmd/wardround"}},
		{"github.com/prometheus", []string{"cmd/wardround"}},
		{"github.com/nicholas-fedor/shoutrrr", []string{"internal/notify"}},
		{"github.com/go-viper/mapstructure", nil}, // of tests alone
		// Test libraries, which only a suite that lives outside _test files needs.
		{"github.com/google/go-cmp", []string{"internal/store/storetest"}},
		{"pgregory.net/rapid", []string{"internal/store/storetest"}},
	}
}

// A Wall is an import that some packages do without.
type Wall struct {
	Import string // this path alone
	Not    []string
	Why    string
}

// Walls keep the clockless packages from the network, files and the log.
func Walls() []Wall {
	pure := []string{"checks", "checks/fact", "profiles", "internal/judge", "internal/remedy", "internal/lost"}
	quiet := append([]string{"internal/report"}, pure...)
	return []Wall{
		{"log", quiet, "they do not log"},
		{"log/slog", quiet, "they do not log"},
		{"net", quiet, "they open no connection"},
		{"net/http", quiet, "they open no connection"},
		{"os", quiet, "they touch no file"},
		{"os/exec", quiet, "they run nothing"},
		{"math/rand", pure, "the same evidence gives the same verdicts"},
		{"math/rand/v2", pure, "the same evidence gives the same verdicts"},
	}
}
